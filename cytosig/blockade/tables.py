"""From effects to tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cytosig.balance.verdict import coverage_reason, gone
from cytosig.blockade.effects import FEW, means, pooled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.balance.weigh import Weighed
    from cytosig.blockade.effects import Effects
    from cytosig.blockade.plan import Plan
    from cytosig.blockade.scenario import Touch

    Array = NDArray[np.float64]

LABEL = "scenario ranking, not a forecast of efficacy"
MOST_COLUMNS = 500
"""Scenarios that tables of samples have columns for; with more of them, the singles alone."""


@dataclass(frozen=True)
class Writer:
    """Puts what was found into tables.

    Parameters
    ----------
    plan, weighed, effects
        What was asked, measured and found.
    chance, level
        Student's t of a mean over samples, one a draw; of the intervals.
    """

    plan: Plan
    weighed: Weighed
    effects: Effects
    chance: Array
    level: float

    def scenarios(self) -> pd.DataFrame:
        """One row a scenario, singles before pairs, each kind by its rank."""
        plan, there = self.plan, ~gone(self.weighed)
        found = pooled(
            self.effects.usual[:, there], plan.sums(self.effects.drawn), self.chance,
            level=self.level,
        )  # fmt: skip
        table = pd.DataFrame(
            {
                "name": [one.name for one in plan.scenarios],
                "kind": [one.kind for one in plan.scenarios],
                "action": [one.action for one in plan.scenarios],
                "targets": [", ".join(one.targets) for one in plan.scenarios],
                "cytokines": [", ".join(touched) for touched in plan.touched],
                "not_modelled": ["; ".join(outside) for outside in plan.outside],
                "n_samples": np.where(plan.of >= 0, int(there.sum()), 0),
                "effect": plan.by_scenario(found.value),
                "ci_low": plan.by_scenario(found.low),
                "ci_high": plan.by_scenario(found.high),
                "p_above_zero": plan.by_scenario(found.above),
                "effect_context": plan.by_scenario(means(self.effects.context[:, there])),
            }
        )
        table = table.assign(**self._synergy(table["effect"].to_numpy()))
        table["rank"] = table.groupby("kind")["effect"].rank(method="min", ascending=False)
        table["note"] = self._notes(int(there.sum()))
        table["later"] = table["kind"] == "pair"
        table = table.sort_values(["later", "rank"], kind="stable", na_position="last")
        table.index = pd.RangeIndex(len(table)).astype(str)
        return table.drop(columns="later")

    def samples(self, index: pd.Index[str], /) -> dict[str, pd.DataFrame]:
        """Samples × scenarios: effect, its interval, share of draws above 0, and in context.

        Without the pairs where those would be more columns than files hold with ease.
        """
        few = len(self.plan.scenarios) <= MOST_COLUMNS
        kept = [s for s, one in enumerate(self.plan.scenarios) if few or not one.members]
        columns = pd.Index([self.plan.scenarios[s].name for s in kept], dtype=str)
        found = {
            "": self.effects.usual,
            "_low": self.effects.low,
            "_high": self.effects.high,
            "_above_zero": self.effects.above,
            "_context": self.effects.context,
        }
        return {
            name: pd.DataFrame(self.plan.by_scenario(values)[kept].T, index=index, columns=columns)
            for name, values in found.items()
        }

    def cytokines(self) -> pd.DataFrame:
        """One row a scenario and cytokine: forms, shares, and what changes, means over samples."""
        plan, there = self.plan, ~gone(self.weighed)
        acting = {touch: t for t, touch in enumerate(plan.acting)}
        moved = means(self.effects.change[:, there])
        parts = means(self.effects.parts[:, there])
        told = {touch: self._row(touch, there) for touch in plan.shares}
        rows = []
        for one, touched in zip(plan.scenarios, plan.touched, strict=True):
            for id, touch in touched.items():
                t = acting.get(touch)
                changes = {
                    "activity_change": np.nan if t is None else moved[t],
                    "contribution_change": np.nan if t is None else parts[t],
                }
                rows.append({"scenario": one.name, "cytokine": id, **told[touch][0], **changes,
                             "note": told[touch][1]})  # fmt: skip
        columns = ["scenario", "cytokine", "ligand_forms", "receptor_forms", "engaged_forms",
                   "taken", "engaged", "pull", "activity_change", "contribution_change",
                   "note"]  # fmt: skip
        return pd.DataFrame(rows, index=pd.RangeIndex(len(rows)).astype(str), columns=columns)

    def _row(self, touch: Touch, there: NDArray[np.bool_]) -> tuple[dict[str, object], str]:
        known = self.weighed.catalogue.cytokines[touch.cytokine]
        shares, ballot = self.plan.shares[touch], self.weighed.ballot
        votes = touch.cytokine in ballot.ids
        pull = ballot.pull(ballot.role)
        row: dict[str, object] = {
            "ligand_forms": ", ".join(known.ligands[i].name for i in sorted(touch.ligands)),
            "receptor_forms": ", ".join(known.receptors[i].name for i in sorted(touch.receptors)),
            "engaged_forms": ", ".join(known.receptors[i].name for i in sorted(touch.engaged)),
            "taken": float(means(shares.taken[None, there])[0]),
            "engaged": float(means(shares.engaged[None, there])[0]),
            "pull": float(pull[ballot.ids.index(touch.cytokine)]) if votes else 0.0,
        }
        lost = [f"not measured: {', '.join(shares.unknown)}"] if shares.unknown else []
        return row, "; ".join([*([] if votes else [self._why_mute(touch.cytokine)]), *lost])

    def _why_mute(self, id: str) -> str:
        """Why a cytokine has no vote."""
        if id in self.weighed.coverage:
            return f"no vote: {self.weighed.coverage[id]:.0%} of its weight is measured"
        response = self.weighed.catalogue.cytokines[id].response
        proxy = response.proxy if response is not None else ""
        return f"no vote: read with the list of {proxy}" if proxy else "no vote: no response list"

    def _synergy(self, effect: Array) -> dict[str, Array]:
        """Effect of pairs beyond the sum of their members; NaN where a member is not modelled."""
        plan, there = self.plan, ~gone(self.weighed)
        names = ("sum_of_singles", "synergy", "synergy_low", "synergy_high")
        table = {name: np.full(len(plan.scenarios), np.nan) for name in names}
        if not len(plan.pairs):
            return table
        pair, one, other = plan.pairs.T
        beyond = plan.beyond()
        found = pooled(
            beyond @ self.effects.parts[:, there], beyond @ self.effects.drawn, self.chance,
            level=self.level,
        )  # fmt: skip
        table["sum_of_singles"][pair] = effect[one] + effect[other]
        both = ~np.isnan(effect[one] + effect[other])
        for name, values in zip(names[1:], (found.value, found.low, found.high), strict=True):
            table[name][pair] = np.where(both, values, np.nan)
        return table

    def _notes(self, n_samples: int) -> list[str]:
        """What one should know of every scenario beside its numbers."""
        lacking = coverage_reason(self.weighed)
        few = f"{n_samples} sample{'s' if n_samples > 1 else ''}: too few to speak for others"
        usual = [lacking] if lacking else [few] if n_samples < FEW else []
        found = []
        for s, one in enumerate(self.plan.scenarios):
            touched = self.plan.touched[s]
            mute = [id for id in touched if id not in self.weighed.ballot.ids]
            lines = list(usual) if self.plan.of[s] >= 0 or lacking else []
            if not touched:
                lines.append("nothing of it is modelled")
            elif self.plan.of[s] < 0:
                lines.append("it moves no cytokine that votes")
            if mute and self.plan.of[s] >= 0:
                lines.append(f"without a vote: {', '.join(mute)}")
            unknown = _unknown(touched, self.plan)
            lines += [f"not measured: {', '.join(unknown)}"] if unknown else []
            if "depletes" in one.action:
                lines.append("depletes cells; here its targets are blocked")
            found.append("; ".join(lines))
        return found


def _unknown(touched: Mapping[str, Touch], plan: Plan) -> list[str]:
    """Forms whose share cannot be told, with their cytokine."""
    return [f"{id} ({form})" for id, t in touched.items() for form in plan.shares[t].unknown]
