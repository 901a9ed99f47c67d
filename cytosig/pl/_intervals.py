"""Rows of a mark with its interval: balances of samples, effects in cohorts.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from cytosig.pl import _colours, _tips
from cytosig.pl._ticks import pitch, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WIDE = 4.0  # median half widths beyond the values at which an interval is cut
_MARGIN = 0.04


def rows(ax: Axes, n: int, /) -> None:
    """Room for rows 0 to n - 1 from top to bottom."""
    ax.set_ylim(n - 0.4, -0.6)
    ax.spines[["top", "right"]].set_visible(False)


def diameter(ax: Axes, /) -> float:
    """Points across a mark that leaves its neighbours room."""
    return float(np.clip(0.6 * pitch(ax.yaxis), 1.8, 6.5))


def span(value: Array, low: Array, high: Array, /, *, middle: float) -> tuple[float, float]:
    """Limits of the axis: all values, and all of their intervals but the very widest."""
    values = np.append(value[np.isfinite(value)], middle)
    halves = np.concatenate([value - low, high - value])
    halves = halves[np.isfinite(halves)]
    reach = WIDE * float(np.median(halves)) if halves.size else 0.0
    ends = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)], values])
    first = max(float(ends.min()), float(values.min()) - reach)
    last = min(float(ends.max()), float(values.max()) + reach)
    return _with_margin(first, last)


def all_of(*values: Array, middle: float) -> tuple[float, float]:
    """Limits of the axis that leave nothing out."""
    every = np.append(np.concatenate(values), middle)
    every = every[np.isfinite(every)]
    return _with_margin(float(every.min()), float(every.max()))


def _with_margin(first: float, last: float) -> tuple[float, float]:
    margin = _MARGIN * (last - first) or 1.0
    return first - margin, last + margin


def whiskers(ax: Axes, places: Array, low: Array, high: Array, colours: Sequence[str], /) -> bool:
    """Lines from low to high; an arrow where one goes on beyond the axes. Whether any does."""
    first, last = ax.get_xlim()
    size = diameter(ax)
    there = ~(np.isnan(low) | np.isnan(high))
    places, shown = (
        places[there],
        [c for c, is_there in zip(colours, there, strict=True) if is_there],
    )
    ends = np.clip(low[there], first, last), np.clip(high[there], first, last)
    ax.hlines(places, *ends, colors=shown, linewidth=max(0.7, size / 4.5), zorder=2.5)
    cut = low[there] < first, high[there] > last
    for beyond, edge, marker in zip(cut, (first, last), "<>", strict=True):
        if beyond.any():
            own = [colour for colour, is_cut in zip(shown, beyond, strict=True) if is_cut]
            ax.scatter(
                np.full(beyond.sum(), edge), places[beyond], marker=marker, c=own,
                s=size**2, linewidths=0, clip_on=False, zorder=3,
            )  # fmt: skip
    return bool(cut[0].any() or cut[1].any())


def without_value(
    ax: Axes, places: Array, reasons: Sequence[str], texts: Sequence[str], size: float, /
) -> PathCollection:
    """A hollow mark at the left edge for what has no value, with the reason beside it."""
    across = ax.get_yaxis_transform()
    marks = ax.scatter(
        np.full(len(places), 0.02), places, marker="o", s=diameter(ax) ** 2, facecolors="white",
        edgecolors=_colours.UNDECIDED, linewidths=0.8, transform=across, zorder=3,
    )  # fmt: skip
    _tips.attach(marks, texts)
    size = min(size, 7.0)
    letters = int(0.85 * ax.get_window_extent().width / ax.figure.dpi * 72 / (0.6 * size))
    for place, reason in zip(places, reasons, strict=True):
        short = textwrap.shorten(reason, max(letters, 8), placeholder="…")
        ax.text(
            0.05, place, plain(short, len(short)), transform=across, ha="left", va="center",
            fontsize=size, color=_colours.INK, bbox=_BEHIND, clip_on=True,
        )  # fmt: skip
    return marks


_BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
