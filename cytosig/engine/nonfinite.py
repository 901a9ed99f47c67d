"""NaN and infinities: which genes hold them, and where the first one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.engine.passes import collect
from cytosig.engine.prepare import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block, RowBlocks


def nonfinite_columns(blocks: RowBlocks, /, *, n_jobs: int | None = None) -> NDArray[np.bool_]:
    """Columns that hold a NaN or an infinity anywhere."""
    bad = np.zeros(blocks.shape[1], dtype=bool)
    for columns in collect(Rows.as_stored(blocks), _columns, n_jobs=n_jobs):
        bad[columns] = True
    return bad


def _columns(block: Block) -> NDArray[np.int32]:
    return np.unique(block.indices[~np.isfinite(block.data)])


def refuse_nonfinite(blocks: RowBlocks, obs_names: Sequence[str], labels: Sequence[str], /) -> None:
    """Raise a DataError that names the first NaN or infinity, if there is one."""
    found = [first for first in collect(Rows.as_stored(blocks), _first) if first is not None]
    if found:
        row, column, value = min(found)
        n = int(nonfinite_columns(blocks).sum())
        raise DataError(
            f"The matrix holds {value} at observation {str(obs_names[row])!r}, gene"
            f" {labels[column]!r} ({n} gene(s) affected). Impute or remove them, or pass"
            ' nonfinite="drop_genes" to leave those genes out.'
        )


def _first(block: Block) -> tuple[int, int, float] | None:
    wrong = np.flatnonzero(~np.isfinite(block.data))
    if not wrong.size:
        return None
    j = int(wrong[0])
    row = block.start + int(np.searchsorted(block.indptr, j, side="right")) - 1
    return row, int(block.indices[j]), float(block.data[j])
