"""Tiles of a matrix: coloured squares, each with a text, a number where there is room, and marks.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.pl import _tips, _words
from cytosig.pl._colours import INK, PALE
from cytosig.pl._ticks import name_places, pitch, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection, QuadMesh
    from matplotlib.colors import Colormap, Normalize
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EDGE = PALE
_SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


def frame(ax: Axes, rows: Sequence[str], columns: Sequence[str], /, *, above: str = "") -> None:
    """Names of rows and columns, the first row on top; with ``above``, columns named up there."""
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    if above:
        ax.xaxis.tick_top()
        ax.set_title(plain(above, 60), fontsize=9, loc="left")
    name_places(ax.xaxis, columns)
    name_places(ax.yaxis, rows)


def tiles(
    ax: Axes, values: Array, texts: Iterable[str], /, *, colours: Colormap, norm: Normalize
) -> QuadMesh:
    """Squares around whole numbers, coloured by value; one text each, row by row."""
    n_rows, n_columns = values.shape
    drawn = ax.pcolormesh(
        np.arange(n_columns + 1) - 0.5, np.arange(n_rows + 1) - 0.5,
        np.ma.masked_invalid(values), cmap=colours, norm=norm, edgecolors=EDGE, linewidth=0.5,
    )  # fmt: skip
    _tips.attach(drawn, texts)
    return drawn


def squares(
    ax: Axes, here: NDArray[np.bool_], /, *, label: str, hatch: str = "", edge: str = INK,
    width: float = 1.2, inset: float = 0.0,
) -> PolyCollection | None:  # fmt: skip
    """Outlines, or hatching, of the tiles that are marked."""
    from matplotlib.collections import PolyCollection

    at = np.argwhere(here)[:, ::-1]
    if not len(at):
        return None
    drawn = PolyCollection(
        list(at[:, None, :] + _SQUARE * (1 - inset)), facecolors="none", edgecolors=edge,
        linewidths=width, hatch=hatch or None, label=label, zorder=2.5,
    )  # fmt: skip
    ax.add_collection(drawn, autolim=False)
    return drawn


def short(values: Array, /, *, signed: bool = True, zero: str = "0") -> NDArray[np.object_]:
    """Values as numbers for tiles, all to the same decimals; nothing where there is none."""
    decimals = _words.decimals_for(values, digits=2)
    texts = [
        "" if np.isnan(one) else _words.decimal(one, decimals, signed=signed) if one else zero
        for one in values.ravel().tolist()
    ]
    return np.array(texts, dtype=object).reshape(values.shape)


def numbers(ax: Axes, texts: NDArray[np.object_], dark: NDArray[np.bool_], /) -> None:
    """Write in the tiles, in white on dark ones, if all of them have room for it."""
    longest = max((len(str(text)) for text in texts.ravel()), default=0)
    size = min(8.0, 0.85 * pitch(ax.xaxis) / (0.62 * max(longest, 1)), 0.6 * pitch(ax.yaxis))
    if size < 5:
        return
    for (row, column), text in np.ndenumerate(texts):
        if text:
            ax.text(
                column, row, str(text), ha="center", va="center", fontsize=size,
                color="white" if dark[row, column] else INK, zorder=4,
            )  # fmt: skip


def is_dark(values: Array, colours: Colormap, norm: Normalize, /) -> NDArray[np.bool_]:
    """Whether letters on a tile had better be white."""
    red, green, blue = np.moveaxis(colours(norm(np.ma.masked_invalid(values)))[..., :3], -1, 0)
    found: NDArray[np.bool_] = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    return found
