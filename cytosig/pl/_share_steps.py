"""What a change of output is made of: cells, then expression in a cell, ending at the total.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cytosig.pl import _colours, _frame, _intervals, _stored, _talk, _tips, _words
from cytosig.pl._share_bars import FOUND, begin, of_cytokine
from cytosig.pl._ticks import plain

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PARTS = {
    "recruitment": (-0.27, _colours.GROUPS[1], "share of cells (recruitment)"),
    "induction": (0.0, _colours.GROUPS[2], "expression in a cell (induction)"),
}
"""Where in a row each part stands, its colour, and what it is."""
TOTAL = 0.27  # where the total stands
THICK = 0.22
_COLUMNS = ("output", "output_low", "output_high", "recruitment", "induction", "q", "n_samples")


def draw(
    adata: AnnData, cytokine: str, contrast: str | None, /, *, key: str, ax: Axes | None
) -> Axes:
    """Two steps and a diamond for every cell type, the largest change on top."""
    found = _talk.table(adata, "sources_change", key=key, columns=_COLUMNS, by="contrast")
    found = _talk.of_level(found, contrast, by="contrast", what="changes")
    rows = of_cytokine(found, cytokine, "output")
    ax, size = begin(rows, ax, each=0.5)
    ax.set_xlim(*_limits(rows))
    ax.axvline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    for place in range(1, len(rows)):
        ax.axhline(place - 0.5, color=_colours.PALE, linewidth=0.6, zorder=0.5)
    there = rows["output"].notna().to_numpy()
    for place in np.flatnonzero(there).tolist():
        _steps(ax, place, rows.iloc[place])
    cut = _totals(ax, rows, there, size)
    _frame.beneath(
        ax, f"change of the output of {plain(cytokine)}, log2",
        _said(adata, rows, cut, key),
    )  # fmt: skip
    _frame.key_above(ax, _handles(rows))
    return ax


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Room for totals with their intervals, and for where the first step ends."""
    value, low, high = (rows[c].to_numpy(dtype=np.float64) for c in _COLUMNS[:3])
    first = rows["recruitment"].to_numpy(dtype=np.float64)
    return _intervals.span(np.append(value, first), *(np.append(x, first) for x in (low, high)),
                           middle=0.0)  # fmt: skip


def _steps(ax: Axes, place: int, row: pd.Series[Any], /) -> None:
    """A bar for the cells from 0, one for the expression from its end, and lines that lead on."""
    start = 0.0
    for name, (offset, colour, words) in PARTS.items():
        width, at = float(row[name]), place + offset
        (bar,) = ax.barh(
            at, width, left=start, height=THICK, color=colour, edgecolor=_colours.INK,
            linewidth=0.5, zorder=2,
        )  # fmt: skip
        said = _talk.with_interval(row, name, f"{name}_low", f"{name}_high")
        p = row.get(f"{name}_p", np.nan)
        _tips.attach(bar, [_words.sentences([f"{row['cell_type']}, {words}: {said} log2",
                                             _words.p_value("p", p)])])  # fmt: skip
        start += width
        ax.vlines(start, at, at + TOTAL, color=_colours.INK, linewidth=0.6, zorder=1.8)


def _totals(ax: Axes, rows: pd.DataFrame, there: NDArray[np.bool_], size: float, /) -> bool:
    """Diamonds with intervals where steps end; whether one goes on beyond the axes."""
    places = np.arange(len(rows), dtype=np.float64)
    value, low, high = (rows[c].to_numpy(dtype=np.float64) for c in _COLUMNS[:3])
    texts = [_text(row) for _, row in rows.iterrows()]
    cut = _intervals.whiskers(ax, places + TOTAL, low, high, [_colours.INK] * len(rows))
    if there.any():
        filled = np.where((rows["q"] <= FOUND).to_numpy()[there], _colours.INK, "white").tolist()
        drawn = ax.scatter(
            value[there], places[there] + TOTAL, marker="D", s=(0.8 * _intervals.diameter(ax)) ** 2,
            facecolors=filled, edgecolors=_colours.INK, linewidths=0.8, zorder=3,
        )  # fmt: skip
        _tips.attach(drawn, [texts[k] for k in np.flatnonzero(there).tolist()])
    if not there.all():
        gone = np.flatnonzero(~there).tolist()
        few = ["not compared: too few samples"] * len(gone)
        _intervals.without_value(ax, places[gone], few, [texts[k] for k in gone], size)
    return cut


def _text(row: pd.Series[Any]) -> str:
    if np.isnan(row["output"]):
        return f"{row['cell_type']}: not compared, {row['n_samples']:.0f} samples"
    said = _talk.with_interval(row, "output", "output_low", "output_high")
    parts = " and ".join(f"{name} {_words.number(row[name])}" for name in PARTS)
    return _words.sentences(
        [
            f"{row['cell_type']}: output {said} log2, the sum of {parts}",
            _words.p_value("q", row["q"]),
            f"{row['n_samples']:.0f} samples",
        ]
    )


def _said(adata: AnnData, rows: pd.DataFrame, cut: bool, key: str) -> list[str]:
    level = _talk.level(adata, "sources", key=key)
    n = int(rows["n_samples"].max())
    lines = [
        f"{rows['contrast'].iloc[0]}, {n} samples. Lines: {level}intervals of the output.",
        "Output is share of cells × expression in a cell: their log2 changes add up to its own.",
    ]
    if _stored.has_table(adata, "sources", key=key):
        made = _talk.table(adata, "sources", key=key, columns=[])["cell_type"]
        lost = [name for name in dict.fromkeys(made) if name not in set(rows["cell_type"])]
        lines += [f"Not compared, too few samples: {', '.join(lost)}."] if lost else []
    return [*lines, *(["An arrow: the interval goes on."] if cut else [])]


def _handles(rows: pd.DataFrame) -> list[Patch | Line2D]:
    found: list[Patch | Line2D] = [
        Patch(facecolor=colour, edgecolor=_colours.INK, linewidth=0.5, label=words)
        for _, colour, words in PARTS.values()
    ]
    here = (rows["q"] <= FOUND)[rows["output"].notna()]
    for fill, label, holds in ((_colours.INK, f"output, q ≤ {FOUND:g}", here),
                               ("white", "output, q above that or none", ~here)):  # fmt: skip
        if holds.any():
            found.append(
                Line2D([], [], marker="D", markersize=4.5, linewidth=1.2, color=_colours.INK,
                       markerfacecolor=fill, label=f"{label} ({int(holds.sum())})")
            )  # fmt: skip
    return found
