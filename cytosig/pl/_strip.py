"""Points of a group side by side as far as they are dense, over the outline of that density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WIDE = 0.38  # half the width of the widest, of the distance between groups
FEWEST = 8  # values below which an outline would be an invention
_GOLDEN = 0.6180339887498949
_STEPS = 256
_BINNED = 2000  # values above which they are counted in as many bins


def density(values: Array, at: Array, /) -> Array:
    """Gaussian kernel density (Scott's bandwidth) over its maximum; 1 where values do not vary.

    Worked out on a grid, of many values from a fine histogram: cells come by the million.
    """
    spread = float(np.std(values, ddof=1)) if len(values) > 2 else 0.0
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max(initial=0.0))):
        return np.ones(len(at))
    grid = np.linspace(values.min(), values.max(), _STEPS)
    centres, weights = values, np.ones(len(values))
    if len(values) > _BINNED:
        weights, edges = np.histogram(values, _BINNED)
        centres = (edges[1:] + edges[:-1]) / 2
    width = spread * len(values) ** -0.2
    found = np.exp(-0.5 * ((grid[:, None] - centres) / width) ** 2) @ weights
    dense: Array = np.interp(at, grid, found / found.max())
    return dense


def offsets(values: Array, /) -> Array:
    """Where each point stands beside the middle of its group, between -WIDE and WIDE.

    Multiples of the golden ratio in the order of the values, within their density: neighbours
    come to stand apart, the same values always at the same places.
    """
    order = np.argsort(values, kind="stable")
    beside = np.empty(len(values))
    beside[order] = (0.5 + _GOLDEN * np.arange(len(values))) % 1.0 - 0.5
    few = min(1.0, len(values) / FEWEST)
    return 2 * WIDE * beside * density(values, values) * few


def outline(ax: Axes, place: float, values: Array, colour: ColorType, /, *, zorder: float) -> None:
    """The density of a group as a shape on both sides of its middle, lowest to highest value."""
    if len(values) < FEWEST or np.ptp(values) == 0:
        return
    at = np.linspace(values.min(), values.max(), _STEPS)
    half = WIDE * density(values, at)
    ax.fill_betweenx(
        at, place - half, place + half, facecolor=colour, edgecolor="none", zorder=zorder
    )
