"""Links in bundles, drawn as arrows with the names of their cytokines.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path

from cytosig.pl import _colours, _tips, _words
from cytosig.pl._ticks import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cytosig.pl._ring import Ring

    Array = NDArray[np.float64]

SIDES = {1: "against the tumour", -1: "for it", 0: "neither"}
DASHES: dict[int, Literal["-"] | tuple[float, Sequence[float]]] = {
    1: "-",
    -1: (0.0, (3.0, 1.2)),
    0: (0.0, (1.0, 1.0)),
}
"""Names and lines of what leans against the tumour, for it, or neither way."""
THINNEST, THICKEST = 0.8, 5.0  # points
SIZE = 6.5  # points, of the names of cytokines
LETTER, LINE = 0.0086, 0.0185  # inches that a letter is wide and a line high, a point of its size
LOOP = 0.3  # inches from the middle of a circle to the end of its loop
_BEND, _APART = 0.13, 0.14  # of the length: how far arrows bend, and each further one
_BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.92, "pad": 0.4}
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)  # where on an arrow a name may stand


@dataclass(frozen=True)
class Bundle:
    """Links of one source, target and side, the strongest first."""

    source: str
    target: str
    sign: int
    cytokines: tuple[str, ...]
    strength: float
    lane: int
    text: str


def bundles(links: pd.DataFrame, /) -> list[Bundle]:
    """All links of a pair that lean one way as one, the strongest bundle first."""
    found: list[Bundle] = []
    sides = np.sign(links["sign"].to_numpy(dtype=np.float64)).astype(int)
    for (source, target), pair in links.assign(side=sides).groupby(
        ["source", "target"], sort=False
    ):
        there = [sign for sign in SIDES if (pair["side"] == sign).any()]
        for lane, sign in enumerate(there):
            own = pair[pair["side"] == sign].sort_values("strength", ascending=False, kind="stable")
            said = ", ".join(
                f"{row['cytokine']} ({_words.number(row['strength'], signed=False)},"
                f" {_words.p_value('q', row['q'])})"
                for _, row in own.iterrows()
            )
            found.append(
                Bundle(
                    str(source), str(target), sign, tuple(own["cytokine"]),
                    float(own["strength"].sum()), lane,
                    f"{source} to {target}, {SIDES[sign]}: {said}",
                )
            )  # fmt: skip
    return sorted(found, key=lambda bundle: -bundle.strength)


def named(cytokines: Sequence[str], most: int, /) -> str:
    """The first of these names, and how many more there are."""
    more = f" +{len(cytokines) - most}" if len(cytokines) > most else ""
    return ", ".join(plain(id, 14) for id in cytokines[:most]) + more


def width(strength: float, strongest: float, /) -> float:
    """Points of an arrow; its strength as a share of the strongest one."""
    return THINNEST + (THICKEST - THINNEST) * strength / strongest


def arrows(ax: Axes, ring: Ring, types: Sequence[str], found: Sequence[Bundle], /) -> int:
    """Draw all bundles; how many are not named, for want of room."""
    taken = [np.array([*(at - ring.half(k)), *(at + ring.half(k))]) for k, at in enumerate(ring.at)]
    place = {name: k for k, name in enumerate(types)}
    strongest = max(bundle.strength for bundle in found)
    unnamed = 0
    for bundle in found:
        i, j = place[bundle.source], place[bundle.target]
        wide = width(bundle.strength, strongest)
        colour = _colours.of_sign(bundle.sign)
        if i == j:
            arrow = _patch(_loop(ring, i, bundle.lane), wide, colour, bundle.sign)
        else:
            curve = _curve(ring, i, j, bundle.lane)
            arrow = _patch(curve, wide, colour, bundle.sign)
            unnamed += not _name(ax, ring, curve, bundle.cytokines, taken)
        _tips.attach(ax.add_patch(arrow), [bundle.text])
    return unnamed


def _patch(path: Path, wide: float, colour: str, sign: int) -> FancyArrowPatch:
    return FancyArrowPatch(
        path=path, arrowstyle="-|>", mutation_scale=6 + 1.6 * wide, linewidth=wide, color=colour,
        linestyle=DASHES[sign], alpha=0.85, zorder=2, capstyle="butt", joinstyle="miter",
    )  # fmt: skip


def _curve(ring: Ring, i: int, j: int, lane: int) -> Path:
    """From the edge of one circle to that of another, clear of all others."""
    start, end = ring.at[i], ring.at[j]
    way = end - start
    middle = (start + end) / 2 + _bend(i, j, lane, len(ring.at)) * np.array([way[1], -way[0]])
    gap = ring.of(0.03)
    start = start + (ring.half(i) + gap) * _unit(middle - start)
    end = end + (ring.half(j) + gap) * _unit(middle - end)
    return Path([start, middle, end], [Path.MOVETO, Path.CURVE3, Path.CURVE3])


def _bend(i: int, j: int, lane: int, n: int) -> float:
    """How far an arrow bends to the right of its way, as a share of its length.

    Right of the way is inside where it leads clockwise, so that ways there and back are apart.
    Where others stand between that are not far, both bend inside.
    """
    bend = _BEND + _APART * lane
    steps = (j - i) % n
    if steps > n / 2 and 2 <= n - steps < n / 3:
        return -(bend + _APART / 2)
    return bend


def reach(lane: int, /) -> float:
    """Inches from the middle of a circle to the end of a loop."""
    return LOOP + 0.12 * lane


def _loop(ring: Ring, i: int, lane: int) -> Path:
    """Out of a circle and back into it, away from the others."""
    out, far = ring.at[i], ring.of(reach(lane)) * 4 / 3
    aside = np.array([-out[1], out[0]])
    edge = ring.half(i) + ring.of(0.03)
    first, last = (out + edge * (out * 0.6 + side * aside * 0.8) for side in (1, -1))
    bulge = [out + far * out + side * 0.5 * far * aside for side in (1, -1)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    return Path([first, bulge[0], bulge[1], last], codes)


def _unit(way: Array) -> Array:
    length = float(np.hypot(*way))
    return way / length if length else way


def _name(ax: Axes, ring: Ring, curve: Path, cytokines: Sequence[str], taken: list[Array]) -> bool:
    """Write the names on an arrow where nothing else stands; whether there was room."""
    start, middle, end = np.asarray(curve.vertices)
    for most in dict.fromkeys((min(3, len(cytokines)), 1)):
        text = named(cytokines, most)
        half = np.array([len(text) * LETTER, LINE]) * SIZE / 2 / ring.inches
        for t in _ALONG:
            at = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
            box = np.array([*(at - half), *(at + half)])
            if any(overlap(box, other) for other in taken):
                continue
            taken.append(box)
            ax.text(
                at[0], at[1], text, ha="center", va="center", fontsize=SIZE, color=_colours.INK,
                zorder=4, bbox=_BEHIND,
            )  # fmt: skip
            return True
    return False


def overlap(box: Array, other: Array, /) -> bool:
    """Whether two boxes (left, low, right, high) share ground."""
    return bool(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3])
