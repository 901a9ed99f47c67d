"""The balance as a function of one cytokine's role or dose, and where it tips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError
from cytosig.balance.verdict import gone
from cytosig.balance.weigh import Sampler, row_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.balance.draws import Draws
    from cytosig.balance.weigh import Weighed

    Array = NDArray[np.float64]

ROLES = np.linspace(-1.0, 1.0, 21)
"""Roles that are tried."""
DOSES = np.linspace(-3.0, 3.0, 25)
"""Doses that are tried: standard deviations of the activity over the reference, added to it."""


def curves(
    weighed: Weighed, draws: Draws, ids: Sequence[str], index: pd.Index[str], level: float, /
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Balance with its interval at every role and dose, and the values at which it is 0.

    A role that is assumed has no prior of its own; all other roles and all genes are drawn. With
    a dose the role keeps its prior.

    Returns
    -------
    One row a sample, cytokine, kind (``role`` or ``dose``) and value; and one row a sample and
    cytokine with ``tipping_role`` and ``tipping_dose`` (NaN where none between -1 and 1, or at
    any dose, turns the sign) beside the usual role.
    """
    import pandas as pd

    for id in ids:
        if id not in weighed.ballot.ids:
            names = ", ".join(weighed.ballot.ids)
            raise UsageError(f"sweep: {id!r} has no vote in these data; these have one: {names}.")
    spread = {id: _spread(weighed, id) for id in ids}
    rows: list[pd.DataFrame] = []
    sampler = Sampler(weighed, draws)
    for i in np.flatnonzero(~gone(weighed)).tolist():
        acts = sampler.activities(i)
        for id in ids:
            rows.append(_curve(weighed, draws, acts, i, id, spread[id], level))
            rows[-1].insert(0, "sample", index[i])
    columns = ["sample", "cytokine", "kind", "value", "balance", "ci_low", "ci_high"]
    found = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    found.index = found.index.astype(str)
    return found, _tipping(weighed, ids, spread, index)


def _curve(
    weighed: Weighed, draws: Draws, acts: Array, i: int, id: str, sd: float, level: float
) -> pd.DataFrame:
    """One sample and cytokine."""
    import pandas as pd

    ballot, k = weighed.ballot, weighed.ballot.ids.index(id)
    roles = draws.roles_of(ballot.ids, ballot.role, ballot.role_sd)
    pulls = ballot.pull(roles)
    rest = np.delete(acts * pulls, k, axis=1).sum(axis=1)
    usual = ballot.pull(ballot.role)
    others = float(row_sums(np.delete(weighed.used[i] * usual, k)[None])[0])
    a = weighed.used[i, k]
    at = np.array([ballot.pull_at(k, float(role)) for role in ROLES])
    drawn = np.vstack(
        [
            rest + at[:, None] * acts[:, k],
            rest + pulls[:, k] * (acts[:, k] + DOSES[:, None] * sd),
        ]
    )
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=1)
    return pd.DataFrame(
        {
            "cytokine": id,
            "kind": np.repeat(["role", "dose"], [len(ROLES), len(DOSES)]),
            "value": np.concatenate([ROLES, DOSES]),
            "balance": np.concatenate([others + at * a, others + usual[k] * (a + DOSES * sd)]),
            "ci_low": low,
            "ci_high": high,
        }
    )


def _tipping(
    weighed: Weighed, ids: Sequence[str], spread: dict[str, float], index: pd.Index[str]
) -> pd.DataFrame:
    """Where the balance is 0: solved, not searched."""
    import pandas as pd

    ballot = weighed.ballot
    usual = ballot.pull(ballot.role)
    balance = row_sums(weighed.contributions)
    rows = []
    for id in ids:
        k = ballot.ids.index(id)
        a = weighed.used[:, k]
        others = balance - usual[k] * a
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = -others / (a * ballot.vote[k])  # role over its arm's sum
            role = wanted * np.where(wanted > 0, ballot.anti, ballot.pro)
            dose = -balance / (usual[k] * spread[id])
        role[~(np.abs(role) <= 1)] = np.nan
        dose[~np.isfinite(dose)] = np.nan
        for column in (role, dose):
            column[gone(weighed)] = np.nan
        rows.append(
            pd.DataFrame(
                {
                    "sample": index,
                    "cytokine": id,
                    "role": ballot.role[k],
                    "tipping_role": role,
                    "tipping_dose": dose,
                }
            )
        )
    found = pd.concat(rows, ignore_index=True)
    found.index = found.index.astype(str)
    return found


def _spread(weighed: Weighed, id: str) -> float:
    """Standard deviation of an activity over the reference."""
    return float(np.nanstd(weighed.reference[:, weighed.ballot.ids.index(id)], ddof=1))
