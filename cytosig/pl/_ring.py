"""Places on a circle, and of names around it that do not touch each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NARROWEST = 0.5  # inches: the least radius


@dataclass(frozen=True)
class Ring:
    """A circle of radius 1 around 0 with places on it, clockwise, none right at the top.

    Parameters
    ----------
    at
        Places × (x, y).
    inches
        Radius on paper.
    across
        Points across the mark at every place.
    """

    at: Array
    inches: float
    across: Array

    def of(self, inches: float, /) -> float:
        """A length on paper, in radii."""
        return inches / self.inches

    def half(self, k: int, /) -> float:
        """Half the width of a mark, in radii."""
        return self.of(float(self.across[k]) / 144)


def around(n: int, /) -> Array:
    """Places of n points on the circle."""
    angle = np.pi / 2 - (np.arange(n) + 0.5) * 2 * np.pi / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def fitted(
    ax: Axes, n: int, beside: Sequence[float], off: Sequence[float], high: Sequence[float], /
) -> tuple[Array, float]:
    """Places on the largest circle that leaves room for names; its radius in inches.

    Names are ``beside`` inches wide and ``high`` inches high, ``off`` inches from the circle. Sets
    the limits of the axes.
    """
    box, dpi = ax.get_window_extent(), ax.figure.dpi
    half = np.array([box.width, box.height]) / dpi / 2
    at = around(n)
    away = np.abs(at)
    free = np.stack([half[0] - np.asarray(beside), half[1] - np.asarray(high) / 2], axis=1)
    inches = max(float((free / np.maximum(away, 0.3) - np.asarray(off)[:, None]).min()), NARROWEST)
    ax.set_xlim(-half[0] / inches, half[0] / inches)
    ax.set_ylim(-half[1] / inches, half[1] / inches)
    ax.set_aspect("equal", adjustable="box")
    return at, inches


def spread(wanted: Sequence[float], heights: Sequence[float], /) -> list[float]:
    """Middles of blocks as near as they can be to where they are wanted without touching.

    Blocks keep their order. Those that push each other share the way: their middle is where the
    middle of what they wanted is.
    """
    order = np.argsort(-np.asarray(wanted, dtype=np.float64), kind="stable")
    groups: list[tuple[list[int], float]] = []  # members, and the top of the group
    for k in order.tolist():
        members = [k]
        while True:
            depth = np.cumsum([heights[m] for m in members]) - [heights[m] / 2 for m in members]
            top = float(np.mean([wanted[m] for m in members] + depth))
            if not groups:
                break
            before, start = groups[-1]
            if start - sum(heights[m] for m in before) >= top - 1e-12:
                break
            members = [*before, *members]
            groups.pop()
        groups.append((members, top))
    found = [0.0] * len(wanted)
    for members, top in groups:
        for m in members:
            found[m] = top - heights[m] / 2
            top -= heights[m]
    return found
