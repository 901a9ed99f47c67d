"""Rows of a matrix in CSR form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows [start, stop) in CSR form: sorted int32 columns, float32 or float64 values."""

    start: int
    stop: int
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[Any]

    @property
    def rows(self) -> slice:
        """Where these rows stand in the whole."""
        return slice(self.start, self.stop)

    def to_scipy(self, n_cols: int, /) -> sp.csr_matrix:
        """The same block as a scipy matrix (arrays shared)."""
        shape = (self.stop - self.start, n_cols)
        return sp.csr_matrix((self.data, self.indices, self.indptr), shape=shape)

    def only(self, columns: NDArray[np.bool_] | None, /) -> Block:
        """The values in the marked columns, all others 0; as it is where none are marked."""
        if columns is None:
            return self
        kept = columns[self.indices]
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.indptr]
        return Block(self.start, self.stop, indptr, self.indices[kept], self.data[kept])

    def arrays(
        self, rows: NDArray[np.int64], /
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
        """Row pointer, columns and values of some of the rows, in the order given."""
        if len(rows) == self.stop - self.start and (np.diff(rows) == 1).all():
            return self.indptr, self.indices, self.data
        sizes = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        shift = np.repeat(self.indptr[:-1][rows] - indptr[:-1], sizes)
        picked = np.arange(indptr[-1]) + shift
        return indptr, self.indices[picked], self.data[picked]

    @classmethod
    def from_scipy(cls, start: int, matrix: sp.csr_matrix, /) -> Block:
        """A block from a scipy CSR matrix whose first row is row ``start`` of the whole."""
        matrix = canonical(matrix)
        return cls(
            start,
            start + matrix.shape[0],
            matrix.indptr.astype(np.int64, copy=False),
            matrix.indices.astype(np.int32, copy=False),
            floats(matrix.data),
        )


def joined(start: int, blocks: Sequence[Block], /) -> Block:
    """The rows of several blocks, one after the other, the first of them being row ``start``."""
    sizes = np.concatenate([[0], *(np.diff(block.indptr) for block in blocks)])
    indptr = np.cumsum(sizes).astype(np.int64)
    indices = [np.zeros(0, dtype=np.int32), *(block.indices for block in blocks)]
    data = [block.data for block in blocks] or [np.zeros(0)]
    arrays = np.concatenate(indices), np.concatenate(data)
    return Block(start, start + len(indptr) - 1, indptr, *arrays)


def runs(rows: NDArray[np.int64], /) -> list[Span]:
    """Stretches of rows that follow each other, as first and last + 1."""
    if not rows.size:
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(rows, breaks)]


def canonical(matrix: Any, /) -> Any:
    """Columns sorted, entries stored twice added up; the caller's matrix stays as it is."""
    if matrix.has_canonical_format:
        return matrix
    matrix = matrix.astype(floats(matrix.data[:0]).dtype)  # small integers could overflow
    matrix.sum_duplicates()
    return matrix


def floats(data: NDArray[Any], /) -> NDArray[Any]:
    """Single and double precision as they are, anything else in double."""
    if data.dtype in (np.float32, np.float64):
        return data
    return data.astype(np.float64)
