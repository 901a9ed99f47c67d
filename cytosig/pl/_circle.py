"""Cell types on a circle, arrows between them, and names around it.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from cytosig.pl import _arrows, _axes, _colours, _ring, _tips, _words
from cytosig.pl._ring import Ring
from cytosig.pl._ticks import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cytosig.pl._arrows import Bundle

    Array = NDArray[np.float64]

LARGE, SMALL = 8.0, 6.5  # points, of cell types, in axes of usual size and in small ones
LONGEST = 22  # letters of a line of them
FEW = 10  # types that have two lines for their names
SMALLEST, LARGEST, USUAL = 0.35, 22.0, 0.6
"""Points across the largest circle; the smallest, and those of unknown size, as shares of it."""
FILL = "#f2f2f2"
_GAP = 0.06  # inches from a circle, or its loop, to its name
_ASIDE = 0.16  # inches from the middle of a loop to its side


@dataclass(frozen=True)
class Name:
    """What stands beside a cell type: its lines, the small line under them, and their place."""

    lines: tuple[str, ...]
    under: str
    size: float
    off: float
    aside: float

    @property
    def wide(self) -> float:
        """Inches that it takes beside the circle."""
        letters = [len(line) * self.size for line in self.lines]
        widest = max([*letters, len(self.under) * _arrows.SIZE])
        return widest * _arrows.LETTER + self.aside + 0.05

    @property
    def high(self) -> float:
        """Inches from the top of its first line to the foot of the last one."""
        return (len(self.lines) * self.size + bool(self.under) * _arrows.SIZE) * _arrows.LINE


def draw(
    links: pd.DataFrame, types: list[str], n_cells: Mapping[str, float], lines: list[str],
    ax: Axes | None, /,
) -> Axes:  # fmt: skip
    """Arrows, circles and names; the small print says what has no room."""
    found = _arrows.bundles(links)
    names = _names(found, types, LARGE)
    radius = float(np.clip(1.1 + 0.1 * len(types), 1.5, 3.0))
    ax = _axes.axes_or_new(
        ax,
        width=2 * (radius + max(name.wide + name.off for name in names)) + 1.6,
        height=2 * (radius + max(name.off for name in names)) + 1.5,
    )
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    _legend(ax, found, n_cells, LARGEST)
    _axes.note(ax, [*lines, " "])
    _axes.settle(ax)
    box = ax.get_window_extent()
    if min(box.width, box.height) / ax.figure.dpi < 3.4:
        names = _names(found, types, SMALL)
    at, inches = _ring.fitted(
        ax, len(types), *([getattr(name, of) for name in names] for of in ("wide", "off", "high"))
    )
    largest = min(LARGEST, 0.7 * 72 * 2 * math.pi * inches / max(len(types), 4))
    ring = Ring(at, inches, largest * _sizes(types, n_cells))
    _write(ax, ring, names)
    unnamed = _arrows.arrows(ax, ring, types, found)
    _circles(ax, ring, types, n_cells, links)
    _legend(ax, found, n_cells, largest)
    if unnamed:
        lines = [*lines, f"No room for the names on {unnamed} of {len(found)} arrows."]
    ax.set_xlabel("")
    _axes.note(ax, lines)
    return ax


def _names(found: Sequence[Bundle], types: list[str], size: float) -> list[Name]:
    """Names of all types, with the cytokines that each makes for itself under its own."""
    own: dict[str, list[Bundle]] = {}
    for bundle in found:
        if bundle.source == bundle.target:
            own.setdefault(bundle.source, []).append(bundle)
    names = []
    for name in types:
        loops = own.get(name, [])
        ids = [id for bundle in loops for id in bundle.cytokines]
        loop = _arrows.reach(max(bundle.lane for bundle in loops)) if loops else 0.0
        names.append(
            Name(
                _lines(name, len(types)),
                f"own: {_arrows.named(ids, 3)}" if ids else "",
                size,
                max(LARGEST / 144, loop) + _GAP,
                _ASIDE if loops else 0.0,
            )
        )
    return names


def _lines(name: str, n: int) -> tuple[str, ...]:
    """A name on one line, or on two where types are few."""
    name = " ".join(name.split()) or name
    cut = textwrap.wrap(name, LONGEST - 6)
    if n > FEW or len(name) <= LONGEST - 4 or len(cut) < 2 or len(cut[0]) > LONGEST:
        return (plain(name, LONGEST),)
    return plain(cut[0], LONGEST), plain(" ".join(cut[1:]), LONGEST)


def _sizes(types: list[str], n_cells: Mapping[str, float]) -> Array:
    """Circles as shares of the largest, areas as cells; all alike where those are unknown."""
    if not all(name in n_cells for name in types):
        return np.full(len(types), USUAL)
    cells = np.array([n_cells[name] for name in types])
    found: Array = np.clip(np.sqrt(cells / max(float(cells.max()), 1.0)), SMALLEST, 1.0)
    return found


def _write(ax: Axes, ring: Ring, names: Sequence[Name], /) -> None:
    """Names around the circle, each on its own ground, and a line to a circle that is far."""
    for right in (True, False):
        side = [k for k in range(len(names)) if (ring.at[k, 0] >= 0) == right]
        away = [1 + ring.of(names[k].off) for k in side]
        wanted = [float(ring.at[k, 1] * far) for k, far in zip(side, away, strict=True)]
        places = _ring.spread(wanted, [ring.of(names[k].high) for k in side])
        for k, far, y in zip(side, away, places, strict=True):
            aside = ring.of(names[k].aside) * abs(ring.at[k, 1])
            x = max(math.sqrt(max(far**2 - y**2, 0.0)), ring.of(_GAP)) + aside
            at = (x if right else -x, y)
            _write_one(ax, ring, names[k], at, "left" if right else "right")
            if math.hypot(at[0] - ring.at[k, 0] * far, y - ring.at[k, 1] * far) > ring.of(0.3):
                ends = zip(ring.at[k], at, strict=True)
                ax.plot(*ends, color=_colours.PALE, linewidth=0.6, zorder=1, scalex=False,
                        scaley=False)  # fmt: skip


def _write_one(ax: Axes, ring: Ring, name: Name, at: tuple[float, float], side: str, /) -> None:
    top = at[1] + ring.of(name.high) / 2
    for text, size in [*((line, name.size) for line in name.lines), (name.under, _arrows.SIZE)]:
        if text:
            ax.text(at[0], top, text, fontsize=size, ha=side, va="top", color=_colours.INK,
                    zorder=4)  # fmt: skip
            top -= ring.of(size * _arrows.LINE)


def _circles(
    ax: Axes, ring: Ring, types: list[str], n_cells: Mapping[str, float], links: pd.DataFrame, /
) -> None:
    drawn = ax.scatter(
        ring.at[:, 0], ring.at[:, 1], s=ring.across**2, facecolors=FILL, edgecolors=_colours.INK,
        linewidths=1.0, zorder=3,
    )  # fmt: skip
    sent, heard = links["source"].value_counts(), links["target"].value_counts()
    _tips.attach(
        drawn,
        [
            _words.sentences(
                [
                    name,
                    f"{n_cells[name]:.0f} cells" if name in n_cells else "",
                    f"of the links drawn {sent.get(name, 0)} from it, {heard.get(name, 0)} to it",
                ]
            )
            for name in types
        ],
    )


def _legend(
    ax: Axes, found: Sequence[Bundle], n_cells: Mapping[str, float], largest: float, /
) -> None:
    """Sides, widths and sizes; right of the axes."""
    strongest = max(bundle.strength for bundle in found)
    handles = [
        Line2D(
            [],
            [],
            color=_colours.of_sign(sign),
            linestyle=_arrows.DASHES[sign],
            linewidth=2,
            label=words,
        )
        for sign, words in _arrows.SIDES.items()
        if any(bundle.sign == sign for bundle in found)
    ]
    for part in (1.0, 0.3):
        handles.append(
            Line2D([], [], color=_colours.UNDECIDED, label=f"strength {part * strongest:.2g}",
                   linewidth=_arrows.width(part, 1.0))
        )  # fmt: skip
    most = max(n_cells.values(), default=0.0)
    for part in (1.0, 0.25) if most else ():
        handles.append(
            Line2D([], [], linestyle="", marker="o", markerfacecolor=FILL,
                   markeredgecolor=_colours.INK, markersize=largest * math.sqrt(part),
                   label=f"{part * most:,.0f} cells")
        )  # fmt: skip
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=7,
        labelspacing=1.6, handlelength=2.6, borderaxespad=0.2,
    )  # fmt: skip
