"""Where results are kept while they come: in memory, or in files that outlive a cut-off run."""

from __future__ import annotations

import json
import os
import re
import shutil
import weakref
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import FileError
from cytosig._log import logger
from cytosig._obs import names_of
from cytosig.engine.claim import NAME as LOCK
from cytosig.engine.claim import claim
from cytosig.engine.held import InFile, InMemory, writing
from cytosig.io import read_arrays

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.engine.outputs import Field

_RUN, _DONE = "run.json", "done.txt"
_LINE = re.compile(rb"(\d{1,18}) (\d{1,18}) (\d{1,10})\n")


class Room:
    """Arrays in memory: the results of a run of ordinary size."""

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on."""

    @property
    def done(self) -> Mapping[Span, int]:
        """Blocks whose results are here already, and the checksums of these."""
        return {}

    def table(self, name: str, n_rows: int, field: Field, /) -> InMemory | InFile:
        """An array of results."""
        del name
        return InMemory(field.empty(n_rows))

    def finished(self, span: Span, checksum: int, /) -> None:
        """Take note that a block's results are in their arrays."""

    def recall(self, name: str, parts: Collection[str], /) -> dict[str, NDArray[Any]] | None:
        """What an earlier run left under a name, if it has these parts and no other."""
        del name, parts
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
        self._claim: weakref.finalize[[int], Folder] | None = None
        self._tables: list[InFile] = []
        self._done: dict[Span, int] = {}

    def claim(self) -> None:
        """Have the folder for this run alone.

        Raises
        ------
        FileError
            When another run has it.
        """
        if self._claim is None or not self._path.exists():
            self._release()
            file = claim(self._path)
            self._claim = None if file is None else weakref.finalize(self, os.close, file)

    def _release(self) -> None:
        if self._claim is not None:
            self._claim()
            self._claim = None

    def open(self, run: Mapping[str, object], /) -> None:
        """Begin a run, told by what its numbers depend on, or go on with it."""
        path, text = self._path, json.dumps(run, default=str, indent=1)
        self.claim()
        with writing(path):
            if not _is_of(path, text):
                _empty(path)
                (path / _RUN).write_text(text, encoding="utf-8")
            self._done = _mended(path / _DONE)
        if self._done:
            logger.info("Going on with a run cut off after %d blocks (%s).", len(self._done), path)

    @property
    def begun(self) -> bool:
        """Whether it holds results that a later run could go on from."""
        return bool(_spans(self._path / _DONE))

    def remove(self) -> None:
        """Delete the folder and what is in it; its arrays are of no use after."""
        _forget(self._path)
        shutil.rmtree(self._path, ignore_errors=True)
        self._release()

    @property
    def done(self) -> Mapping[Span, int]:
        """Blocks whose results are here already, and the checksums of these."""
        return self._done

    def table(self, name: str, n_rows: int, field: Field, /) -> InMemory | InFile:
        """An array of results, in a file unless it is empty."""
        if not n_rows or field.width == 0:
            return InMemory(field.empty(n_rows))
        found = InFile(self._path / name, n_rows, field)
        if found.is_new and self._done:  # a folder that was being removed
            _forget(self._path)
            self._done = {}
        self._tables.append(found)
        return found

    def finished(self, span: Span, checksum: int, /) -> None:
        """Take note that a block's results are in their files."""
        log_file = self._path / _DONE
        with self._lock, writing(self._path), log_file.open("a", encoding="utf-8") as log:
            log.write(f"{span[0]} {span[1]} {checksum}\n")

    def recall(self, name: str, parts: Collection[str], /) -> dict[str, NDArray[Any]] | None:
        """What an earlier run left under a name, if it has these parts and no other."""
        path = self._path / f"{name}.npz"
        if not path.exists():
            return None
        try:
            found = read_arrays(path)
        except FileError as exc:
            logger.warning("%s It is made again.", exc)
            return None
        if set(found) != set(parts):
            logger.warning("%s holds something else than %s: made again.", path, names_of(parts))
            return None
        return found

    def remember(self, name: str, arrays: Mapping[str, NDArray[Any]], /) -> None:
        """Keep something that a later run would have to read all rows for."""
        part, kept = self._path / f"{name}.part", dict[str, Any](arrays)
        with writing(self._path):
            with part.open("wb") as file:
                np.savez(file, **kept)
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


def is_run(path: Path, /) -> bool:
    """Whether a folder holds a run."""
    return (path / _RUN).exists()


def _is_of(path: Path, text: str) -> bool:
    if not is_run(path):
        return False
    same = (path / _RUN).read_bytes() == text.encode()
    if not same:
        logger.warning("%s holds part of a run with other data or settings: begun anew.", path)
    return same


def _empty(path: Path) -> None:
    _forget(path)
    for file in path.iterdir():
        if file.name != LOCK:
            file.unlink()


def _forget(path: Path) -> None:
    """First of all what says that results are here."""
    for name in (_DONE, _RUN):
        (path / name).unlink(missing_ok=True)


def _mended(path: Path) -> dict[Span, int]:
    """What a log says, without lines that are damaged or cut short."""
    found = _spans(path)
    if path.exists():
        lines = (f"{a} {b} {checksum}\n" for (a, b), checksum in sorted(found.items()))
        path.write_text("".join(lines), encoding="utf-8")
    return found


def _spans(path: Path) -> dict[Span, int]:
    """Blocks of a log and their checksums, of the lines that are whole."""
    if not path.exists():
        return {}
    lines = map(_LINE.fullmatch, path.read_bytes().splitlines(keepends=True))
    whole = [tuple(map(int, line.groups())) for line in lines if line is not None]
    return {(start, stop): checksum for start, stop, checksum in whole}
