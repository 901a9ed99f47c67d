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
    return _each(
        (text.partition("=") for text in given), flag, "NAME=COLUMN, such as stage=ajcc_stage",
        "columns",
    )  # fmt: skip


def overrides(given: Iterable[str], /, *, has_column: bool) -> dict[str, str]:
    """Compartment by label; a label may hold ``=``.

    Raises
    ------
    UsageError
        When one is not LABEL=NAME, a name is not known, a label has two, or there is no column.
    """
    from cytosig.cells import check_overrides

    found = _each(
        (text.rpartition("=") for text in given), "--compartment",
        "LABEL=NAME, such as Mac=myeloid", "compartments",
    )  # fmt: skip
    check_overrides(found)
    if not has_column:
        raise UsageError("--compartment needs --cell-type-key, the column that holds the labels.")
    return found


def _each(
    cut: Iterable[tuple[str, str, str]], flag: str, expected: str, things: str
) -> dict[str, str]:
    """What stands behind the sign by what stands before it; both are there, and once."""
    found: dict[str, str] = {}
    for name, sign, value in cut:
        if not (name and sign and value):
            raise UsageError(f"{flag} {f'{name}{sign}{value}'!r}: expected {expected}.")
        if found.setdefault(name, value) != value:
            raise UsageError(f"{flag} gives {name!r} two {things}; keep one.")
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
