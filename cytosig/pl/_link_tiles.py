"""Links as tiles: of one cytokine, summed over all, and counted by the side that they work for.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.ticker import MaxNLocator

from cytosig.pl import _axes, _colours, _scales, _talk, _tiles, _tips, _words
from cytosig.pl._ticks import LONGEST, pitch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Value = Literal["strength", "contribution", "coupling", "n"]

NAMES = {
    "strength": "share of\nits traffic",
    "contribution": "added to\nthe balance",
    "coupling": "coupling",
}
SAYS = {
    "strength": "Share of a cytokine's traffic in a sample, mean over samples, taking the tissue as"
    " well mixed.",
    "contribution": "Strength times what the cytokine adds to the balance: blue against the"
    " tumour, vermilion for it.",
    "coupling": "Correlation over samples of the source's ligand with the target's response.",
}
LEAST = 3.0  # links at which colours may end, so that one link does not look like many
_WAY = ": sources (rows) to targets (columns)"
SIDES = {
    1: (_colours.ANTI, "against\nthe tumour", [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5)], -0.2),
    -1: (_colours.PRO, "for it", [(0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], 0.2),
}
"""Colour, name, corners of the triangle and place of its number, by the sign of a cytokine."""


def of_one(
    links: pd.DataFrame, types: list[str], value: str, max_q: float | None, name: str,
    lines: list[str], ax: Axes | None, /,
) -> Axes:  # fmt: skip
    """A value of the links of one cytokine; those with a small q framed."""
    values, q = (_grid(links, types, column) for column in (value, "q"))
    told = {(row["source"], row["target"]): _text(row) for _, row in links.iterrows()}
    texts = [told.get((a, b), f"{a} to {b}: not asked") for a in types for b in types]
    found = q <= (0.0 if max_q is None else max_q)
    lines = [*lines, SAYS[value], *_framed(q, found, max_q)]
    if np.isnan(values).any():
        lines.append("Grey: no value.")
    ax = _matrix(ax, values, types, texts, value, f"{name}{_WAY}", lines)
    _tiles.squares(ax, found, label="found", width=1.8, inset=0.08)
    return ax


def of_all(
    kept: pd.DataFrame, types: list[str], value: str, lines: list[str], ax: Axes | None, /
) -> Axes:
    """A value summed over the links of all cytokines."""
    summed = kept.groupby(["source", "target"])[value].sum().reset_index()
    values = np.nan_to_num(_grid(summed, types, value))
    title = f"all cytokines{_WAY}"
    lines = [*lines, SAYS[value], "Summed over the links that count."]
    if kept[value].isna().any():
        lines.append(f"{int(kept[value].isna().sum())} of them have no {value}.")
    return _matrix(ax, values, types, _named(kept, types), value, title, lines)


def counts(kept: pd.DataFrame, types: list[str], lines: list[str], ax: Axes | None, /) -> Axes:
    """Numbers of links, tiles cut in two by the side that their cytokines work for."""
    ax = _begin(ax, types)
    counted = {sign: _count(kept[np.sign(kept["sign"]) == sign], types) for sign in (1, -1, 0)}
    norm = Normalize(0, max(LEAST, *(float(grid.max()) for grid in counted.values())))
    texts = _named(kept, types)
    for sign, (colour, words, corners, _) in reversed(SIDES.items()):
        rows, columns = (grid.ravel() for grid in np.indices((len(types),) * 2))
        at = np.stack([columns, rows], axis=1)[:, None, :] + np.array(corners)
        drawn = PolyCollection(
            list(at), array=counted[sign].ravel(), cmap=_scales.towards(colour), norm=norm,
            edgecolors="white", linewidths=0.5, label=words,
        )  # fmt: skip
        ax.add_collection(drawn, autolim=False)
        _tips.attach(drawn, texts)
        bar = _scales.colour_bar(ax, drawn, words, longest=1.2)
        bar.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    every = np.ones((len(types),) * 2, dtype=bool)
    _tiles.squares(ax, every, label="tiles", edge=_tiles.EDGE, width=0.5)
    lines = [*lines, "Upper left: cytokines against the tumour; lower right: for it."]
    if counted[0].any():
        lines.append("Grey squares: cytokines that lean neither way.")
    _finish(ax, types, f"number of links{_WAY}", lines)
    _write_counts(ax, counted, norm)
    _neither(ax, counted[0], texts)
    return ax


def _write_counts(ax: Axes, counted: dict[int, Array], norm: Normalize) -> None:
    """Numbers in the triangles, where they have room."""
    size = min(7.5, 0.26 * min(pitch(ax.xaxis), pitch(ax.yaxis)))
    for sign, (colour, _, _, offset) in SIDES.items():
        dark = _tiles.is_dark(counted[sign], _scales.towards(colour), norm)
        for (row, column), n in np.ndenumerate(counted[sign]):
            if n and size >= 5:
                ax.text(
                    column + offset, row + offset, f"{n:.0f}", ha="center", va="center",
                    fontsize=size, color="white" if dark[row, column] else _colours.INK, zorder=4,
                )  # fmt: skip


def _neither(ax: Axes, counted: Array, texts: list[str]) -> None:
    """Squares where there are links of cytokines that lean neither way."""
    rows, columns = np.nonzero(counted)
    if len(rows):
        drawn = ax.scatter(
            columns, rows, s=max(3.0, 0.2 * pitch(ax.yaxis)) ** 2, marker="s", zorder=3,
            c=_colours.UNDECIDED, edgecolors="white", linewidths=0.5, label="neither",
        )  # fmt: skip
        _tips.attach(drawn, [texts[k] for k in np.flatnonzero(counted).tolist()])


def _matrix(
    ax: Axes | None, values: Array, types: list[str], texts: list[str], value: str, title: str,
    lines: list[str], /,
) -> Axes:  # fmt: skip
    ax = _begin(ax, types)
    colours, norm = _scale(values, value)
    drawn = _tiles.tiles(ax, values, texts, colours=colours, norm=norm)
    _scales.colour_bar(ax, drawn, NAMES[value])
    _finish(ax, types, title, lines)
    numbers = _tiles.short(values, signed=value != "strength", zero="")
    _tiles.numbers(ax, numbers, _tiles.is_dark(values, colours, norm))
    return ax


def _scale(values: Array, value: str) -> tuple[Colormap, Normalize]:
    """Colours of a kind of value, and where they end."""
    most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    if value == "strength":
        return _scales.one_side(), Normalize(0, most)
    if value == "coupling":
        return _scales.both_sides(), Normalize(-1, 1)
    return _scales.leaning(), Normalize(-most, most)


def _begin(ax: Axes | None, types: list[str]) -> Axes:
    beside = _axes.LETTER * min(max(map(len, types)), LONGEST)
    side = max(1.8, _axes.extent(len(types), widest=0.5, narrowest=0.26, most=12))
    ax = _axes.axes_or_new(ax, width=max(4.8, 2.6 + beside + side), height=2.0 + beside + side)
    _tiles.frame(ax, types, types, above=" ")
    return ax


def _finish(ax: Axes, types: list[str], title: str, lines: list[str], /) -> None:
    """Words around the tiles; then places of the layout are taken and names fitted to them."""
    _axes.note(ax, [line for line in lines if line])
    _tiles.frame(ax, types, types, above=title)
    _axes.settle(ax)
    _tiles.frame(ax, types, types, above=title)


def _grid(links: pd.DataFrame, types: list[str], column: str) -> Array:
    """Sources × targets; NaN where there is no row."""
    whole = pd.MultiIndex.from_product([types, types])
    found: Array = (
        links.set_index(["source", "target"])[column].reindex(whole).to_numpy(dtype=np.float64)
    )
    return found.reshape(len(types), len(types))


def _count(links: pd.DataFrame, types: list[str]) -> Array:
    n = links.groupby(["source", "target"]).size().rename("n").reset_index()
    return np.nan_to_num(_grid(n, types, "n"))


def _framed(q: Array, found: NDArray[np.bool_], max_q: float | None) -> list[str]:
    """What frames mean, or why there are none."""
    if max_q is None:
        return []
    if found.any():
        return [f"Framed: q ≤ {max_q:g}."]
    if np.isnan(q).all():
        return ["No link has a q: too few samples."]
    return [f"No link has q of {max_q:g} or less; the smallest is {np.nanmin(q):.2g}."]


def _text(link: pd.Series[Any]) -> str:
    return _words.sentences(
        [
            f"{link['cytokine']}, {link['source']} to {link['target']}: strength "
            + _talk.with_interval(link, "strength", "strength_low", "strength_high"),
            _words.p_value("q", link["q"]),
            *(
                f"{name} {_words.number(link[name])}"
                for name in ("coupling", "contribution")
                if not np.isnan(link.get(name, np.nan))
            ),
            str(link.get("flags", "")),
        ]
    )


def _named(kept: pd.DataFrame, types: list[str]) -> list[str]:
    """Text of every tile: the cytokines of its links by side."""
    by_pair = dict(list(kept.groupby(["source", "target"])))
    return [_listed(a, b, by_pair.get((a, b))) for a in types for b in types]


def _listed(source: str, target: str, links: pd.DataFrame | None) -> str:
    if links is None:
        return f"{source} to {target}: no link"
    parts = []
    for sign, words in ((1, "against the tumour"), (-1, "for it"), (0, "neither")):
        own = links[np.sign(links["sign"]) == sign].sort_values("strength", ascending=False)
        parts.append(f"{words}: {', '.join(own['cytokine'])}" if len(own) else "")
    return _words.sentences([f"{source} to {target}: {len(links)} links", *parts])
