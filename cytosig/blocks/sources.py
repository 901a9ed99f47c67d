"""Where rows come from: each kind of matrix with its own way to read some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import scipy.sparse as sp

from cytosig._errors import FileError
from cytosig.blocks.block import Block, canonical, floats
from cytosig.blocks.stored import line, place_of, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks.stored import Line

_DENSE_BYTES = 32 * 2**20
_TALLEST_BYTES = 8 * _DENSE_BYTES  # of a block that keeps to the chunks of a file
_SPARSE_ROWS = 1024
_VALUES = 2**21  # a block of rows on disk: far more than a chunk, far less than the memory


class Rows(Protocol):
    """A matrix that gives rows."""

    shape: tuple[int, int]

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``; safe in several threads at once."""


class Source(Rows, Protocol):
    """One that knows how many to give at once."""

    usual: int  # rows a block, where nobody asks for another number


class Held:
    """A CSR matrix in memory; blocks share its values."""

    usual = _SPARSE_ROWS

    def __init__(self, matrix: Any, /) -> None:
        self._matrix = canonical(matrix)
        self.shape = _shape(matrix)

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        matrix = self._matrix
        first, last = int(matrix.indptr[start]), int(matrix.indptr[stop])
        indptr = matrix.indptr[start : stop + 1].astype(np.int64) - first
        indices = matrix.indices[first:last].astype(np.int32, copy=False)
        return Block(start, stop, indptr, indices, floats(matrix.data[first:last]))


class Stored:
    """A CSR matrix on disk: row pointers in memory, columns and values read when needed."""

    def __init__(
        self, indptr: NDArray[np.int64], indices: Line, data: Line, shape: tuple[int, int], /
    ) -> None:
        self._indptr, self._indices, self._data = indptr, indices, data
        self.shape = shape
        mean = max(1.0, float(indptr[-1]) / max(shape[0], 1))
        self.usual = max(1, min(int(_VALUES / mean), 16 * _SPARSE_ROWS))

    @classmethod
    def of(cls, matrix: Any, /) -> Stored:
        """From anndata's view of a sparse group of an HDF5 or zarr file."""
        group, indptr = matrix.group, pointers_of(matrix)
        with reading(group):
            return cls(indptr, line(group["indices"]), line(group["data"]), _shape(matrix))

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        indptr = self._indptr[start : stop + 1]
        first, last = int(indptr[0]), int(indptr[-1])
        data, indices = self._data.read(first, last), self._indices.read(first, last)
        if indices.size and not 0 <= indices.min() <= indices.max() < self.shape[1]:
            raise FileError(
                f"A row from {start} to {stop} of the sparse matrix on disk has a value in column"
                f" {int(indices.max())} of {self.shape[1]}; the file is damaged. Copy or write it"
                " again."
            )
        shape = (stop - start, self.shape[1])
        arrays = (known(data), indices.astype(np.int32, copy=False), indptr - first)
        return Block.from_scipy(start, sp.csr_matrix(arrays, shape=shape))


class Slabs:
    """A dense matrix in memory or on disk, or any other that gives rows when sliced."""

    def __init__(self, matrix: Any, /) -> None:
        self._matrix = matrix
        self.shape = _shape(matrix)
        row = 8 * max(self.shape[1], 1)
        self.usual = max(1, _DENSE_BYTES // row)
        chunks = getattr(matrix, "chunks", None)
        tall = chunks[0] if chunks and isinstance(chunks[0], int) else 1
        if tall * row <= _TALLEST_BYTES:  # a chunk is read once, not once a block
            self.usual = max(1, round(self.usual / tall)) * tall

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        with reading(self._matrix):
            part = self._matrix[start:stop]
        return Block.from_scipy(start, sp.csr_matrix(known(part)))


def pointers_of(matrix: Any, /) -> NDArray[np.int64]:
    """Row (or column) pointers of a sparse matrix on disk.

    Raises
    ------
    FileError
        When they do not fit its shape, or the columns and values that are there.
    """
    group = matrix.group
    with reading(group):
        indptr = np.asarray(group["indptr"][:]).astype(np.int64)
        lengths = {group["data"].shape[0], group["indices"].shape[0], *indptr[-1:].tolist()}
    lines = matrix.shape[0] if matrix.format == "csr" else matrix.shape[1]
    ordered = len(indptr) == lines + 1 and indptr[0] == 0 and (indptr[1:] >= indptr[:-1]).all()
    if not ordered or len(lengths) != 1:
        raise FileError(
            f"{place_of(group)}, {group.name}: the sparse matrix is inconsistent (its row pointers,"
            " columns and values disagree); the file is damaged. Copy or write it again."
        )
    return indptr


def known(part: Any, /) -> Any:
    """With numbers that scipy takes: half precision and foreign byte orders are converted."""
    if sp.issparse(part):
        return part
    part = np.asarray(part)
    kind = np.float32 if part.dtype == np.float16 else part.dtype.newbyteorder("=")
    return part.astype(kind, copy=False)


def _shape(matrix: Any) -> tuple[int, int]:
    return int(matrix.shape[0]), int(matrix.shape[1])
