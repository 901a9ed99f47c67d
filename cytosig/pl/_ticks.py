"""Tick labels that fit: small where rows are narrow, and thinned where even that is too large.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, Locator

from cytosig.pl._words import no_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST, SMALLEST = 9.0, 5.0  # points
LINE = 1.3  # height of a line over its font size
LONGEST = 36  # letters
SLACK = 0.07  # of a line: what a layout may shrink by, once sizes are chosen, without thinning


def pitch(axis: Axis, /) -> float:
    """Points between two neighbouring places of an axis as it stands now."""
    axes = axis.axes
    box = axes.get_window_extent()
    pixels = box.width if axis is axes.xaxis else box.height
    low, high = axis.get_view_interval()
    return float(pixels * 72 / axes.figure.dpi / max(abs(high - low), 1e-9))


class Thinned(Locator):
    """Places 0, 1 ... n - 1, every k-th of them, k the least at which labels do not touch.

    Worked out whenever the figure is drawn, so that resizing and zooming change it.
    """

    def __init__(self, n: int, size: float, /) -> None:
        self.n = n
        self.size = size

    def __call__(self) -> list[int]:
        if not isinstance(self.axis, Axis):
            return list(range(self.n))
        step = int(np.ceil(self.size * LINE / max(pitch(self.axis), 1e-9) - SLACK))
        return list(range(0, self.n, max(step, 1)))


def name_places(axis: Axis, names: Sequence[str], /) -> float:
    """Label places 0, 1 ... of an axis; returns the font size, in points."""
    size = float(np.clip(pitch(axis) / LINE, SMALLEST, LARGEST))
    shown = [plain(name) for name in names]

    def name(place: float, _: object = None) -> str:
        index = round(place)
        return shown[index] if 0 <= index < len(shown) else ""

    axis.set_major_locator(Thinned(len(names), size))
    axis.set_major_formatter(FuncFormatter(name))
    axis.set_tick_params(labelsize=size, length=0, labelrotation=90 * (axis is axis.axes.xaxis))
    return size


def plain(name: str, /, longest: int = LONGEST) -> str:
    """A name on one line and of bounded length, its dollar signs no formulas."""
    name = " ".join(name.split())
    if len(name) > longest:
        half = longest // 2
        name = f"{name[:half]}…{name[1 - half :]}"
    return no_formula(name)
