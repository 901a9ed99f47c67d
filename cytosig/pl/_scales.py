"""Colour scales: where colours end, which they are, and the bar that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.pl import _colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

COLOURS = "RdBu_r"  # ColorBrewer; told apart by colour-blind eyes
ABOVE, BELOW = "#b2182b", "#2166ac"  # sides of 0 in the same red and blue
ONE_SIDED = "Blues"  # for scores without a middle; like the other, fading makes it say less
NOT_SCORED = "#b3b3b3"
ROBUST = 98  # percentile at which colours end
_DARKER = 0.87


def colour_limits(values: NDArray[np.float64], about_zero: bool, /) -> tuple[float, float]:
    """Where colours end: ± the 98th percentile of the sizes, or the 2nd and 98th of the values.

    The lowest and highest where these two are one, as when few cells express a ligand; 0 and 1,
    or -1 and 1, where the values do not say.
    """
    finite = values[np.isfinite(values)]
    if about_zero:
        limit = float(np.percentile(np.abs(finite), ROBUST)) if finite.size else 0.0
        return -(limit or 1.0), limit or 1.0
    ends = np.percentile(finite, [100 - ROBUST, ROBUST]) if finite.size else (0.0, 0.0)
    if ends[0] == ends[1] and finite.size:
        ends = finite.min(), finite.max()
    low, high = float(ends[0]), float(ends[1])
    return (low, high) if low < high else (low, low + 1.0)


def one_side() -> Colormap:
    """White to blue, without the darkest end."""
    return _part_of(ONE_SIDED, 0.0, 0.94)


def both_sides() -> Colormap:
    """Blue, white, red without the darkest ends, which look alike when faded."""
    return _part_of(COLOURS, 0.06, 0.94)


def on_white(colours: Colormap, /) -> Colormap:
    """The same, a little darker, so that points of the palest colour are seen."""
    from matplotlib.colors import ListedColormap

    darker = colours(np.linspace(0, 1, 255)) * np.array([_DARKER, _DARKER, _DARKER, 1.0])
    return ListedColormap(darker.tolist(), name=colours.name).with_extremes(bad=NOT_SCORED)


def leaning() -> Colormap:
    """From what works for the tumour over white to what works against it."""
    return _between("leaning", _colours.PRO, "white", _colours.ANTI)


def towards(colour: str, /) -> Colormap:
    """White to a colour, for counts of what has that colour elsewhere."""
    return _between(colour, "white", colour)


def colour_bar(
    ax: Axes,
    mappable: ScalarMappable,
    label: str,
    /,
    *,
    below: bool = False,
    above: bool = False,
    longest: float = 2.0,
) -> Axes:
    """A bar of bounded length (inches) beside the axes, pointed where values go beyond it."""
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    inches = ax.get_window_extent().height / ax.figure.dpi
    length = min(inches, longest)
    bar = ax.figure.colorbar(
        mappable,
        ax=ax,
        extend=extend.get((below, above), "both"),
        shrink=length / inches,
        aspect=length / 0.13,
        anchor=(0.0, 1.0),
        pad=0.02,
    )
    bar.set_label(label, rotation=0, ha="left", va="center")
    bar.ax.tick_params(labelsize=7)
    return bar.ax


def _between(name: str, *colours: str) -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    found = LinearSegmentedColormap.from_list(name, colours)
    return found.with_extremes(bad=NOT_SCORED)


def _part_of(name: str, first: float, last: float) -> Colormap:
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    inner = colormaps[name](np.linspace(first, last, 255))
    return ListedColormap(inner.tolist(), name=name).with_extremes(bad=NOT_SCORED)
