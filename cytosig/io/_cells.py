"""Turn the text of table cells into numbers, strictly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none"})
_COMMA = re.compile(r"[+-]?[\d.]*\d,\d+([eE][+-]?\d+)?")


def parse_row(cells: Sequence[str], columns: Sequence[str], *, where: str) -> NDArray[np.float64]:
    """Return the row's numbers; NaN for empty and NA cells, DataError for other text."""
    import numpy as np

    joined = "".join(cells)
    if joined.isascii() and "_" not in joined:  # float("1_0") is 10 to Python
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass
    pairs = zip(cells, columns, strict=True)
    return np.array([_number(cell, name, where) for cell, name in pairs], dtype=np.float64)


def is_number(text: str) -> bool:
    """Tell whether a cell is a number (NA and the like are not).

    Examples
    --------
    >>> is_number(" 1.5e3"), is_number("1_0"), is_number("NA"), is_number("1,5")
    (True, False, False, False)
    """
    if not text.isascii() or "_" in text or text.strip().lower() in _MISSING:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str, column: str, where: str) -> float:
    if text.strip().lower() in _MISSING:
        return float("nan")
    if is_number(text):
        return float(text)
    place = f"{where}, column {column!r}"
    if _COMMA.fullmatch(text.strip()):
        raise DataError(
            f"{place}: {text!r} has a comma inside the number. Export the table with decimal "
            "points and without thousands separators."
        )
    shown = text if len(text) <= 60 else text[:57] + "..."
    raise DataError(
        f"{place}: {shown!r} is not a number. Correct the cell, or remove the row or column if "
        "it is an annotation."
    )
