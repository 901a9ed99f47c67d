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
_STEPS = 120


def density(values: Array, at: Array, /) -> Array:
    """Gaussian kernel density (Scott's bandwidth) over its maximum; 1 where values do not vary."""
    from scipy.stats import gaussian_kde

    if len(values) < 3 or np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return np.ones(len(at))
    kernel = gaussian_kde(values)
    grid = np.linspace(values.min(), values.max(), _STEPS)
    found: Array = kernel(at) / max(kernel(grid).max(), kernel(at).max())
    return found


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
