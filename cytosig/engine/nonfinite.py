"""Values that cannot be: NaN, infinities, those beyond all measure, negative ones among counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from cytosig._errors import DataError
from cytosig.engine.passes import collect
from cytosig.engine.prepare import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block, RowBlocks

    Names = tuple[Any, Any]  # of observations and of columns, by their number

LARGEST = 1e70  # of a value: fourth powers are added up


def no_number(values: NDArray[Any], /) -> NDArray[np.bool_]:
    """Whether each value is NaN, infinite, or so large that its powers would be."""
    if values.dtype.kind != "f" or values.dtype.itemsize <= 4:  # none of these reaches so far
        return np.asarray(~np.isfinite(values))
    return np.asarray(~(np.abs(values) <= LARGEST))


def nonfinite_columns(blocks: RowBlocks, /, *, n_jobs: int | None = None) -> NDArray[np.bool_]:
    """Columns that hold a value that is no number anywhere."""
    bad = np.zeros(blocks.shape[1], dtype=bool)
    for columns in collect(Rows.as_stored(blocks), _columns, n_jobs=n_jobs):
        bad[columns] = True
    return bad


def _columns(block: Block) -> NDArray[np.int32]:
    return np.unique(block.indices[no_number(block.data)])


def refuse_nonfinite(blocks: RowBlocks, obs_names: Sequence[str], labels: Sequence[str], /) -> None:
    """Raise a DataError that names the first value that is no number, if there is one."""
    found = [first for first in collect(Rows.as_stored(blocks), _first) if first is not None]
    if found:
        row, column, value = min(found)
        n = int(nonfinite_columns(blocks).sum())
        raise DataError(
            f"The matrix holds {value} at observation {str(obs_names[row])!r}, gene"
            f" {labels[column]!r} ({n} gene(s) affected). Impute or remove them, or pass"
            ' nonfinite="drop_genes" to leave those genes out.'
        )


def refuse_negative(rows: RowBlocks, n: int, high: float, names: Names | None, /) -> NoReturn:
    """Raise a DataError that names the first of ``n`` negative values."""
    found = [one for one in collect(Rows.as_stored(rows), partial(_first, wrong=_negative)) if one]
    row, column, value = min(found)
    where = ""
    if names is not None:
        where = f" at observation {str(names[0][row])!r}, gene {str(names[1][column])!r}"
    raise DataError(
        f"The matrix holds {value:g}{where} ({n:,} negative value(s)) and values up to {high:g}:"
        " neither counts nor logarithms nor contrasts are like that. Set what stands for nothing to"
        " 0, or pass layer= with counts or logarithms."
    )


def _negative(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(values < 0)


def _first(
    block: Block, wrong: Callable[[NDArray[Any]], NDArray[np.bool_]] = no_number
) -> tuple[int, int, float] | None:
    found = np.flatnonzero(wrong(block.data))
    if not found.size:
        return None
    j = int(found[0])
    row = block.start + int(np.searchsorted(block.indptr, j, side="right")) - 1
    return row, int(block.indices[j]), float(block.data[j])
