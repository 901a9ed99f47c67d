"""Rows of one or several stores as one matrix, read here or by workers that see the same files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from anndata.abc import CSRDataset  # type: ignore[import-untyped,unused-ignore]

from cytosig._errors import FileError, UsageError
from cytosig.blocks.chain import Chain, Reordered
from cytosig.blocks.lazy import Shared
from cytosig.blocks.rows import source_of
from cytosig.io._detect import detect
from cytosig.io.lazy import matrix_in, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.blocks.sources import Source

_VALUES = 2**22  # read by a task at once
_OPEN = 64  # matrices a worker keeps open


class FileRows(CSRDataset):  # type: ignore[misc,unused-ignore]
    """Rows of one or several matrices; AnnData takes it for a sparse matrix on disk.

    Parameters
    ----------
    parts
        The matrices, of the same genes.
    source
        How their rows are read.
    """

    format = "csr"

    def __init__(self, parts: Sequence[Any], source: Chain | Shared, /) -> None:
        self.parts, self.source = tuple(parts), source
        self.shape = source.shape
        self.dtype = np.result_type(*(part.dtype for part in parts))

    def to_memory(self) -> Any:
        """All rows, as a scipy matrix."""
        return self.source.read(0, self.shape[0]).to_scipy(self.shape[1])

    def __getitem__(self, index: Any) -> Any:
        return self.to_memory()[index]


@dataclass(frozen=True)
class Part:
    """A matrix of an open store.

    Parameters
    ----------
    matrix
        As AnnData has it.
    path, element
        The store and the matrix inside it, such as ``layers/counts``.
    order
        Where each of its genes goes; None where they stay.
    """

    matrix: Any
    path: Path
    element: str
    order: NDArray[np.int64] | None = None


def rows_here(parts: Sequence[Part], /) -> FileRows:
    """Rows that this process reads."""
    matrices = [part.matrix for part in parts]
    return FileRows(matrices, _chain_of(map(source_of, matrices), parts))


def rows_there(parts: Sequence[Part], /, *, chunk_size: int | None = None) -> FileRows:
    """Rows that workers of a cluster read, ``chunk_size`` at once.

    Raises
    ------
    UsageError
        When a matrix is stored by columns.
    """
    for part in parts:
        if getattr(part.matrix, "format", "csr") != "csr":
            raise UsageError(
                f"{part.path}, {part.element} is stored by columns (CSC), and every worker would"
                " have to turn it into rows: store it as CSR, or leave --scheduler out."
            )
    matrices = [part.matrix for part in parts]
    here = _chain_of(map(source_of, matrices), parts)
    there = _chain_of(map(_There, parts), parts)
    spans = here.spans(chunk_size or _usual(parts))
    return FileRows(matrices, Shared(here, there, spans))


def close_there() -> None:
    """Let go of the files a worker keeps open."""
    _source.cache_clear()


def _chain_of(sources: Iterable[Source], parts: Sequence[Part]) -> Chain:
    """The sources, each with its genes in the order of the first."""
    pairs = zip(sources, parts, strict=True)
    return Chain([one if p.order is None else Reordered(one, p.order) for one, p in pairs])


def _usual(parts: Sequence[Part]) -> int:
    """Rows that hold about as many values as a task should read."""
    n_rows = sum(part.matrix.shape[0] for part in parts)
    n_values = sum(_n_values(part.matrix) for part in parts)
    return max(1, int(_VALUES * n_rows / max(n_values, 1)))


def _n_values(matrix: Any) -> int:
    group = getattr(matrix, "group", None)
    return int(np.prod(matrix.shape) if group is None else group["data"].shape[0])


class _There:
    """A matrix of a store, opened from its path wherever this is sent."""

    usual = 1

    def __init__(self, part: Part, /) -> None:
        self.shape = (int(part.matrix.shape[0]), int(part.matrix.shape[1]))
        self._path, self._element = str(part.path.resolve()), part.element

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        return _source(self._path, self._element, _stamp(self._path)).read(start, stop)


def _stamp(path: str) -> tuple[int, int]:
    """When the file was written; a folder's own time will do."""
    try:
        stat = Path(path).stat()
    except OSError as exc:
        raise FileError(
            f"{path} cannot be opened by a worker: {exc.strerror or exc}. Give a path that all"
            " workers see."
        ) from exc
    return stat.st_size, stat.st_mtime_ns


@lru_cache(_OPEN)
def _source(path: str, element: str, stamp: tuple[int, int]) -> Source:
    """Kept open from one block to the next."""
    del stamp
    return _Open(Path(path), element)


class _Open:
    """A matrix of a store that is open as long as this object lives."""

    def __init__(self, path: Path, element: str, /) -> None:
        self._context = opened(path, detect(path))
        store = self._context.__enter__()
        self._source = source_of(matrix_in(store[element], f"{path}, {element}"))
        self.shape, self.usual = self._source.shape, self._source.usual

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        return self._source.read(start, stop)
