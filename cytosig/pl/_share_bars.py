"""Shares of cell types in what is made of a cytokine, as bars.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch

from cytosig.pl import _axes, _colours, _frame, _intervals, _talk, _tips, _words
from cytosig.pl._ticks import LONGEST, name_places, plain

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

FOUND = 0.05  # largest q of what is filled
FILLED = _colours.UNDECIDED
_COLUMNS = ("share", "share_low", "share_high", "q", "n_samples")


def draw(
    adata: AnnData, cytokine: str, condition: str | None, /, *, key: str, ax: Axes | None
) -> Axes:
    """Bars with intervals, the largest share on top."""
    found = _talk.table(adata, "sources", key=key, columns=_COLUMNS)
    found = _talk.of_level(found, condition, by="condition", what="sources")
    rows = of_cytokine(found, cytokine, "share")
    ax, size = begin(rows, ax, each=0.3)
    value, low, high = (rows[c].to_numpy(dtype=np.float64) for c in _COLUMNS[:3])
    ax.set_xlim(0, min(1.0, 1.08 * float(np.nanmax([*value, *high], initial=0.0)) or 1.0))
    _bars(ax, rows, size)
    _intervals.whiskers(
        ax, np.arange(len(rows), dtype=np.float64), low, high, [_colours.INK] * len(rows)
    )
    ax.xaxis.set_major_formatter(lambda part, _: f"{part:.0%}")
    level = _talk.level(adata, "sources", key=key)
    lines = [
        f"{_talk.basis(adata, found, key=key)}; bars: means over samples, lines: {level}intervals.",
        "Shares of what those cells of a sample make that reached the machine.",
    ]
    _frame.beneath(ax, f"share of the output of {plain(cytokine)}", lines)
    _frame.key_above(ax, _handles(rows))
    return ax


def of_cytokine(found: pd.DataFrame, cytokine: str, by: str, /) -> pd.DataFrame:
    """Rows of one cytokine, the largest on top, those without a value last."""
    (name,) = _talk.chosen(cytokine, list(dict.fromkeys(found["cytokine"])), argument="cytokine")
    rows = found[found["cytokine"] == name]
    return rows.sort_values(by, ascending=False, kind="stable", na_position="last")


def begin(rows: pd.DataFrame, ax: Axes | None, /, *, each: float) -> tuple[Axes, float]:
    """Axes with a row a cell type, ``each`` inches high where they are few; size of their names."""
    names = list(rows["cell_type"])
    n = len(names)
    ax = _axes.axes_or_new(
        ax,
        width=4.6 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.9 + _axes.extent(n, widest=each, narrowest=0.6 * each, most=16),
    )
    _intervals.rows(ax, n)
    name_places(ax.yaxis, names)
    _axes.settle(ax)
    return ax, name_places(ax.yaxis, names)


def _bars(ax: Axes, rows: pd.DataFrame, size: float, /) -> None:
    """A bar a row, filled where the type makes more than the others; why one is missing."""
    texts = [_text(row) for _, row in rows.iterrows()]
    there = rows["share"].notna().to_numpy()
    filled = (rows["q"] <= FOUND).tolist()
    for k in np.flatnonzero(there).tolist():
        (bar,) = ax.barh(
            k, rows["share"].iloc[k], height=0.7, edgecolor=_colours.INK, linewidth=0.8,
            color=FILLED if filled[k] else "white",
        )  # fmt: skip
        _tips.attach(bar, [texts[k]])
    if not there.all():
        gone = np.flatnonzero(~there)
        seen = rows["n_samples"].to_numpy()[gone] > 0
        reasons = np.where(seen, "no sample makes any of it", "too few cells in every sample")
        _intervals.without_value(
            ax, gone.astype(np.float64), reasons.tolist(), [texts[k] for k in gone.tolist()], size
        )


def _text(row: pd.Series[Any]) -> str:
    if np.isnan(row["share"]):
        return _words.sentences([f"{row['cell_type']}: no share", str(row.get("flags", ""))])
    ends = [row["share_low"], row["share_high"]]
    between = "" if np.isnan(ends).any() else f" ({ends[0]:.1%} to {ends[1]:.1%})"
    return _words.sentences(
        [
            f"{row['cell_type']}: {row['share']:.1%}{between} of the {row['cytokine']} made",
            f"more than the other types: {_words.p_value('q', row['q'])}",
            f"{row['n_samples']:.0f} samples",
            str(row.get("flags", "")),
        ]
    )


def _handles(rows: pd.DataFrame) -> list[Patch]:
    rows = rows[rows["share"].notna()]
    filled = rows["q"] <= FOUND
    rest = rows["q"].notna() & ~filled
    kinds = [
        (FILLED, f"makes more than other types, q ≤ {FOUND:g}", filled),
        ("white", "not found to make more", rest),
        ("white", "no q: too few samples", rows["q"].isna()),
    ]
    return [
        Patch(facecolor=colour, edgecolor=_colours.INK, label=f"{label} ({int(here.sum())})")
        for colour, label, here in kinds
        if here.any()
    ]
