"""One-dimensional arrays on disk, read a stretch at a time by several threads at once.

HDF5 inflates under one lock for the whole process, with a slow inflate. Chunks that it compressed
with gzip, or not at all, are therefore read past it: it says where in the file they are.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np
from isal import isal_zlib

from cytosig._errors import CytosigError, FileError
from cytosig.blocks.offsets import descriptor, duplicate, read_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

_BadStream = cast("type[Exception]", isal_zlib.error)
_SHUFFLE, _GZIP = 2, 1  # HDF5's numbers of the filters
_KEPT_BYTES = 64 * 2**20  # of chunks that two blocks share
_KEPT = 8


class Line(Protocol):
    """A one-dimensional array on disk."""

    dtype: np.dtype[Any]

    def read(self, start: int, stop: int, /) -> NDArray[Any]:
        """Elements from ``start`` to before ``stop``."""


class Slices:
    """Any array that can be sliced: HDF5's or zarr's own reading."""

    def __init__(self, array: Any, /) -> None:
        self._array = array
        self.dtype = np.dtype(array.dtype)

    def read(self, start: int, stop: int, /) -> NDArray[Any]:
        """Elements from ``start`` to before ``stop``."""
        with reading(self._array):
            return np.asarray(self._array[start:stop])


class RawFile:
    """Elements one after the other in a file of their own, or in part of one."""

    def __init__(
        self, path: Path, dtype: np.dtype[Any], /, *, offset: int = 0, opened: int | None = None
    ) -> None:
        self.dtype, self._offset, self._path = dtype, offset, path
        self._file = descriptor(path, self) if opened is None else duplicate(opened, self)

    def read(self, start: int, stop: int, /) -> NDArray[Any]:
        """Elements from ``start`` to before ``stop``."""
        size = self.dtype.itemsize
        offset = self._offset + start * size
        raw = _bytes(self._file, (stop - start) * size, offset, self._path)
        return np.frombuffer(raw, self.dtype)


class _Place(NamedTuple):
    """Where a chunk is in the file."""

    offset: int
    size: int


class Chunks:
    """A chunked HDF5 dataset whose chunks are read from the file itself."""

    def __init__(self, dataset: h5py.Dataset, places: list[_Place], /) -> None:
        self.dtype = np.dtype(dataset.dtype)
        self._length = int(dataset.shape[0])
        self._chunk = int(dataset.chunks[0])
        self._gzip, self._shuffle = dataset.compression == "gzip", bool(dataset.shuffle)
        self._path, self._places = Path(dataset.file.filename), places
        self._file = duplicate(dataset.file.id.get_vfd_handle(), self)
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._most = max(1, min(_KEPT, _KEPT_BYTES // (self._chunk * self.dtype.itemsize)))
        self._lock = Lock()

    def read(self, start: int, stop: int, /) -> NDArray[Any]:
        """Elements from ``start`` to before ``stop``."""
        out = np.empty(stop - start, dtype=self.dtype)
        for number in range(start // self._chunk, -(-stop // self._chunk)):
            first = number * self._chunk
            last = min(first + self._chunk, self._length)
            lo, hi = max(first, start), min(last, stop)
            whole = lo == first and hi == last
            values = self._decoded(number) if whole else self._shared(number)
            out[lo - start : hi - start] = values[lo - first : hi - first]
        return out

    def _shared(self, number: int) -> NDArray[Any]:
        """A chunk that neighbouring blocks need too, kept for them."""
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        values = self._decoded(number)
        with self._lock:
            self._kept[number] = values
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return values

    def _decoded(self, number: int) -> NDArray[Any]:
        place, n_bytes = self._places[number], self._chunk * self.dtype.itemsize
        raw = _bytes(self._file, place.size, place.offset, self._path)
        if self._gzip:
            try:
                raw = isal_zlib.decompress(raw, bufsize=n_bytes)
            except _BadStream as exc:
                raise _damaged(self._path, str(exc)) from exc
        if len(raw) != n_bytes:
            raise _damaged(self._path, f"a chunk holds {len(raw)} bytes, not {n_bytes}")
        if not self._shuffle:
            return np.frombuffer(raw, self.dtype)
        planes = np.frombuffer(raw, np.uint8).reshape(self.dtype.itemsize, self._chunk)
        return np.ascontiguousarray(planes.T).reshape(-1).view(self.dtype)


def line(array: Any, /) -> Line:
    """The quickest way to read a one-dimensional HDF5 dataset or zarr array."""
    if not _is_plain_hdf5(array):
        return Slices(array)
    if array.chunks is None:
        offset = array.id.get_offset()
        if offset is None:
            return Slices(array)
        opened = array.file.id.get_vfd_handle()
        return RawFile(Path(array.file.filename), array.dtype, offset=offset, opened=opened)
    places = _places(array)
    return Slices(array) if places is None else Chunks(array, places)


def _is_plain_hdf5(array: Any) -> bool:
    """An HDF5 dataset of numbers that nobody is writing to, in a file on this machine."""
    import h5py

    return (
        isinstance(array, h5py.Dataset)
        and array.dtype.kind in "iufb"
        and hasattr(os, "pread")
        and array.file.mode == "r"
        and array.file.driver == "sec2"
        and array.file.userblock_size == 0
        and not array.is_virtual
        and array.external is None
    )


def filters_of(dataset: h5py.Dataset, /) -> list[int]:
    """Numbers of the filters that HDF5 puts a dataset's chunks through, in order."""
    filters = dataset.id.get_create_plist()
    return [filters.get_filter(i)[0] for i in range(filters.get_nfilters())]


def _places(dataset: h5py.Dataset) -> list[_Place] | None:
    """Where each chunk is; None where HDF5 has to read them itself."""
    used = filters_of(dataset)
    if used not in ([], [_GZIP], [_SHUFFLE, _GZIP]) or not hasattr(dataset.id, "chunk_iter"):
        return None
    found: dict[int, _Place] = {}
    skipped = 0

    def note(chunk: Any) -> None:
        nonlocal skipped
        skipped += chunk.filter_mask != 0
        number = chunk.chunk_offset[0] // dataset.chunks[0]
        found[number] = _Place(chunk.byte_offset, chunk.size)

    dataset.id.chunk_iter(note)
    n = -(-dataset.shape[0] // dataset.chunks[0])
    if skipped or len(found) != n:  # chunks never written hold the fill value
        return None
    return [found[number] for number in range(n)]


def _bytes(file: int, size: int, offset: int, path: Path) -> bytes:
    if size > os.fstat(file).st_size:  # said by the file: not to be asked of the memory
        raise _damaged(path, "a part of it is to be larger than all of it")
    found = read_at(file, size, offset)
    if len(found) < size:
        raise _damaged(path, "it is cut short")
    return found


@contextmanager
def reading(array: Any, /) -> Iterator[None]:
    """What reading an array of an HDF5 or zarr file trips over is the file's fault: FileError."""
    try:
        yield
    except CytosigError:
        raise
    except Exception as exc:  # h5py, zarr and their codecs raise almost anything
        if (place := place_of(array)) is None:  # in memory, or of another library
            raise
        raise _damaged(place, f"it is damaged ({' '.join(str(exc).split())[:200]})") from exc


def place_of(array: Any, /) -> object | None:
    """The HDF5 file or zarr folder an array or group is in, if it is in one."""
    own = getattr(getattr(array, "file", None), "filename", None)
    return getattr(array, "store_path", None) if own is None else own


def path_of(matrix: Any, /) -> Path | None:
    """The file or folder on this machine that a matrix is in, if it is in one."""
    place = place_of(getattr(matrix, "group", matrix))
    path = None if place is None else Path(str(place).removeprefix("file://"))
    return path if path is not None and path.exists() else None


def _damaged(path: object, why: str) -> FileError:
    return FileError(f"{path} cannot be read: {why}. Copy, download or write it again.")
