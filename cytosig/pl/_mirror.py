"""Dots of two halves on one axis, with the names of their rows between them.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.pl import _scales, _tips
from cytosig.pl._colours import INK, PALE
from cytosig.pl._ticks import pitch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NICE = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Shares of cells that the largest dot may stand for."""
LEAST, MOST = 2.0, 16.0  # points across: the smallest and the largest dot
RING = 0.16  # of the distance of dots: what a ring is wider than its dot


@dataclass(frozen=True)
class Half:
    """One side of the plot, rows × cell types.

    Parameters
    ----------
    title, unit
        Heading, and what colours are.
    types
        Cell types, from left to right.
    value, q, fraction
        Colour, ring and size of every dot.
    tested
        Whether there is a p.
    texts
        What every dot says when pointed at.
    """

    title: str
    unit: str
    types: tuple[str, ...]
    value: Array
    q: Array
    fraction: Array
    tested: NDArray[np.bool_]
    texts: NDArray[np.object_]

    @classmethod
    def of(
        cls,
        found: pd.DataFrame,
        rows: Sequence[str],
        types: Sequence[str],
        /,
        *,
        heading: tuple[str, str],
        colour: str,
        tell: Callable[[pd.Series[Any]], str],
    ) -> Half:
        """The rows of a table with one row a cytokine and cell type."""
        import pandas as pd

        whole = pd.MultiIndex.from_product([rows, types], names=["cytokine", "cell_type"])
        grid = found.set_index(["cytokine", "cell_type"]).reindex(whole).reset_index()
        shape = (len(rows), len(types))

        def numbers(column: str) -> Array:
            return grid[column].to_numpy(dtype=np.float64).reshape(shape)

        texts = np.array([tell(row) for _, row in grid.iterrows()], dtype=object)
        return cls(
            *heading, tuple(types), numbers(colour), numbers("q"), numbers("fraction"),
            ~np.isnan(numbers("p")), texts.reshape(shape),
        )  # fmt: skip

    @property
    def kinds(self) -> dict[str, NDArray[np.bool_]]:
        """Which dots are drawn how."""
        known = ~np.isnan(self.value)
        return {
            "tested": known & self.tested,
            "untested": known & ~self.tested,
            "unread": ~known & self.tested,
            "nothing": ~known & ~self.tested,
        }


def most_cells(halves: Sequence[Half], /) -> float:
    """Share of cells that the largest dot stands for."""
    seen = np.concatenate([half.fraction.ravel() for half in halves])
    largest = float(np.max(seen[np.isfinite(seen)], initial=0.0))
    return next((nice for nice in NICE if nice >= largest), 1.0)


def room(distance: float, /) -> tuple[float, float]:
    """Points across the largest dot, and what its ring is wider, dots being that far apart."""
    wider = float(np.clip(RING * distance, 1.5, 4.0))
    return float(np.clip(0.9 * distance - wider, LEAST, MOST)), wider


def diameters(fraction: Array, top: float, largest: float, /) -> Array:
    """Points across a dot whose area is as the share of cells; the least where none is known."""
    found: Array = np.clip(largest * np.sqrt(np.nan_to_num(fraction) / top), LEAST, largest)
    return found


def heading(ax: Axes, half: Half, first: int, room: float, /) -> None:
    """Title, unit and colour bar above one half; ``room`` is the inches that words have."""
    from matplotlib.cm import ScalarMappable

    box = ax.get_window_extent()
    inch_x, inch_y = (ax.figure.dpi / side for side in (box.width, box.height))
    low, high = ax.get_xlim()
    start, width = (first - 0.5 - low) / (high - low), len(half.types) / (high - low)
    beyond = (bool((half.value < -_limit(half)).any()), bool((half.value > _limit(half)).any()))
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    bar = ax.inset_axes(
        (start + 0.05 * inch_x, 1 + 0.25 * inch_y, min(1.3 * inch_x, width), 0.08 * inch_y)
    )
    ax.figure.colorbar(
        ScalarMappable(_norm(half), _scales.both_sides()), cax=bar, orientation="horizontal",
        extend=extend.get(beyond, "both"), ticks=[-_limit(half), 0, _limit(half)], extendfrac=0.06,
        format=lambda value, _: f"{value:.2g}".replace("-", "−"),
    )  # fmt: skip
    bar.tick_params(labelsize=6, length=2, pad=1)
    said = bar.annotate(
        textwrap.fill(half.unit, max(14, int(room / 0.056))), (0, 1), (0, 2),
        xycoords="axes fraction", textcoords="offset points", fontsize=7, va="bottom",
    )  # fmt: skip
    bar.annotate(
        half.title, (0, 1), (0, 2), xycoords=said, textcoords="offset points", fontsize=9,
        fontweight="bold", va="bottom",
    )  # fmt: skip


def dots(ax: Axes, half: Half, first: int, max_q: float | None, top: float, /) -> None:
    """Dots of one half, whose first column is at ``first``."""
    largest, wider = room(min(pitch(ax.xaxis), pitch(ax.yaxis)))
    rows, columns = map(np.arange, half.value.shape)
    y, x = np.meshgrid(rows, first + columns, indexing="ij")
    across = diameters(half.fraction, top, largest)
    colours = _scales.both_sides()(_norm(half)(np.ma.masked_invalid(half.value)))
    ringed = half.q <= (0.0 if max_q is None else max_q)
    if ringed.any():
        ax.scatter(
            x[ringed], y[ringed], s=(across[ringed] + wider) ** 2, facecolors="none",
            edgecolors=INK, linewidths=1.1, zorder=2, label=f"{half.title}: ring",
        )  # fmt: skip
    fills = {"tested": colours, "untested": np.ones_like(colours)}
    for kind, here in half.kinds.items():
        if not here.any():
            continue
        label = f"{half.title}: {kind}"
        if kind == "nothing":
            drawn = ax.scatter(
                x[here], y[here], s=9, marker="x", c=_scales.NOT_SCORED, linewidths=0.8, zorder=3,
                label=label,
            )  # fmt: skip
        else:
            open_ = kind == "untested"
            drawn = ax.scatter(
                x[here], y[here], s=across[here] ** 2, zorder=3, label=label,
                facecolors=fills[kind][here] if kind in fills else _scales.NOT_SCORED,
                edgecolors=colours[here] if open_ else INK, linewidths=1.6 if open_ else 0.4,
            )  # fmt: skip
        _tips.attach(drawn, half.texts[here])


def legend(ax: Axes, halves: Sequence[Half], max_q: float | None, top: float, /) -> None:
    """What sizes, rings and the kinds of dots mean, of those that occur; right of the axes."""
    from matplotlib.lines import Line2D

    largest, wider = room(min(pitch(ax.xaxis), pitch(ax.yaxis)))

    def dot(
        label: str, size: float, fill: str = PALE, edge: str = INK, width: float = 0.4,
        marker: str = "o",
    ) -> Line2D:  # fmt: skip
        return Line2D(
            [], [], linestyle="", marker=marker, markersize=size, label=label,
            markerfacecolor=fill, markeredgecolor=edge, markeredgewidth=width,
        )  # fmt: skip

    handles = [
        dot(f"{100 * part * top:.3g} % of cells", max(LEAST, largest * math.sqrt(part)))
        for part in (1.0, 0.4, 0.1)
    ]
    if max_q is not None:
        handles.append(dot(f"q ≤ {max_q:g}", 6 + wider, fill="none", width=1.1))
    there = {kind for half in halves for kind, here in half.kinds.items() if here.any()}
    grey = _scales.NOT_SCORED
    told = {
        "untested": dot("no p: too few samples", 6, fill="white", width=1.6),
        "unread": dot("no response list:\nreceptor only", 6, fill=grey),
        "nothing": dot("neither value nor p", 4, edge=grey, width=0.8, marker="x"),
    }
    ax.legend(
        handles=[*handles, *(handle for kind, handle in told.items() if kind in there)],
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=7, labelspacing=0.9,
        borderaxespad=0.3,
    )  # fmt: skip


def _limit(half: Half) -> float:
    return _scales.colour_limits(half.value, True)[1]


def _norm(half: Half) -> Normalize:
    from matplotlib.colors import Normalize

    return Normalize(-_limit(half), _limit(half))
