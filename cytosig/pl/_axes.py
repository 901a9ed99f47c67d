"""Axes to draw on: the caller's, or those of one new figure."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from cytosig._errors import UsageError

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
    """Small print under the x axis, wrapped to its width."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    wrapped = [textwrap.fill(line, max(24, int(inches / 0.056))) for line in lines]
    ax.set_xlabel("\n".join(wrapped), fontsize=7, loc="left", labelpad=6)
