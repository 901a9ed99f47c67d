"""Any matrix as blocks of CSR rows: dense, CSR, CSC, or backed on disk."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from cytosig._errors import DataError
from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_DENSE_BYTES = 32 * 2**20
_SPARSE_ROWS = 1024


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
        matrix = _canonical(matrix)
        return cls(
            start,
            start + matrix.shape[0],
            matrix.indptr.astype(np.int64, copy=False),
            matrix.indices.astype(np.int32, copy=False),
            _floats(matrix.data),
        )


def _canonical(matrix: Any) -> Any:
    """Columns sorted, entries stored twice added up; the caller's matrix stays as it is."""
    if matrix.has_canonical_format:
        return matrix
    matrix = matrix.copy()
    matrix.sum_duplicates()
    return matrix


def _floats(data: NDArray[Any]) -> NDArray[Any]:
    if data.dtype in (np.float32, np.float64):
        return data
    return data.astype(np.float64)


class RowBlocks:
    """Row access to a matrix, block by block, always as CSR.

    Parameters
    ----------
    matrix
        obs × var: numpy array, scipy CSR or CSC, a dask array of either, or an on-disk
        matrix of a backed AnnData.
    chunk_size
        Rows a block; chosen by memory when not given. Results never depend on it.
    """

    def __init__(self, matrix: Any, /, *, chunk_size: int | None = None) -> None:
        if isinstance(matrix, np.matrix):
            matrix = np.asarray(matrix)
        if getattr(matrix, "ndim", 2) != 2:
            raise DataError(f"The matrix has {matrix.ndim} dimension(s); expected obs × var.")
        if np.dtype(matrix.dtype).kind not in "biuf":
            raise DataError(f"The matrix holds {matrix.dtype}; expected numbers.")
        if _is_columnwise(matrix):
            logger.info("Column-wise (CSC) matrix: converted to rows once.")
            matrix = _to_rows(matrix)
        self._matrix = _canonical(matrix) if sp.issparse(matrix) else matrix
        self.shape: tuple[int, int] = (int(matrix.shape[0]), int(matrix.shape[1]))
        dense = not _is_rowwise(matrix)
        rows = _DENSE_BYTES // (8 * max(self.shape[1], 1)) if dense else _SPARSE_ROWS
        self.chunk_size = chunk_size if chunk_size is not None else max(1, rows)

    def __iter__(self) -> Iterator[Block]:
        matrix = self._matrix
        sparse = sp.issparse(matrix)
        for start in range(0, self.shape[0], self.chunk_size):
            stop = min(start + self.chunk_size, self.shape[0])
            yield _view(matrix, start, stop) if sparse else _read(matrix, start, stop)

    def sample(self, n_rows: int = 200, /) -> Block:
        """A spread of at most ``n_rows`` rows, for looking at what the values are."""
        n = self.shape[0]
        picked = np.unique(np.linspace(0, n - 1, min(n, n_rows)).astype(int)) if n else np.arange(0)
        part = self._matrix[picked]
        whole = part.compute() if hasattr(part, "compute") else part
        return Block.from_scipy(0, sp.csr_matrix(_known(whole)))


def _is_columnwise(matrix: Any) -> bool:
    return (sp.issparse(matrix) or not isinstance(matrix, np.ndarray)) and (
        getattr(matrix, "format", "") == "csc"
    )


def _to_rows(matrix: Any) -> Any:
    whole: Any = matrix if sp.issparse(matrix) else matrix[:]
    return whole.tocsr()


def _is_rowwise(matrix: Any) -> bool:
    return getattr(matrix, "format", "") == "csr"


def _view(matrix: Any, start: int, stop: int) -> Block:
    """Rows of an in-memory CSR matrix without copying values."""
    first, last = int(matrix.indptr[start]), int(matrix.indptr[stop])
    indptr = matrix.indptr[start : stop + 1].astype(np.int64) - first
    indices = matrix.indices[first:last].astype(np.int32, copy=False)
    return Block(start, stop, indptr, indices, _floats(matrix.data[first:last]))


def _read(matrix: Any, start: int, stop: int) -> Block:
    part = matrix[start:stop]
    if hasattr(part, "compute"):  # a dask array
        part = part.compute()
    return Block.from_scipy(start, sp.csr_matrix(_known(part)))


def _known(part: Any) -> Any:
    """With numbers that scipy takes: half precision and foreign byte orders are converted."""
    if sp.issparse(part):
        return part
    part = np.asarray(part)
    kind = np.float32 if part.dtype == np.float16 else part.dtype.newbyteorder("=")
    return part.astype(kind, copy=False)


def n_threads(n_jobs: int | None, /) -> int:
    """Threads to use: ``n_jobs``, or every core this process may run on."""
    if n_jobs is not None:
        return max(1, n_jobs)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_each(
    blocks: Iterator[Block], work: Callable[[Block], None], /, *, n_jobs: int | None = None
) -> None:
    """Run ``work`` on every block, several at a time; reading stays in this thread."""
    threads = n_threads(n_jobs)
    if threads == 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending = []
        for block in blocks:
            pending.append(pool.submit(work, block))
            if len(pending) > 2 * threads:
                pending.pop(0).result()
        for job in pending:
            job.result()
