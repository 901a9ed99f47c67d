"""What two runs stored, side by side: which of it is the same, and how far the rest is apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.tl._calls import CALLS, GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

SAME, DIFFERS, MISSING, NEW = "same", "differs", "not made again", "new"
_ASIDE = (CALLS, GIVEN, "versions", "version", "part_of", "looks_like_cells")  # not results


@dataclass(frozen=True)
class Difference:
    """One slot of two runs.

    Parameters
    ----------
    slot
        Where it is stored.
    state
        ``same``, ``differs``, ``not made again`` or ``new``.
    n_values, n_different
        Numbers and words in it, and those that are not the same.
    largest
        The largest difference of two numbers; NaN where none differ.
    detail
        What differs first.
    """

    slot: str
    state: str
    n_values: int = 0
    n_different: int = 0
    largest: float = float("nan")
    detail: str = ""


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], /, *, tolerance: float
) -> Iterator[Difference]:
    """Slot by slot, in the order they were stored."""
    for slot in dict.fromkeys((*before, *after)):
        if slot not in after:
            yield Difference(slot, MISSING)
        elif slot not in before:
            yield Difference(slot, NEW)
        else:
            yield _compared(slot, before[slot], after[slot], tolerance)


def parts(record: Mapping[str, Any], where: str, /) -> Iterator[tuple[str, Any]]:
    """Tables and entries of a record with the names of their slots; no versions, no calls."""
    for name, held in record.items():
        if name not in _ASIDE:
            entry = dict(_leaves(held)) if isinstance(held, Mapping) else held
            yield f"{where}[{name!r}]", entry


def _leaves(node: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, held in node.items():
        if name in _ASIDE:
            continue
        if isinstance(held, Mapping):
            yield from _leaves(held, f"{before}{name}.")
        else:
            yield f"{before}{name}", held


def _compared(slot: str, one: Any, other: Any, tolerance: float) -> Difference:
    try:
        return _difference(slot, one, other, tolerance)
    except (AttributeError, TypeError, ValueError) as exc:  # what is stored may be anything
        return Difference(slot, DIFFERS, detail=f"no table or value of ours: {str(exc)[:80]}")


def _difference(slot: str, one: Any, other: Any, tolerance: float) -> Difference:
    if hasattr(one, "columns") and hasattr(other, "columns"):
        return _of_tables(slot, one, other, tolerance)
    left, right = (_columns(side) for side in (one, other))
    for name in dict.fromkeys((*left, *right)):
        if name not in left or name not in right or left[name].shape != right[name].shape:
            size = sum(values.size for values in left.values())
            sizes = f"{_size(left.get(name))}, now {_size(right.get(name))}"
            return Difference(slot, DIFFERS, size, size, detail=_named("", name, sizes))
    return _of_columns(slot, [(name, left[name], right[name]) for name in left], tolerance)


def _columns(entry: Any) -> dict[str, NDArray[Any]]:
    named = entry if isinstance(entry, dict) else {"": entry}
    return {name: np.atleast_1d(np.asarray(held)) for name, held in named.items()}


def _of_tables(slot: str, one: pd.DataFrame, other: pd.DataFrame, tolerance: float) -> Difference:
    for what in ("columns", "index"):
        mine, theirs = getattr(one, what), getattr(other, what)
        if list(map(str, mine)) != list(map(str, theirs)):
            detail = f"its {what}: {len(mine)}, now {len(theirs)}, or others"
            return Difference(slot, DIFFERS, one.size, one.size, detail=detail)
    columns = [(str(name), one.iloc[:, i], other.iloc[:, i]) for i, name in enumerate(one.columns)]
    return _of_columns(slot, columns, tolerance, rows=one.index)


def _of_columns(
    slot: str,
    columns: list[tuple[str, Any, Any]],
    tolerance: float,
    /,
    *,
    rows: pd.Index[Any] | None = None,
) -> Difference:
    size, count, largest, detail = 0, 0, float("nan"), ""
    for name, one, other in columns:
        wrong, apart = _apart(one, other, tolerance)
        size, count = size + len(wrong), count + int(wrong.sum())
        largest = float(np.fmax(largest, apart))
        if wrong.any() and not detail:
            at = int(wrong.argmax())
            detail = _named("" if rows is None else str(rows[at]), name, _both(one, other, at))
    return Difference(slot, DIFFERS if count else SAME, size, count, largest, detail)


def _apart(one: Any, other: Any, tolerance: float) -> tuple[NDArray[np.bool_], float]:
    """Where two columns differ, and how far at most."""
    import pandas as pd

    left, right = pd.Series(np.asarray(one)), pd.Series(np.asarray(other))
    gaps = left.isna().to_numpy() != right.isna().to_numpy()
    if all(side.dtype.kind in "fiu" for side in (left, right)):
        a, b = left.to_numpy(np.float64), right.to_numpy(np.float64)
        with np.errstate(invalid="ignore"):
            apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
        size = np.where(np.isfinite(b), np.abs(b), 0.0)  # of infinity nothing is near
        wrong = gaps | ~(apart <= tolerance * np.maximum(1.0, size))
        return wrong, float(np.nanmax(apart)) if (apart > 0).any() else float("nan")
    empty = left.isna().to_numpy() & right.isna().to_numpy()
    words = [side.astype(str).to_numpy(dtype=str) for side in (left, right)]
    return gaps | ((words[0] != words[1]) & ~empty), float("nan")


def _named(row: str, column: str, what: str) -> str:
    """Something with the names of the row and column it is in, where these have names."""
    where = ", ".join(name for name in (row, column) if name)
    return f"{where}: {what}" if where else what


def _size(values: NDArray[Any] | None) -> str:
    if values is None:
        return "absent"
    return f"{' × '.join(map(str, values.shape))} value{'' if values.size == 1 else 's'}"


def _both(one: Any, other: Any, row: int) -> str:
    """A value then and now, of numbers as many digits as tell them apart."""
    then, now = (np.asarray(column)[row] for column in (one, other))
    if all(isinstance(value, float | np.floating) for value in (then, now)):
        shown = [(f"{then:.{digits}g}", f"{now:.{digits}g}") for digits in range(6, 18)]
        left, right = next((pair for pair in shown if pair[0] != pair[1]), shown[-1])
    else:
        left, right = str(then)[:40], str(now)[:40]
    return f"{left}, now {right}"
