"""Row access to any matrix, block by block, always as CSR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from cytosig._errors import DataError
from cytosig._log import logger
from cytosig.blocks.block import joined, runs
from cytosig.blocks.chain import Chain
from cytosig.blocks.columns import stored_rows
from cytosig.blocks.lazy import Elsewhere, Lazy, is_lazy
from cytosig.blocks.sources import Held, Slabs, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cytosig.blocks.block import Block, Span
    from cytosig.blocks.sources import Source
    from cytosig.blocks.watch import Watch


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
    watch
        Is told of every pass over the rows.
    only
        Columns to read; all others are 0 in every block. All are read when None.
    """

    def __init__(
        self,
        matrix: Any,
        /,
        *,
        chunk_size: int | None = None,
        watch: Watch | None = None,
        only: NDArray[np.bool_] | None = None,
    ) -> None:
        self.watch, self.only = watch, only
        if isinstance(matrix, np.matrix):
            matrix = np.asarray(matrix)
        if getattr(matrix, "ndim", 2) != 2:
            raise DataError(f"The matrix has {matrix.ndim} dimension(s); expected obs × var.")
        if np.dtype(matrix.dtype).kind not in "biuf":
            raise DataError(f"The matrix holds {matrix.dtype}; expected numbers.")
        self._source = source_of(matrix)
        self.shape = self._source.shape
        self.spans = _spans(self._source, chunk_size)
        self._samples: dict[int, Block] = {}

    @property
    def lazy(self) -> Elsewhere | None:
        """What tasks of a dask scheduler read, if the rows are such."""
        return self._source if isinstance(self._source, Elsewhere) else None

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``; safe in several threads at once."""
        return self._source.read(start, stop).only(self.only)

    def __iter__(self) -> Iterator[Block]:
        for span in self.spans:
            yield self.read(*span)

    def sample(self, n_rows: int = 200, /) -> Block:
        """A spread of at most ``n_rows`` rows, for looking at what the values are; read once."""
        if n_rows not in self._samples:
            self._samples[n_rows] = self._read_sample(n_rows)
        return self._samples[n_rows]

    def _read_sample(self, n_rows: int) -> Block:
        n = self.shape[0]
        picked = np.unique(np.linspace(0, n - 1, min(n, n_rows)).astype(int)) if n else np.arange(0)
        if self.lazy is not None:
            return self.lazy.pick(picked).only(self.only)
        return joined(0, [self.read(*span) for span in runs(picked)])


def source_of(matrix: Any, /) -> Source:
    """The way to read this kind of matrix."""
    if isinstance(own := getattr(matrix, "source", None), Chain | Elsewhere):
        return own
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


def _spans(source: Source, size: int | None) -> tuple[Span, ...]:
    if isinstance(source, Elsewhere):
        return source.spans
    if isinstance(source, Chain):
        return source.spans(size)
    n, size = source.shape[0], size or source.usual
    return tuple((start, min(start + size, n)) for start in range(0, n, size))
