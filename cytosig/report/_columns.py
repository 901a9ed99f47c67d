"""How the columns of a table are shown: words, alignment, digits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.report._words import Words

_PROBABILITY = re.compile(r"p|q|\w+_p|p_(?!above)\w+|omnibus_q")
_NOTHING = re.compile(r"^-([0.]+)$")
_MOST_DECIMALS = 4
_SIGNIFICANT = 3


@dataclass(frozen=True)
class Column:
    """One column as it is shown.

    Parameters
    ----------
    name
        As it is stored.
    label
        The same, to read.
    help
        What it holds; empty where nobody wrote it down.
    kind
        ``text``, ``number`` or ``probability``.
    decimals
        Of numbers.
    place
        From 1 among the columns that are shown at first; 0 for the others.
    """

    name: str
    label: str
    help: str
    kind: str
    decimals: int
    place: int

    def text(self, value: Any, /) -> str:
        """One cell, to read.

        Examples
        --------
        >>> Column("p", "p", "", "probability", 0, 1).text(0.000123)
        '1.2e-4'
        >>> Column("z", "z", "", "number", 2, 1).text(-1.5)
        '−1.50'
        """
        if _is_missing(value):
            return "–" if self.kind != "text" else ""
        if self.kind == "text":
            return str(value)
        if math.isinf(value):
            return "−∞" if value < 0 else "∞"
        if self.kind == "probability":
            return probability(float(value))
        return _NOTHING.sub(r"\1", f"{value:.{self.decimals}f}").replace("-", "−")


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def probability(value: float, /) -> str:
    """A p or q: two digits, as a power of ten where it is small.

    Examples
    --------
    >>> probability(0.0312), probability(0.5), probability(1.0), probability(0.00002)
    ('0.031', '0.50', '1.0', '2.0e-5')
    """
    if value == 0:
        return "0"
    if value < 0.001:
        digits, _, power = f"{value:.1e}".partition("e")
        return f"{digits}e{int(power)}"
    return f"{value:.{max(1 - math.floor(math.log10(value)), 1)}f}"


def columns_of(frame: pd.DataFrame, words: Words, /) -> tuple[Column, ...]:
    """How the columns of a table are shown; where nothing tells them apart, with alike digits."""
    wanted = [name for name in words.shown if name in frame] or list(map(str, frame.columns))
    places = {name: place for place, name in enumerate(wanted, start=1)}
    found = tuple(
        column_of(str(name), values, help=words.help_of(str(name)), place=places.get(str(name), 0))
        for name, values in frame.items()
    )
    if words.shown:
        return found
    most = max((column.decimals for column in found if column.kind == "number"), default=0)
    return tuple(replace(column, decimals=most) if column.decimals else column for column in found)


def column_of(name: str, values: pd.Series[Any], /, *, help: str, place: int) -> Column:
    """How a column is shown, told from its name and values."""
    from pandas.api import types

    label = re.sub(r"(?<=\w)_(?=\w)", " ", name)
    if types.is_bool_dtype(values) or not types.is_numeric_dtype(values):
        return Column(name, label, help, "text", 0, place)
    if types.is_integer_dtype(values):
        return Column(name, label, help, "number", 0, place)
    if _PROBABILITY.fullmatch(name):
        return Column(name, label, help, "probability", 0, place)
    return Column(name, label, help, "number", _decimals(values.to_numpy(np.float64)), place)


def _decimals(values: np.ndarray[Any, np.dtype[np.float64]], /) -> int:
    """As many as give the largest values three digits."""
    finite = np.abs(values[np.isfinite(values)])
    if not finite.size or (finite == np.round(finite)).all():
        return 0
    largest = float(np.percentile(finite, 95)) or float(finite.max())
    return int(np.clip(_SIGNIFICANT - 1 - math.floor(math.log10(largest)), 0, _MOST_DECIMALS))
