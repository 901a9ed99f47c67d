"""Where results are kept while they come: in memory, or in files that outlive a cut-off run."""

from __future__ import annotations

import json
import mmap
import os
import shutil
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import FileError
from cytosig._log import logger
from cytosig.blocks.offsets import descriptor, write_at
from cytosig.engine.claim import NAME as LOCK
from cytosig.engine.claim import claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.engine.outputs import Field, Job, Seats

_RUN, _DONE = "run.json", "done.txt"


class Held:
    """An array of results in memory."""

    def __init__(self, array: NDArray[Any], /) -> None:
        self.array = array

    def put(self, place: slice, values: NDArray[Any], /) -> None:
        """Take over the results of some observations."""
        self.array[place] = values


class Filed:
    """An array of results in a file, column after column.

    It is written past the memory, and read as a map of the file.
    """

    def __init__(self, path: Path, n_rows: int, field: Field, /) -> None:
        self.path, self._dtype = path, np.dtype(field.dtype)
        self._shape = (n_rows,) if field.width is None else (n_rows, field.width)
        _reserve(path, int(np.prod(self._shape)) * self._dtype.itemsize)
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


class Room:
    """Arrays in memory: the results of a run of ordinary size."""

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on."""

    @property
    def done(self) -> frozenset[Span]:
        """Blocks whose results are here already."""
        return frozenset()

    def table(self, name: str, n_rows: int, field: Field, /) -> Held | Filed:
        """An array of results."""
        del name
        return Held(field.empty(n_rows))

    def finished(self, span: Span, /) -> None:
        """Take note that a block's results are in their arrays."""

    def recall(self, name: str, /) -> dict[str, NDArray[Any]] | None:
        """What an earlier run left under a name."""
        del name
        return None

    def remember(self, name: str, arrays: Mapping[str, NDArray[Any]], /) -> None:
        """Keep something that a later run would have to read all rows for."""

    def let_go(self) -> None:
        """Take no more memory than needed."""

    def place_of(self, values: NDArray[Any], /) -> tuple[Path, int] | None:
        """File and offset where these very values are on disk, if they are."""
        del values
        return None


class Folder(Room):
    """Arrays in files of a folder; what a cut-off run left there is gone on with.

    Parameters
    ----------
    path
        The folder; made where it does not exist. What a run with other data or settings left
        there is thrown away.
    """

    def __init__(self, path: Path, /) -> None:
        self._path, self._lock = path, Lock()
        self._claim: int | None = None
        self._tables: list[Filed] = []
        self._done: frozenset[Span] = frozenset()

    def claim(self) -> None:
        """Have the folder for this run alone.

        Raises
        ------
        FileError
            When another run has it.
        """
        if self._claim is None or not self._path.exists():
            self._release()
            self._claim = claim(self._path)

    def _release(self) -> None:
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on, or go on with it."""
        path, text = self._path, json.dumps(run, sort_keys=True, default=str, indent=1)
        self.claim()
        if not _is_of(path, text):
            _empty(path)
            (path / _RUN).write_text(text, encoding="utf-8")
        self._done = _spans(path / _DONE)
        if self._done:
            logger.info("Going on with a run cut off after %d blocks (%s).", len(self._done), path)

    @property
    def begun(self) -> bool:
        """Whether it holds results that a later run could go on from."""
        return bool(_spans(self._path / _DONE))

    def remove(self) -> None:
        """Delete the folder and what is in it; its arrays are of no use after."""
        shutil.rmtree(self._path, ignore_errors=True)
        self._release()

    @property
    def done(self) -> frozenset[Span]:
        """Blocks whose results are here already."""
        return self._done

    def table(self, name: str, n_rows: int, field: Field, /) -> Held | Filed:
        """An array of results, in a file unless it is empty."""
        if not n_rows or field.width == 0:
            return Held(field.empty(n_rows))
        found = Filed(self._path / name, n_rows, field)
        self._tables.append(found)
        return found

    def finished(self, span: Span, /) -> None:
        """Take note that a block's results are in their files."""
        with self._lock, (self._path / _DONE).open("a", encoding="utf-8") as log:
            log.write(f"{span[0]} {span[1]}\n")

    def recall(self, name: str, /) -> dict[str, NDArray[Any]] | None:
        """What an earlier run left under a name."""
        path = self._path / f"{name}.npz"
        if not path.exists():
            return None
        with np.load(path) as stored:
            return dict(stored)

    def remember(self, name: str, arrays: Mapping[str, NDArray[Any]], /) -> None:
        """Keep something that a later run would have to read all rows for."""
        part = self._path / f"{name}.part"
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        part.replace(self._path / f"{name}.npz")

    def let_go(self) -> None:
        """Leave to the files what has been read into memory."""
        for table in self._tables:
            table.let_go()

    def place_of(self, values: NDArray[Any], /) -> tuple[Path, int] | None:
        """File and offset where these very values are on disk, if they are."""
        for table in self._tables:
            offset = table.offset_of(values)
            if offset is not None:
                return table.path, offset
        return None


class Tables:
    """The arrays that the jobs of a run fill.

    Parameters
    ----------
    jobs, seats
        Who fills them, and with which observations.
    room
        Where they are.
    """

    def __init__(self, jobs: Sequence[Job], seats: Seats, room: Room, /) -> None:
        self._jobs, self._seats, self._room = jobs, seats, room
        self._tables = [
            {
                name: room.table(f"job{k}-{name}", seats.n_rows(job.serves), field)
                for name, field in job.fields.items()
            }
            for k, job in enumerate(jobs)
        ]
        every = [table for tables in self._tables for table in tables.values()]
        self._direct = all(isinstance(table, Held) for table in every)

    @property
    def filled(self) -> list[dict[str, NDArray[Any]]]:
        """The arrays of every job."""
        return [{name: table.array for name, table in own.items()} for own in self._tables]

    @property
    def done(self) -> frozenset[Span]:
        """Blocks that need not be read again."""
        return self._room.done

    @contextmanager
    def open(self, rows: slice, /) -> Iterator[list[dict[str, NDArray[Any]]]]:
        """Slots for the results of some rows: views of the arrays, or put into them after."""
        places = [self._seats.places(rows, job.serves) for job in self._jobs]
        if self._direct:
            yield [
                {name: table.array[place] for name, table in own.items()}
                for own, place in zip(self._tables, places, strict=True)
            ]
            return
        slots = [
            {name: field.empty(place.stop - place.start) for name, field in job.fields.items()}
            for job, place in zip(self._jobs, places, strict=True)
        ]
        yield slots
        self.put(rows, slots)

    def put(self, rows: slice, found: Sequence[Mapping[str, NDArray[Any]]], /) -> None:
        """Take over the results of some rows."""
        for job, own, values in zip(self._jobs, self._tables, found, strict=True):
            place = self._seats.places(rows, job.serves)
            for name, table in own.items():
                table.put(place, values[name])
        self._room.finished((rows.start, rows.stop))


def _is_of(path: Path, text: str) -> bool:
    file = path / _RUN
    if not file.exists():
        return False
    same = file.read_text(encoding="utf-8") == text
    if not same:
        logger.warning("%s holds part of a run with other data or settings: begun anew.", path)
    return same


def _empty(path: Path) -> None:
    for file in path.iterdir():
        if file.name != LOCK:
            file.unlink()


def _spans(path: Path) -> frozenset[Span]:
    """Of a log whose last line may be cut short."""
    if not path.exists():
        return frozenset()
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return frozenset((int(start), int(stop)) for start, stop in whole)


def _reserve(path: Path, size: int) -> None:
    """A file of this size, with its room on the disk, so that none is missing later."""
    try:
        with path.open("a+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
    except OSError as exc:
        raise FileError(
            f"{path.parent} has no room for {size / 1e9:.2f} GB of results: {exc.strerror or exc}."
        ) from exc
