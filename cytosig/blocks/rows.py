"""Row access to any matrix, block by block, always as CSR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from cytosig._errors import DataError
from cytosig._log import logger
from cytosig.blocks.block import Block
from cytosig.blocks.columns import stored_rows
from cytosig.blocks.lazy import Lazy, is_lazy
from cytosig.blocks.sources import Held, Slabs, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.blocks.block import Span
    from cytosig.blocks.sources import Source


class RowBlocks:
    """Row access to a matrix, block by block, always as CSR.

    Parameters
    ----------
    matrix
        obs × var: numpy array, scipy CSR or CSC, a dask array of either, or an on-disk
        matrix (HDF5 or zarr) of a backed AnnData.
    chunk_size
        Rows a block; chosen by memory when not given. Results never depend on it. A dask array
        keeps its own chunks.
    """

    def __init__(self, matrix: Any, /, *, chunk_size: int | None = None) -> None:
        if isinstance(matrix, np.matrix):
            matrix = np.asarray(matrix)
        if getattr(matrix, "ndim", 2) != 2:
            raise DataError(f"The matrix has {matrix.ndim} dimension(s); expected obs × var.")
        if np.dtype(matrix.dtype).kind not in "biuf":
            raise DataError(f"The matrix holds {matrix.dtype}; expected numbers.")
        self._source = _source(matrix)
        self.shape = self._source.shape
        size = self._source.usual if chunk_size is None else chunk_size
        self.spans = _spans(self._source, size)

    @property
    def lazy(self) -> Lazy | None:
        """The dask array behind the rows, if there is one."""
        return self._source if isinstance(self._source, Lazy) else None

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``; safe in several threads at once."""
        return self._source.read(start, stop)

    def __iter__(self) -> Iterator[Block]:
        for span in self.spans:
            yield self.read(*span)

    def sample(self, n_rows: int = 200, /) -> Block:
        """A spread of at most ``n_rows`` rows, for looking at what the values are."""
        n = self.shape[0]
        picked = np.unique(np.linspace(0, n - 1, min(n, n_rows)).astype(int)) if n else np.arange(0)
        if self.lazy is not None:
            return self.lazy.pick(picked)
        return _joined([self.read(*span) for span in _runs(picked)])


def _source(matrix: Any) -> Source:
    """The way to read this kind of matrix."""
    if is_lazy(matrix):
        return Lazy(matrix)
    layout = getattr(matrix, "format", "")
    if sp.issparse(matrix):
        if layout != "csr":
            logger.info("Column-wise (%s) matrix: converted to rows once.", layout.upper())
        rows: Any = matrix
        return Held(rows.tocsr())
    if isinstance(matrix, np.ndarray) or not hasattr(matrix, "group"):
        return Slabs(matrix)
    return Stored.of(matrix) if layout == "csr" else stored_rows(matrix)


def _spans(source: Source, size: int) -> tuple[Span, ...]:
    if isinstance(source, Lazy):
        return source.spans
    n = source.shape[0]
    return tuple((start, min(start + size, n)) for start in range(0, n, size))


def _runs(rows: np.ndarray[Any, np.dtype[np.int64]]) -> list[Span]:
    """Stretches of rows that follow each other."""
    if not rows.size:
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(rows, breaks)]


def _joined(blocks: list[Block]) -> Block:
    """The rows of several blocks, one after the other."""
    sizes = np.concatenate([[0], *(np.diff(block.indptr) for block in blocks)])
    indptr = np.cumsum(sizes).astype(np.int64)
    indices = [np.zeros(0, dtype=np.int32), *(block.indices for block in blocks)]
    data = [block.data for block in blocks] or [np.zeros(0)]
    return Block(0, len(indptr) - 1, indptr, np.concatenate(indices), np.concatenate(data))
