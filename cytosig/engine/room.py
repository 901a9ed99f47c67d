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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.engine.outputs import Field, Job, Seats

_HELD_BYTES = 64 * 2**20  # of results in memory before they are let go of to their files
_RUN, _DONE = "run.json", "done.txt"


class Room:
    """Arrays in memory: the results of a run of ordinary size."""

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on."""

    @property
    def done(self) -> frozenset[Span]:
        """Blocks whose results are here already."""
        return frozenset()

    def array(self, name: str, n_rows: int, field: Field, /) -> NDArray[Any]:
        """An array of results."""
        del name
        return field.empty(n_rows)

    def finished(self, span: Span, n_bytes: int, /) -> None:
        """Take note that a block's results are in their arrays."""

    def recall(self, name: str, /) -> dict[str, NDArray[Any]] | None:
        """What an earlier run left under a name."""
        del name
        return None

    def remember(self, name: str, arrays: Mapping[str, NDArray[Any]], /) -> None:
        """Keep something that a later run would have to read all rows for."""

    def let_go(self) -> None:
        """Take no more memory than needed."""


class Folder(Room):
    """Arrays in files of a folder; what a cut-off run left there is gone on with.

    Parameters
    ----------
    path
        The folder; made where it does not exist. What a run with other data or settings left
        there is thrown away.
    """

    def __init__(self, path: Path, /) -> None:
        self._path, self._lock, self._held = path, Lock(), 0
        self._maps: list[np.memmap[Any, Any]] = []
        self._done: frozenset[Span] = frozenset()

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on, or go on with it."""
        path, text = self._path, json.dumps(run, sort_keys=True, default=str, indent=1)
        path.mkdir(exist_ok=True)
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

    @property
    def done(self) -> frozenset[Span]:
        """Blocks whose results are here already."""
        return self._done

    def array(self, name: str, n_rows: int, field: Field, /) -> NDArray[Any]:
        """An array of results, column after column in a file."""
        shape = (n_rows,) if field.width is None else (n_rows, field.width)
        size = int(np.prod(shape)) * np.dtype(field.dtype).itemsize
        if not size:
            return field.empty(n_rows)
        path = self._path / name
        _reserve(path, size)
        found: np.memmap[Any, Any] = np.memmap(path, field.dtype, "r+", shape=shape, order="F")
        self._maps.append(found)
        return found

    def finished(self, span: Span, n_bytes: int, /) -> None:
        """Take note that a block's results are in their files."""
        with self._lock:
            with (self._path / _DONE).open("a", encoding="utf-8") as log:
                log.write(f"{span[0]} {span[1]}\n")
            self._held += n_bytes
            if self._held < _HELD_BYTES:
                return
            self._held = 0
        self.let_go()

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
        """Leave to the files what is held in memory."""
        for held in self._maps:
            pages = getattr(held, "_mmap", None)
            if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
                pages.madvise(mmap.MADV_DONTNEED)


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
        self._direct = type(room) is Room
        self.filled: list[dict[str, NDArray[Any]]] = [
            {
                name: room.array(f"job{k}-{name}", seats.n_rows(job.serves), field)
                for name, field in job.fields.items()
            }
            for k, job in enumerate(jobs)
        ]

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
                {name: array[place] for name, array in arrays.items()}
                for arrays, place in zip(self.filled, places, strict=True)
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
        n_bytes = 0
        for job, arrays, values in zip(self._jobs, self.filled, found, strict=True):
            place = self._seats.places(rows, job.serves)
            for name, array in arrays.items():
                array[place] = values[name]
                n_bytes += values[name].nbytes
        self._room.finished((rows.start, rows.stop), n_bytes)


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
