"""From what was weighed to tables, one row a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cytosig.balance.ballot import CONFIDENCE
from cytosig.balance.decide import HOLDS, STATES, measure_of
from cytosig.balance.verdict import gone, verdicts, without_weakest
from cytosig.balance.weigh import row_sums
from cytosig.signatures.detection import DataTest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.balance.adjust import Adjustment
    from cytosig.balance.decide import Decision
    from cytosig.balance.measures import Gauge
    from cytosig.balance.roles import Roles
    from cytosig.balance.weigh import Drawn, Interval, Weighed

    Array = NDArray[np.float64]


def main_table(weighed: Weighed, drawn: Drawn, index: pd.Index[str], /) -> pd.DataFrame:
    """Balance, arms, intervals, verdict, and what carries them."""
    told = verdicts(weighed, drawn.balance)
    table = {
        **_interval("balance", drawn.balance, ends="ci"),
        "se": drawn.balance.se,
        "se_genes": drawn.se_genes,
        "se_roles": drawn.se_roles,
        "p_above_zero": drawn.balance.above,
        "verdict": [verdict for verdict, _ in told],
        "reason": [reason for _, reason in told],
        **_interval("anti", drawn.anti),
        **_interval("pro", drawn.pro),
        **_interval("intensity", drawn.intensity),
        **_carried(weighed),
        "anti_coverage": np.full(len(index), weighed.arms[0]),
        "pro_coverage": np.full(len(index), weighed.arms[1]),
    }
    found = pd.DataFrame(table, index=index)
    return _blanked(found, weighed)


def context_table(
    weighed: Weighed,
    drawn: Drawn,
    roles: Roles,
    decisions: Sequence[Decision],
    adjustment: Adjustment,
    pressed: tuple[Array, Array],
    index: pd.Index[str],
    /,
) -> pd.DataFrame:
    """The balance adjusted, in context, at its least and most favourable, and after the network.

    ``pressed`` is what the network adds to activities: of all edges, and of those that tell no
    more than a rule that holds.
    """
    activity, ballot = weighed.used, weighed.ballot
    ends = (activity * roles.least_pull, activity * roles.most_pull)
    step = row_sums(pressed[0] * ballot.pull(ballot.role))
    told = row_sums(pressed[1] * ballot.pull(roles.held))
    held = np.array([d.state == HOLDS for d in decisions]).reshape(len(decisions), len(index))
    named = np.array([d.rule.id for d in decisions], dtype=object)
    adjusted = _interval("balance_adjusted", drawn.adjusted, ends="adjusted")
    if adjustment.reason:
        adjusted = {name: np.full(len(index), np.nan) for name in adjusted}
    table = {
        **adjusted,
        **_interval("balance_context", drawn.context, ends="context"),
        "verdict_context": [v for v, _ in verdicts(weighed, drawn.context, roles.held)],
        "rules": ["; ".join(named[held[:, i]]) for i in range(len(index))],
        "balance_least": row_sums(np.minimum(*ends)),
        "balance_most": row_sums(np.maximum(*ends)),
        "balance_network": drawn.balance.value + step,
        "network_shift": step,
        "balance_context_network": drawn.context.value + told,
    }
    return _blanked(pd.DataFrame(table, index=index), weighed)


def state_table(
    gauge: Gauge, decisions: Sequence[Decision], index: pd.Index[str], /
) -> pd.DataFrame:
    """What the data say of the state of a sample: its phenotype, its resistance, who has IL-2."""
    states = {decision.rule.id: decision.state for decision in decisions}
    effector = gauge.take("effector_t")
    phenotype = np.full(len(index), "undecided", dtype=object)
    known = effector.reference[~np.isnan(effector.reference)]
    if {"CR03", "CR04"} <= states.keys() and (states["CR04"] >= 0).any():
        decided = (states["CR03"] >= 0) & (states["CR04"] >= 0)
        phenotype[decided] = "intermediate"
        if len(known):
            high = effector.samples > np.quantile(known, 0.67)
            phenotype[decided & high] = "inflamed"
        phenotype[decided & (states["CR03"] == HOLDS)] = "excluded"
        phenotype[decided & (states["CR04"] == HOLDS)] = "desert"
    asked = DataTest("checkpoint", given="IFNG", above=0.5)
    resistance = measure_of(asked, gauge).standardised()
    treg = gauge.take("treg").standardised().samples
    answer = gauge.take("il2_effector").standardised().samples
    return pd.DataFrame(
        {
            "phenotype": phenotype.astype(str),
            "adaptive_resistance": resistance.samples,
            "treg_over_effector": treg - answer,
        },
        index=index,
    )


def rule_table(decisions: Sequence[Decision], index: pd.Index[str], /) -> pd.DataFrame:
    """Every rule in every sample: its state and the numbers that decided it."""
    rows = [
        {
            "sample": sample,
            "rule": decision.rule.id,
            "cytokine": decision.rule.cytokine,
            "dimension": decision.rule.dimension,
            "condition": decision.rule.condition,
            "operation": decision.rule.operation,
            "value": np.nan if decision.rule.value is None else decision.rule.value,
            "grade": decision.rule.grade,
            "state": STATES[int(decision.state[i])],
            "why": decision.why[i],
        }
        for decision in decisions
        for i, sample in enumerate(index)
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(len(rows)).astype(str))


def cytokine_table(weighed: Weighed, /) -> pd.DataFrame:
    """How every cytokine that has a signature votes, or why it does not."""
    catalogue, ballot = weighed.catalogue, weighed.ballot
    learnt = weighed.shrinkage.reliability if weighed.shrinkage is not None else None
    place = {id: k for k, id in enumerate(ballot.ids)}
    axis_of = {member: axis.id for axis in catalogue.axes.values() for member in axis.members}
    pull = ballot.pull(ballot.role)
    rows = []
    for id, share in weighed.coverage.items():
        role, k = catalogue.cytokines[id].role, place.get(id)
        rows.append(
            {
                "axis": axis_of.get(id, id),
                "role": role.value,
                "kind": role.kind,
                "confidence": role.confidence,
                "role_weight": CONFIDENCE[role.confidence],
                "grade": catalogue.signatures[id].grade or "",
                "coverage": share,
                "reliability": np.nan if k is None or learnt is None else learnt[k],
                "vote": 0.0 if k is None else ballot.vote[k],
                "pull": 0.0 if k is None else pull[k],
                "reason": "" if k is not None else f"{share:.0%} of its weight is measured",
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(weighed.coverage), dtype=str))


def cytokine_frame(weighed: Weighed, values: Array, index: pd.Index[str], /) -> pd.DataFrame:
    """Samples × cytokines; NaN for samples without a balance."""
    found = np.where(gone(weighed)[:, None], np.nan, values)
    return pd.DataFrame(found, index=index, columns=pd.Index(weighed.ballot.ids, dtype=str))


def axis_frame(weighed: Weighed, contributions: pd.DataFrame, /) -> pd.DataFrame:
    """Contributions of axes: the sums of their members'."""
    axes = np.array(weighed.ballot.axes)
    values = {
        axis: row_sums(contributions.to_numpy()[:, axes == axis])
        for axis in dict.fromkeys(weighed.ballot.axes)
    }
    return pd.DataFrame(values, index=contributions.index)


def _carried(weighed: Weighed) -> dict[str, object]:
    """What carries a balance: the largest contribution, and what is left without it."""
    ids = weighed.ballot.ids
    parts = weighed.contributions
    most = np.argmax(np.nan_to_num(np.abs(parts), nan=-1.0), axis=1)
    left = np.column_stack([weighed.without([id]) for id in ids])
    rows = np.arange(len(parts))
    with np.errstate(invalid="ignore"):
        return {
            "driver": [ids[k] for k in most],
            "without_driver": left[rows, most],
            "without_one_low": _ends(left, np.fmin),
            "without_one_high": _ends(left, np.fmax),
            "graded_only": without_weakest(weighed),
        }


def _ends(values: Array, pick: np.ufunc) -> Array:
    found: Array = pick.reduce(values, axis=1)
    return found


def _interval(name: str, found: Interval, *, ends: str = "") -> dict[str, Array]:
    stem = ends or name
    return {name: found.value, f"{stem}_low": found.low, f"{stem}_high": found.high}


def _blanked(table: pd.DataFrame, weighed: Weighed) -> pd.DataFrame:
    """Without numbers where there is no balance."""
    lost = gone(weighed)
    kept = ("anti_coverage", "pro_coverage")
    numbers = [c for c in table.columns if table[c].dtype.kind == "f" and c not in kept]
    table.loc[lost, numbers] = np.nan
    if "driver" in table:
        table.loc[lost, "driver"] = ""
    return table
