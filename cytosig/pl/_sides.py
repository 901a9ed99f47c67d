"""Strips beside the rows of a heat map: a colour and a mark for what obs says of each.

Imports matplotlib, so import it inside the functions that draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import Normalize, to_rgb
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import ScaledTranslation

from cytosig._errors import UsageError
from cytosig.pl import _colours, _scales, _tips, _words
from cytosig.pl._ticks import pitch, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    Colour = tuple[float, float, float]

MOST = 24  # values of a column
NONE, MISSING = "no value", "x"
NUMBERS = "#54278f"  # the highest of a column of numbers
_WIDE, _GAP = 0.15, 0.06  # inches
_LINE = 10.5  # points, of the key
_LETTER, _HANDLE = 0.056, 0.36  # inches of the key
_LONGEST = 20  # letters of a name


class Side:
    """One column of obs: what stands in every row, in which colour and mark."""

    def __init__(self, name: str, values: pd.Series[Any]) -> None:
        import pandas as pd

        self.name = name
        self.empty = values.isna().to_numpy(dtype=bool)
        numeric = pd.api.types.is_numeric_dtype(values) and values.nunique() > 1
        if numeric and not pd.api.types.is_bool_dtype(values):
            self._numbers(values.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            self._labels(values)

    def _numbers(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        scale = Normalize(np.nanmin(values), np.nanmax(values))
        self.colours = [_shade(scale(v)) for v in values]
        self.markers = [MISSING if empty else "" for empty in self.empty]
        self.texts = [NONE if np.isnan(v) else _words.number(v, signed=False) for v in values]
        self.key = [
            (_words.number(float(scale.inverse(end)), signed=False), _shade(end), "")
            for end in (0.0, 0.5, 1.0)
        ]
        self._name_missing()

    def _labels(self, values: pd.Series[Any]) -> None:
        import pandas as pd

        found = pd.Categorical(values).remove_unused_categories()
        levels = [str(level) for level in found.categories]
        if len(levels) > MOST:
            raise UsageError(
                f"annotate: obs[{self.name!r}] has {len(levels)} values, and a strip shows {MOST};"
                " name a column of groups, or one of numbers."
            )
        places = found.codes.tolist()
        self.colours = [to_rgb(_colours.of_group(place)) for place in places]
        self.markers = [MISSING if k < 0 else _colours.marker_of(k) for k in places]
        self.texts = [levels[place] if place >= 0 else NONE for place in places]
        self.key = [
            (level, to_rgb(_colours.of_group(place)), _colours.marker_of(place))
            for place, level in enumerate(levels)
        ]
        self._name_missing()

    def _name_missing(self) -> None:
        if self.empty.any():
            self.key.append((NONE, (1.0, 1.0, 1.0), MISSING))


def _shade(share: float) -> Colour:
    """Colour of a number between the lowest (0) and the highest (1)."""
    return to_rgb(_scales.towards(NUMBERS)(0.15 + 0.85 * float(share)))


def sides_of(columns: Mapping[str, pd.Series[Any]], order: Sequence[int], /) -> list[Side]:
    """Strips with their rows in the order drawn."""
    return [Side(name, values.iloc[list(order)]) for name, values in columns.items()]


def width(n: int, /) -> float:
    """Inches of so many strips."""
    return n * _WIDE + _GAP if n else 0.0


def height(sides: Sequence[Side], across: float, /) -> float:
    """Inches of the key over a heat map ``across`` inches wide."""
    return sum(_rows_of_key(side, across) for side in sides) * _LINE / 72 + 0.05 * bool(sides)


def draw(ax: Axes, sides: Sequence[Side], names: Sequence[str], n_columns: int, /) -> None:
    """Strips right of the last column, inside the axes, and their key above."""
    if not sides:
        return
    inches = ax.get_window_extent().width / ax.figure.dpi
    cell = max(inches - width(len(sides)), 0.2 * inches) / n_columns
    wide, first = _WIDE / cell, n_columns - 0.5 + _GAP / cell
    places = [first + (k + 0.5) * wide for k in range(len(sides))]
    for place, side in zip(places, sides, strict=True):
        _strip(ax, side, place, 0.86 * wide, names)
    ax.set_xlim(-0.5, first + len(sides) * wide)
    labels = [plain(side.name, _LONGEST) for side in sides]
    ax.set_xticks(places, labels, minor=True, rotation=90, fontsize=7)
    ax.tick_params(axis="x", which="minor", length=0)
    above = 0.0
    for side in reversed(sides):
        above += _key(ax, side, inches, above)


def _strip(ax: Axes, side: Side, place: float, wide: float, names: Sequence[str]) -> None:
    tips = [f"{name}: {side.name} {text}" for name, text in zip(names, side.texts, strict=True)]
    for row, (colour, empty) in enumerate(zip(side.colours, side.empty, strict=True)):
        face = "none" if empty else colour
        cell = Rectangle((place - wide / 2, row - 0.5), wide, 1, facecolor=face, linewidth=0)
        _tips.attach(ax.add_patch(cell), [tips[row]])
    size = float(np.clip(0.55 * pitch(ax.yaxis), 1.5, 4.5)) ** 2
    for marker in dict.fromkeys(filter(None, side.markers)):
        rows = [row for row, own in enumerate(side.markers) if own == marker]
        marks = ax.scatter(
            [place] * len(rows), rows, s=size, c=[_ink(side.colours[row]) for row in rows],
            marker=marker, zorder=3, linewidths=0.8 if marker == MISSING else 0,
        )  # fmt: skip
        _tips.attach(marks, [tips[row] for row in rows])


def _ink(colour: Colour) -> str:
    """White on what is dark, dark on what is pale."""
    return "white" if np.dot(colour, (0.299, 0.587, 0.114)) < 0.55 else _colours.INK


def _rows_of_key(side: Side, inches: float) -> int:
    return -(-(1 + len(side.key)) // _columns_of_key(side, inches))


def _columns_of_key(side: Side, inches: float) -> int:
    words = [side.name, *(text for text, *_ in side.key)]
    longest = min(max(map(len, words)), _LONGEST)
    return max(1, min(1 + len(side.key), int(inches / (longest * _LETTER + _HANDLE))))


def _key(ax: Axes, side: Side, inches: float, above: float, /) -> float:
    """A legend ``above`` points over the axes; its height."""
    name = plain(side.name, _LONGEST)
    handles: list[Artist | tuple[Artist, ...]] = [Patch(facecolor="none")]
    labels = [f"{name}:"]
    for text, colour, marker in side.key:
        mark = Line2D([], [], linestyle="", marker=marker or "", markersize=3.5)
        mark.set(color=_ink(colour), markeredgewidth=0.8 if marker == MISSING else 0)
        handles.append((Patch(facecolor=colour), mark))
        labels.append(plain(text, _LONGEST))
    place = ax.transAxes + ScaledTranslation(0, above / 72, ax.figure.dpi_scale_trans)
    key = Legend(
        ax, handles, labels, loc="lower left", bbox_to_anchor=(0, 1), bbox_transform=place,
        ncols=_columns_of_key(side, inches), frameon=False, fontsize=7, borderaxespad=0.3,
        borderpad=0, columnspacing=1.0, handlelength=1.0, handletextpad=0.4, labelspacing=0.3,
    )  # fmt: skip
    ax.add_artist(key)
    key.set_clip_on(False)  # a layout passes over what is clipped
    return _rows_of_key(side, inches) * _LINE
