"""What stands around a plot: the name of its axis over the small print, and a key above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.pl import _axes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

TICK = 8.0  # points, of numbers on the axis
NAME = 9.0
_LETTER = 0.056  # inches, of the small print
_HANDLE = 0.45  # inches beside the words of an entry


def inches(ax: Axes, /) -> float:
    """Width of the axes as they stand."""
    return float(ax.get_window_extent().width / ax.figure.dpi)


def leaning(ax: Axes, /, what: str = "balance") -> str:
    """Which side of an axis is which, in as many words as its width holds."""
    if inches(ax) > 3.2:
        return f"← for the tumour    {what}    against the tumour →"
    return f"← for    {what}    against →"


def beneath(ax: Axes, name: str, lines: Iterable[str], /, *, gap: float = 0.0) -> None:
    """Name of the x axis below its numbers (and ``gap`` points), then small print."""
    ax.tick_params(axis="x", labelsize=TICK)
    ax.set_xlabel(name, fontsize=NAME, labelpad=3 + gap)
    _axes.note(ax, [line for line in lines if line])


def key_above(ax: Axes, handles: Sequence[Patch | Line2D], /, *, title: str = "") -> None:
    """Legend over the axes, in as many columns as its width holds."""
    if not handles:
        return
    longest = max(len(str(handle.get_label())) for handle in handles)
    columns = int(inches(ax) / (longest * _LETTER + _HANDLE))
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=max(1, columns),
        frameon=False, fontsize=7, borderaxespad=0.2, borderpad=0, columnspacing=1.2,
        handlelength=1.4, labelspacing=0.3, title=title or None, title_fontsize=NAME,
        alignment="left",
    )  # fmt: skip
