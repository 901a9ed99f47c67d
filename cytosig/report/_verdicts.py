"""What the balances of samples say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ORDER = ("anti-tumour", "pro-tumour", "indeterminate", "insufficient coverage")
"""Verdicts, in the order they are named."""
WORDS = {
    "anti-tumour": "against the tumour",
    "pro-tumour": "for the tumour",
    "indeterminate": "indeterminate",
    "insufficient coverage": "insufficient coverage",
}


def counted(table: pd.DataFrame, /) -> dict[str, int]:
    """Samples of each verdict."""
    verdicts = table["verdict"].astype(str)
    return {verdict: int((verdicts == verdict).sum()) for verdict in ORDER}


def carried_by(table: pd.DataFrame, /, *, decided: bool = True) -> dict[str, int]:
    """Cytokines that carry balances, with the number of samples, most first.

    Parameters
    ----------
    table
        Of the balances.
    decided
        Of samples with a verdict for a side; all when there are none, or when False.
    """
    which = table["verdict"].isin(ORDER[:2])
    rows = table[which] if decided and which.any() else table
    drivers = rows["driver"].dropna().astype(str)
    counts = drivers[drivers != ""].value_counts()
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    return {name: int(counts[name]) for name in order}


def extremes(table: pd.DataFrame, /) -> list[str]:
    """The samples that lean most against the tumour and most for it; one where there is one."""
    known = table["balance"].dropna()
    if known.empty:
        return []
    return list(dict.fromkeys([str(known.idxmax()), str(known.idxmin())]))
