"""Options of the form NAME=VALUE, read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def control(text: str, /) -> tuple[str, str]:
    """Column and value; a value may hold ``=``.

    Raises
    ------
    UsageError
        When one of them is missing.
    """
    column, sign, value = text.partition("=")
    if not (column and sign and value):
        raise UsageError(f"--control {text!r}: expected COLUMN=VALUE, such as group=normal.")
    return column, value


def columns(given: Iterable[str], flag: str, /) -> dict[str, str]:
    """Column by name; a column may hold ``=``.

    Raises
    ------
    UsageError
        When one is not NAME=COLUMN, or a name has two columns.

    Examples
    --------
    >>> columns(["stage=tumour stage"], "--context")
    {'stage': 'tumour stage'}
    """
    found: dict[str, str] = {}
    for text in given:
        name, sign, column = text.partition("=")
        if not (name and sign and column):
            raise UsageError(f"{flag} {text!r}: expected NAME=COLUMN, such as stage=ajcc_stage.")
        if found.setdefault(name, column) != column:
            raise UsageError(f"{flag} gives {name!r} two columns; keep one.")
    return found


def overrides(given: Iterable[str], /, *, has_column: bool) -> dict[str, str]:
    """Compartment by label; a label may hold ``=``.

    Raises
    ------
    UsageError
        When one is not LABEL=NAME, a name is not known, a label has two, or there is no column.
    """
    from cytosig.cells import check_overrides

    found: dict[str, str] = {}
    for text in given:
        label, sign, name = text.rpartition("=")
        if not (label and sign and name):
            raise UsageError(f"--compartment {text!r}: expected LABEL=NAME, such as Mac=myeloid.")
        if found.setdefault(label, name) != name:
            raise UsageError(f"--compartment gives {label!r} two compartments; keep one.")
    check_overrides(found)
    if not has_column:
        raise UsageError("--compartment needs --cell-type-key, the column that holds the labels.")
    return found


def settings(given: Iterable[str], /) -> dict[str, dict[str, float]]:
    """Numbers by method and name.

    Raises
    ------
    UsageError
        When one is not METHOD.NAME=NUMBER, or a setting has two values.

    Examples
    --------
    >>> settings(["ucell.max_rank=1000", "aucell.top=0.1"])
    {'ucell': {'max_rank': 1000}, 'aucell': {'top': 0.1}}
    """
    found: dict[str, dict[str, float]] = {}
    for text in given:
        left, sign, value = (part.strip() for part in text.partition("="))
        method, dot, name = left.partition(".")
        if not (method and dot and name and sign and value):
            raise UsageError(
                f"--set {text!r}: expected METHOD.NAME=VALUE, such as ucell.max_rank=1000."
            )
        number = _number(text, value)
        own = found.setdefault(method, {})
        if name in own and own[name] != number:
            raise UsageError(f"--set gives {left} two values; keep one.")
        own[name] = number
    return found


def _number(text: str, value: str) -> float:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(value)
    raise UsageError(f"--set {text!r}: {value!r} is not a number.")
