"""Axes to draw on: the caller's, or those of one new figure."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.pl import _words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes

LETTER = 0.075  # inches a letter takes at the usual size
_PYPLOT: ContextVar[bool] = ContextVar("pyplot", default=True)


@contextmanager
def off_screen() -> Iterator[None]:
    """New figures belong to nobody for a while: pyplot does not know them and cannot show them."""
    before = _PYPLOT.set(False)
    try:
        yield
    finally:
        _PYPLOT.reset(before)


def axes_or_new(ax: Axes | None, /, *, width: float, height: float) -> Axes:
    """Return ``ax``, or the axes of a new pyplot figure of that size in inches."""
    if ax is None and not _PYPLOT.get():
        from matplotlib.figure import Figure

        return Figure(figsize=(width, height), layout="constrained").subplots()
    if ax is None:
        import matplotlib.pyplot as plt

        return plt.figure(figsize=(width, height), layout="constrained").subplots()
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise UsageError(
            f"ax is a {type(ax).__name__}; expected one matplotlib Axes, such as axes[0] of"
            " plt.subplots(1, 2)."
        )
    return ax


def extent(n: int, /, *, widest: float, narrowest: float, most: float) -> float:
    """Inches for n rows or columns: fewer get more room each, none more than ``most`` in all."""
    each = narrowest + (widest - narrowest) * min(1.0, 10 / max(n, 1))
    return min(n * each, most)


def note(ax: Axes, lines: Iterable[str], /) -> None:
    """Small print under the x axis, and under its label where it has one, wrapped to its width.

    Names of the data may stand in it: their dollar signs are no formulas.
    """
    inches = ax.get_window_extent().width / ax.figure.dpi
    wrapped = (textwrap.fill(line, max(24, int(inches / 0.056))) for line in lines)
    text = _words.no_formula("\n".join(wrapped))
    if not ax.get_xlabel():
        ax.set_xlabel(text, fontsize=7, loc="left", labelpad=6)
    elif text:
        ax.annotate(
            text,
            (0, 0),
            (0, -3),
            xycoords=("axes fraction", ax.xaxis.label),
            textcoords="offset points",
            va="top",
            fontsize=7,
            annotation_clip=False,
        )


def panels(
    names: Iterable[str], /, *, width: float, height: float, most: int = 4
) -> dict[str, Axes]:
    """Axes by name on a grid of a new figure, row by row, ``most`` in a row; sizes of one."""
    wanted = list(names)
    columns = min(len(wanted), most)
    rows = -(-len(wanted) // most)
    whole = axes_or_new(None, width=width * columns, height=height * rows)
    figure = whole.figure
    whole.remove()
    return {
        name: figure.add_subplot(rows, columns, place) for place, name in enumerate(wanted, start=1)
    }


def settle(ax: Axes, /) -> None:
    """Let the figure's layout take its places now, so that sizes measured from here on hold."""
    whole = ax.figure.figure
    engine = whole.get_layout_engine()
    if engine is not None:
        engine.execute(whole)
