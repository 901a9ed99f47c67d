"""Rows of a dask array: its own chunks are the blocks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from cytosig.blocks.block import Block
from cytosig.blocks.sources import known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks.block import Span


def is_lazy(matrix: Any, /) -> bool:
    """Whether it is a dask array."""
    return hasattr(matrix, "dask") and hasattr(matrix, "rechunk")


class Lazy:
    """A dask array, in chunks of whole rows."""

    def __init__(self, matrix: Any, /) -> None:
        whole_rows = matrix.shape[1] == matrix.chunks[1][0] if matrix.chunks[1] else True
        self._matrix = matrix if whole_rows else matrix.rechunk({1: -1})
        self.shape = (int(matrix.shape[0]), int(matrix.shape[1]))
        self.usual = max(self._matrix.chunks[0], default=1)

    @property
    def spans(self) -> tuple[Span, ...]:
        """First and last + 1 row of every chunk that has rows."""
        edges = np.concatenate([[0], np.cumsum(self._matrix.chunks[0])]).tolist()
        return tuple((a, b) for a, b in itertools.pairwise(edges) if b > a)

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``, computed here."""
        return as_block(start, self._matrix[start:stop].compute())

    def pick(self, rows: NDArray[np.int64], /) -> Block:
        """Some rows, computed here at once."""
        return as_block(0, self._matrix[rows].compute()) if rows.size else self.read(0, 0)

    def later(self, start: int, stop: int, /) -> Any:
        """The same rows as a task: what comes of it goes through :func:`as_block`."""
        return self._matrix[start:stop].to_delayed().ravel()[0]


def as_block(start: int, part: Any, /) -> Block:
    """Rows as dask has them, as a block."""
    return Block.from_scipy(start, sp.csr_matrix(known(part)))
