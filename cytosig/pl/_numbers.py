"""Numbers in the cells of a heat map, where they fit.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.pl import _axes, _colours, _grades, _words
from cytosig.pl._later import whenever_drawn
from cytosig.pl._ticks import LINE, pitch

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.image import AxesImage

LEFT_OUT = "numbers left out: no room in the cells"
CELL = 0.38  # inches that a number is sure to fit in
_FEW = 150  # cells up to which numbers are written unasked
_SMALLEST, _LARGEST = 5.5, 8.0  # points
_LETTER = 0.7  # width over height
_DARK = 0.5


def write(ax: Axes, image: AxesImage, asked: bool | None, /, *, faded: Collection[int] = ()) -> str:
    """Write the values of an image of unit cells; what to say where they were asked for in vain.

    ``faded`` are the columns under a veil.
    """
    values = np.ma.filled(np.ma.asarray(image.get_array(), dtype=np.float64), np.nan)
    if asked is False or (asked is None and values.size > _FEW):
        return ""
    decimals = _decimals(image.get_clim()[1])
    texts = [
        (row, column, float(value), _words.decimal(value, decimals).removeprefix("+"))
        for (row, column), value in np.ndenumerate(values)
        if np.isfinite(value)
    ]
    longest = max((len(text) for *_, text in texts), default=1)
    shown = [
        ax.text(
            column, row, text, ha="center", va="center", clip_on=True, visible=False,
            color=_ink(image, value, column in faded),
        )
        for row, column, value, text in texts
    ]  # fmt: skip

    def fits() -> bool:
        size = min(pitch(ax.xaxis) / (longest * _LETTER), pitch(ax.yaxis) / LINE, _LARGEST)
        for text in shown:
            text.set(visible=size >= _SMALLEST, fontsize=size)
        return size >= _SMALLEST

    def fit(_: RendererBase) -> None:
        fits()

    whenever_drawn(ax, fit)
    _axes.settle(ax)
    return LEFT_OUT if not fits() and asked else ""


def _ink(image: AxesImage, value: float, faded: bool) -> str:
    """White on what is dark, dark on what is pale."""
    colour = np.asarray(image.to_rgba(np.array([value])))[0, :3]
    colour = colour + _grades.FADE * (1 - colour) if faded else colour
    return _colours.INK if colour @ (0.299, 0.587, 0.114) > _DARK else "white"


def _decimals(limit: float) -> int:
    """As many as leave two digits of the largest."""
    return int(np.clip(1 - np.floor(np.log10(abs(limit) or 1.0)), 0, 4))
