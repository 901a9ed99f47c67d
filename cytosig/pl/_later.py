"""What can be settled only when a figure is drawn and sizes are known.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.artist import Artist

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase


class Later(Artist):
    """Draws nothing; before all else in its axes is drawn, it does what it was given to do."""

    def __init__(self, act: Callable[[RendererBase], None], /) -> None:
        super().__init__()
        self.act = act
        self.set_zorder(-1)
        self.set_in_layout(False)

    def draw(self, renderer: RendererBase) -> None:
        """Do it."""
        self.act(renderer)


def whenever_drawn(ax: Axes, act: Callable[[RendererBase], None], /) -> None:
    """Have ``act`` called with the renderer each time, at any size, before the axes are drawn."""
    ax.add_artist(Later(act))
