"""Arrays of results while they come, in memory or in a file."""

from __future__ import annotations

import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import FileError
from cytosig.blocks.offsets import descriptor, write_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cytosig.engine.outputs import Field

_HOPE = "Free some space, or choose an output elsewhere."


class InMemory:
    """An array of results in memory."""

    def __init__(self, array: NDArray[Any], /) -> None:
        self.array = array

    def put(self, place: slice, values: NDArray[Any], /) -> None:
        """Take over the results of some observations."""
        self.array[place] = values


class InFile:
    """An array of results in a file, column after column.

    It is written past the memory, and read as a map of the file.
    """

    def __init__(self, path: Path, n_rows: int, field: Field, /) -> None:
        self.path, self._dtype = path, np.dtype(field.dtype)
        self._shape = (n_rows,) if field.width is None else (n_rows, field.width)
        size = int(np.prod(self._shape)) * self._dtype.itemsize
        self.is_new = not path.exists() or path.stat().st_size != size
        _reserve(path, size)
        self._file = descriptor(path, self, write=True)
        self._map: np.memmap[Any, Any] | None = None

    @property
    def array(self) -> NDArray[Any]:
        """All of it; what is changed there stays in memory."""
        if self._map is None:
            self._map = np.memmap(self.path, self._dtype, "c", shape=self._shape, order="F")
        return self._map

    def put(self, place: slice, values: NDArray[Any], /) -> None:
        """Take over the results of some observations."""
        if not len(values):
            return
        size = self._dtype.itemsize
        columns = np.ascontiguousarray(values.T, dtype=self._dtype).reshape(-1, len(values))
        for k, column in enumerate(columns):
            write_at(self._file, column.data.cast("B"), (k * self._shape[0] + place.start) * size)

    def offset_of(self, values: NDArray[Any], /) -> int | None:
        """Where in the file values are that are part of the map; None for any others."""
        if self._map is None or not values.flags.c_contiguous:
            return None
        offset = values.ctypes.data - self._map.ctypes.data
        inside = 0 <= offset <= self._map.nbytes - values.nbytes
        return offset if inside and values.dtype == self._dtype else None

    def let_go(self) -> None:
        """Leave to the file what has been read into memory."""
        pages = getattr(self._map, "_mmap", None)
        if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            pages.madvise(mmap.MADV_DONTNEED)


def _reserve(path: Path, size: int) -> None:
    """A file of this size, with its room on the disk, so that none is missing later."""
    try:
        with path.open("a+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
    except OSError as exc:
        raise FileError(
            f"{path.parent} has no room for {size:,} bytes of results: {exc.strerror or exc}."
            f" {_HOPE}"
        ) from exc


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong is the disk's fault."""
    try:
        yield
    except OSError as exc:
        raise FileError(
            f"{path}, which holds results while they come, cannot be written to:"
            f" {exc.strerror or exc}. {_HOPE}"
        ) from exc
