"""Disarm text that a spreadsheet would run as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def disarm(value: object) -> object:
    """Put an apostrophe before text that would run; leave everything else alone.

    Examples
    --------
    >>> disarm("=1+1"), disarm("IL6"), disarm(-1.5)
    ("'=1+1", 'IL6', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_ACTIVE) else value


def safe_for_spreadsheets(frame: pd.DataFrame, index_label: str) -> tuple[pd.DataFrame, str]:
    """Return a copy with text cells, index and header disarmed, and the index label likewise."""
    import pandas as pd

    safe = frame.copy(deep=False)
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        if not _is_plain(column):
            text = [disarm(value) for value in column]
            safe.isetitem(position, pd.Series(text, dtype=object).to_numpy())
    safe.columns = pd.Index([disarm(name) for name in frame.columns], dtype=object)
    if not _is_plain(frame.index):
        safe.index = pd.Index([disarm(name) for name in frame.index], dtype=object)
    return safe, str(disarm(index_label))


def has_carriage_return(frame: pd.DataFrame) -> bool:
    """Tell whether any text holds one: csv writers leave it unquoted, readers start a new row."""
    texts: list[pd.Series | pd.Index] = [frame.columns, frame.index]
    texts += [frame.iloc[:, position] for position in range(frame.shape[1])]
    for text in texts:
        if not _is_plain(text) and any(isinstance(v, str) and "\r" in v for v in text):
            return True
    return False


def _is_plain(values: pd.Series | pd.Index) -> bool:
    """Tell whether a column holds numbers, truth values or times, never text."""
    from pandas.api import types

    return bool(
        types.is_numeric_dtype(values)
        or types.is_bool_dtype(values)
        or types.is_datetime64_any_dtype(values)
    )
