"""Scenarios of blocking in pairs, as a matrix.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cytosig._errors import UsageError
from cytosig.pl import _axes, _colours, _frame, _scales, _scenarios, _tiles
from cytosig.pl._ticks import LONGEST, pitch

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NOTHING = 1e-12
"""Synergies that are rounding errors: what touches different cytokines adds up without a rest."""
SYNERGY = {1: ("^", "synergy above 0"), -1: ("v", "synergy below 0")}
"""Marks of pairs whose interval of the synergy does not hold 0."""
_OVERLAP = (
    "Diagonal: one alone. Synergy is overlap in this arithmetic: what both take is taken once."
)


def matrix(
    table: pd.DataFrame, shown: pd.DataFrame, lines: list[str], /, *, context: bool, ax: Axes | None
) -> Axes:
    """Effects of every two of the scenarios, with those by themselves on the diagonal."""
    names = list(shown["name"])
    place = places(table, names)
    values = _at(table, place, "effect_context" if context else "effect")
    beside = _axes.LETTER * min(max(map(len, names)), LONGEST)
    side = max(1.8, _axes.extent(len(names), widest=0.5, narrowest=0.26, most=12))
    ax = _axes.axes_or_new(ax, width=max(5.0, 2.6 + beside + side), height=2.4 + beside + side)
    _tiles.frame(ax, names, names)
    norm, colours = Normalize(*_scales.colour_limits(values, True)), _scales.leaning()
    texts = [_text(table, at) for at in place.ravel().tolist()]
    drawn = _tiles.tiles(ax, values, texts, colours=colours, norm=norm)
    label = "change of\nthe balance" + (",\nin context" if context else "")
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    _scales.colour_bar(
        ax, drawn, label, below=low < (norm.vmin or 0), above=high > (norm.vmax or 0)
    )
    _axes.note(ax, [*lines, _OVERLAP])
    _frame.key_above(ax, _handles(_synergies(table, place), context))
    _axes.settle(ax)
    _tiles.frame(ax, names, names)
    _mark(ax, table, place, context)
    _tiles.numbers(ax, _tiles.short(values), _tiles.is_dark(values, colours, norm))
    return ax


def places(table: pd.DataFrame, names: list[str], /) -> NDArray[np.intp]:
    """Row of the table for every two of the scenarios; -1 where there is none."""
    at = {name: k for k, name in enumerate(table["name"])}
    found = np.array(
        [
            [at[a] if a == b else at.get(f"{a} + {b}", at.get(f"{b} + {a}", -1)) for b in names]
            for a in names
        ],
        dtype=np.intp,
    )
    if len(names) > 1 and (found < 0).sum() == len(names) * (len(names) - 1):
        raise UsageError(
            "There are no pairs of these scenarios; run cs.tl.blockade(adata, targets=...,"
            " pairs=True) first."
        )
    return found


def _at(table: pd.DataFrame, place: NDArray[np.intp], column: str) -> Array:
    """Values of a column at these rows; NaN where there is no row or no such column."""
    if column not in table:
        return np.full(place.shape, np.nan)
    found: Array = np.append(table[column].to_numpy(dtype=np.float64), np.nan)[place]
    return found


def _text(table: pd.DataFrame, at: int) -> str:
    return "not among the pairs" if at < 0 else _scenarios.text_of(table.iloc[at])


def _mark(ax: Axes, table: pd.DataFrame, place: NDArray[np.intp], context: bool) -> None:
    """Hatch what is undecided, outline the diagonal, and say where there is synergy."""
    low, high = _at(table, place, "ci_low"), _at(table, place, "ci_high")
    if not context:  # effects in context have no interval
        undecided = (low <= 0) & (high >= 0)
        _tiles.squares(ax, undecided, label="undecided", hatch="////", edge="#00000055", width=0)
    _tiles.squares(ax, np.eye(len(place), dtype=bool), label="alone", inset=0.06)
    for side, (rows, columns) in _synergies(table, place).items():
        marker, words = SYNERGY[side]
        ax.scatter(
            columns + 0.32, rows + 0.32, marker=marker, s=(0.2 * pitch(ax.xaxis)) ** 2,
            c=_colours.INK, linewidths=0, zorder=4, label=words,
        )  # fmt: skip


def _synergies(
    table: pd.DataFrame, place: NDArray[np.intp]
) -> dict[int, tuple[NDArray[np.intp], ...]]:
    """Rows and columns of pairs with synergy, by its sign; none where there are none."""
    low, high = _at(table, place, "synergy_low"), _at(table, place, "synergy_high")
    here = {1: np.nonzero(low > NOTHING), -1: np.nonzero(high < -NOTHING)}
    return {side: at for side, at in here.items() if len(at[0])}


def _handles(sides: Iterable[int], context: bool) -> list[Patch | Line2D]:
    """What hatching and the triangles mean, of those that are drawn."""
    hatched = Patch(facecolor="white", edgecolor="#777777", linewidth=0, hatch="////",
                    label="interval holds 0")  # fmt: skip
    found: list[Patch | Line2D] = [] if context else [hatched]
    for marker, words in (SYNERGY[side] for side in sides):
        found.append(
            Line2D(
                [], [], linestyle="", marker=marker, color=_colours.INK, markersize=5, label=words
            )
        )
    return found
