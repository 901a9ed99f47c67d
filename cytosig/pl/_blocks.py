"""Blocks of rows that belong together: a coloured strip beside them, with the name of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.pl import _colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = tuple(c for c in _colours.GROUPS if c not in (_colours.ANTI, _colours.PRO))
"""A group is no side."""
_LEFT, _WIDE = 1.015, 0.02  # shares of the width of the axes


def strip(ax: Axes, groups: pd.Series[Any], size: float, /) -> None:
    """Mark blocks of equal groups right of the axes, and draw a line between them.

    ``groups`` is categorical, one a row in the order drawn. Names that would touch the one
    before are left out; the colour stays.
    """
    from matplotlib.patches import Rectangle

    from cytosig.pl._ticks import LINE, pitch, plain

    codes = groups.cat.codes.to_numpy()
    starts = np.flatnonzero(np.append(True, np.diff(codes) != 0))
    ends = np.append(starts[1:], len(codes))
    across, free = ax.get_yaxis_transform(), -np.inf
    for start, end in zip(starts, ends, strict=True):
        place, code = (start + end - 1) / 2, int(codes[start])
        ax.add_patch(
            Rectangle(
                (_LEFT, start - 0.45), _WIDE, end - start - 0.1, transform=across, clip_on=False,
                facecolor=COLOURS[code % len(COLOURS)], linewidth=0,
            )
        )  # fmt: skip
        if start:
            ax.axhline(start - 0.5, color=_colours.PALE, linewidth=0.8, zorder=0.5)
        half = size * LINE / 2 / pitch(ax.yaxis)
        if place - half >= free:
            name = plain(str(groups.cat.categories[code]), 24)
            ax.text(
                _LEFT + 1.5 * _WIDE, place, f"{name} (n = {end - start})", transform=across,
                ha="left", va="center", fontsize=size, color=_colours.INK,
            )  # fmt: skip
            free = place + half
