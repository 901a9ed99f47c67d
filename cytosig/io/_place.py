"""Columns that are in files already, copied into an h5ad file by the operating system."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from cytosig._errors import FileError
from cytosig.io._results import put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    PlaceOf = Callable[[NDArray[Any]], "tuple[Path, int] | None"]

_AT_ONCE = 2**24  # bytes, where the operating system has no call for it


class _Move(NamedTuple):
    """Bytes of a file that belong to a place in another."""

    source: Path
    start: int
    size: int
    place: int


class Columns:
    """Puts columns into an HDF5 file: at once, or once it is closed if they are in a file.

    Parameters
    ----------
    place_of
        File and offset of values that are on disk as they are; None for others.
    """

    def __init__(self, place_of: PlaceOf, /) -> None:
        self._place_of = place_of
        self._moves: list[_Move] = []

    def put(self, group: Any, name: str, values: NDArray[Any], /) -> None:
        """Write a column, or keep a place for it."""
        found = self._place_of(values)
        place = None if found is None else _allocate(group, name, values)
        if found is None or place is None:
            put(group, name, values)
        else:
            self._moves.append(_Move(*found, values.nbytes, place))

    def move(self, target: Path, /) -> None:
        """Fill the places kept; the file is closed."""
        paths = {move.source for move in self._moves}
        sources = {path: os.open(path, os.O_RDONLY) for path in paths}
        file = os.open(target, os.O_WRONLY)
        try:
            for move in self._moves:
                _copy(sources[move.source], file, move)
        finally:
            for one in (file, *sources.values()):
                os.close(one)


def _allocate(group: Any, name: str, values: NDArray[Any]) -> int | None:
    """An array of this size as anndata writes it, its values to come; where they belong."""
    import h5py

    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    how.set_obj_track_times(False)  # no clock in the bytes
    space, kind = h5py.h5s.create_simple(values.shape), h5py.h5t.py_create(values.dtype)
    made = h5py.h5d.create(group.id, name.encode(), kind, space, how)
    place = made.get_offset()
    if place is None:
        del group[name]
        return None
    group[name].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    return int(place)


def _copy(source: int, target: int, move: _Move) -> None:
    start, size, place = move.start, move.size, move.place
    while size:
        n = _copy_some(source, target, start, size, place)
        if not n:
            raise FileError(f"{move.source} is cut short; run again.")
        start, size, place = start + n, size - n, place + n


def _copy_some(source: int, target: int, start: int, size: int, place: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            n = os.copy_file_range(source, target, size, start, place)
        except OSError:  # two file systems, or one that cannot
            n = 0
        if n:
            return n
    os.lseek(source, start, os.SEEK_SET)
    os.lseek(target, place, os.SEEK_SET)
    return os.write(target, os.read(source, min(size, _AT_ONCE)))
