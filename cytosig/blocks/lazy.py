"""Rows that tasks of a dask scheduler read: those of a dask array, or of files workers can open."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from cytosig.blocks.block import Block, joined, runs
from cytosig.blocks.sources import known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.blocks.sources import Rows


def is_lazy(matrix: Any, /) -> bool:
    """Whether it is a dask array."""
    return hasattr(matrix, "dask") and hasattr(matrix, "rechunk")


class Elsewhere(ABC):
    """Rows whose blocks are read by tasks."""

    shape: tuple[int, int]
    usual: int

    @property
    @abstractmethod
    def spans(self) -> tuple[Span, ...]:
        """First and last + 1 row of every block that has rows."""

    @abstractmethod
    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``, read from here."""

    @abstractmethod
    def pick(self, rows: NDArray[np.int64], /) -> Block:
        """Some rows, read from here."""

    @abstractmethod
    def later(self, start: int, stop: int, /) -> Any:
        """The rows of one of the blocks, for a task: they go through :func:`as_block` there."""


class Lazy(Elsewhere):
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
        """The rows of a chunk, as the array's own task has them."""
        return self._matrix[start:stop].to_delayed().ravel()[0]


class Shared(Elsewhere):
    """Files that workers read for themselves, and that are here too.

    Parameters
    ----------
    here
        The rows, as they are read here.
    there
        The same rows, as a worker reads them: it can be pickled.
    spans
        The blocks.
    """

    def __init__(self, here: Rows, there: Rows, spans: tuple[Span, ...], /) -> None:
        from dask.delayed import delayed

        self._here, self._spans = here, spans
        self._there = delayed(there, pure=False, traverse=False)  # sent to each worker once
        self.shape = here.shape
        self.usual = max((stop - start for start, stop in spans), default=1)

    @property
    def spans(self) -> tuple[Span, ...]:
        """First and last + 1 row of every block."""
        return self._spans

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        return self._here.read(start, stop)

    def pick(self, rows: NDArray[np.int64], /) -> Block:
        """Some rows, in their order."""
        return joined(0, [self.read(*span) for span in runs(rows)])

    def later(self, start: int, stop: int, /) -> Any:
        """Who reads the rows, and which."""
        return self._there, start, stop


def as_block(start: int, part: Any, /) -> Block:
    """Rows as a task has them, as a block."""
    if isinstance(part, tuple):
        there, first, last = part
        block: Block = there.read(first, last)
        return block
    return Block.from_scipy(start, sp.csr_matrix(known(part)))
