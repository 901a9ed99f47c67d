"""Names beside points that collide neither with each other nor with points.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.text import Text

from cytosig.pl import _colours
from cytosig.pl._later import whenever_drawn
from cytosig.pl._ticks import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.text import Annotation
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RADII = (5.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0)  # points from mark to name
_AROUND = ((1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1))
_LED = 12.0  # points from which on a line leads to the mark
_MARK = 3.5  # points: half of a mark, kept free
_LONGEST = 24  # letters
_GAP = 1.0  # points between two names


def beside(
    ax: Axes, points: Array, names: Sequence[str], places: Sequence[int], /, *, size: float = 7.0
) -> None:
    """Name some of the points (rows of x, y); the first of ``places`` has the first choice.

    Where a name goes is worked out whenever the figure is drawn, so that it holds at any size. A
    name for which there is no room in the axes is not drawn.
    """
    notes = [
        ax.annotate(
            plain(name, _LONGEST), tuple(points[place]), (0, 0), textcoords="offset points",
            fontsize=size, color=_colours.INK, zorder=4,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": _colours.UNDECIDED,
                        "shrinkA": 0, "shrinkB": 2, "relpos": (0.5, 0.5)},
        )
        for place, name in zip(places, names, strict=True)
    ]  # fmt: skip
    for note in notes:
        note.set_in_layout(False)
    whenever_drawn(ax, lambda renderer: _place(ax, points, notes, renderer))


def _place(ax: Axes, points: Array, notes: Sequence[Annotation], renderer: RendererBase, /) -> None:
    """Put every name where there is room, or out of sight."""
    scale = float(np.asarray(renderer.points_to_pixels(1.0)))
    marks = ax.transData.transform(points)
    taken = np.column_stack([marks - _MARK * scale, marks + _MARK * scale])
    frame = np.asarray(ax.bbox.extents)
    for note in notes:
        note.set_visible(True)  # what is not visible has no size
        box = Text.get_window_extent(note, renderer)
        start = ax.transData.transform(note.xy)
        found = _free(start, box.width, box.height, frame, taken, scale)
        note.set_visible(found is not None)
        if found is None:
            continue
        offset, place = found
        note.set_position(offset)
        note.set_horizontalalignment("left")
        note.set_verticalalignment("bottom")
        if note.arrow_patch is not None:
            nearest = np.clip(start, place[:2], place[2:])
            note.arrow_patch.set_visible(bool(np.hypot(*(nearest - start)) > _LED * scale))
        gap = _GAP * scale
        taken = np.vstack([taken, place + np.array([-gap, -gap, gap, gap])])


def _free(
    start: Array, width: float, height: float, frame: Array, taken: Array, scale: float, /
) -> tuple[tuple[float, float], Array] | None:
    """Offset (points) and box (pixels) of the nearest place for a name; None if all are taken."""
    for radius in RADII:
        for right, up in _AROUND:
            reach = radius * scale * (0.8 if right and up else 1.0)
            left = start[0] + right * reach - width * (1 - right) / 2
            low = start[1] + up * reach - height * (1 - up) / 2
            box = np.array([left, low, left + width, low + height])
            inside = (box[:2] >= frame[:2]).all() and (box[2:] <= frame[2:]).all()
            if inside and not _overlaps(box, taken):
                return ((left - start[0]) / scale, (low - start[1]) / scale), box
    return None


def _overlaps(box: Array, others: Array) -> bool:
    apart = (box[:2] >= others[:, 2:]).any(axis=1) | (box[2:] <= others[:, :2]).any(axis=1)
    return bool((~apart).any())
