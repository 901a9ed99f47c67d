"""Moments of a run, told by what it does to files, and what happens then."""

from __future__ import annotations

import os
import resource
import signal
import sys
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import h5py

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Signature
    from pathlib import Path

Asked, Found = ParamSpec("Asked"), TypeVar("Found")

_EVENTS = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.chmod",
}  # fmt: skip
_EXCHANGES = ("renameat2", "renamex_np")
_CALLS = ("fsync", "pwrite", "posix_fallocate", "copy_file_range", "sendfile")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Moment:
    """When something happens to a run; never, where nothing is given.

    Parameters
    ----------
    operation
        Before this operation that changes a file or folder, the first being 1.
    reading
        Before this operation that reads an input.
    seconds
        After so many seconds of the clock.
    size
        When a file is about to grow beyond so many bytes: the system itself ends the process.
    """

    operation: int = 0
    reading: int = 0
    seconds: float = 0.0
    size: int = 0

    def __str__(self) -> str:
        if self.size:
            return f"a file at {self.size} bytes"
        if self.seconds:
            return f"{self.seconds:.3f} s"
        return f"reading {self.reading}" if self.reading else f"operation {self.operation}"


def _before(
    call: Callable[Asked, Found], count: Callable[[Mapping[str, Any]], None], /
) -> Callable[Asked, Found]:
    """The call, counted first; the count is told of arguments by name where they have one."""
    known = _signature(call)

    @wraps(call)
    def _counted(*args: Asked.args, **kwargs: Asked.kwargs) -> Found:
        count({} if known is None else known.bind(*args, **kwargs).arguments)
        return call(*args, **kwargs)

    return _counted


def _signature(call: Callable[..., Any]) -> Signature | None:
    """None of what is compiled and says nothing of its arguments."""
    try:
        return signature(call)
    except ValueError:
        return None


class Counter:
    """Counts what this process does to files below a folder, and acts at a moment.

    Nothing is forced to the disk: a process that is killed leaves what it has written to the
    system.

    Attributes
    ----------
    operations, readings
        How many there were: changes of files and folders, readings of files.
    turns
        The operations by which one name takes another's place.
    """

    def __init__(self, place: Path, moment: Moment, act: int | Callable[[], None], /) -> None:
        self._place, self._moment, self._act = f"{os.path.realpath(place)}/", moment, act
        self._counting = False
        self.operations = self.readings = 0
        self.turns: list[int] = []

    def begin(self) -> None:
        """Listen, and set the limit of the size."""
        if self._moment.size:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._moment.size, most))
        os.fsync = lambda _: None
        for name in _CALLS:
            if hasattr(os, name):
                setattr(os, name, _before(getattr(os, name), lambda _: self._operation()))
        os.pread = _before(os.pread, lambda _: self._reading())
        self._listen_to_hdf5()
        sys.addaudithook(self._hear)
        self._counting = True

    def end(self) -> None:
        """Count no more."""
        self._counting = False

    def _listen_to_hdf5(self) -> None:
        """HDF5 opens and writes files unheard."""
        h5py.File.__init__ = _before(h5py.File.__init__, self._opening)
        for kind, name in (
            (h5py.Group, "create_dataset"), (h5py.Group, "create_group"), (h5py.File, "close"),
            (h5py.h5d, "create"), (h5py.AttributeManager, "create"),
        ):  # fmt: skip
            setattr(kind, name, _before(getattr(kind, name), lambda _: self._operation()))

    def _opening(self, given: Mapping[str, Any]) -> None:
        self._reading() if given.get("mode", "r") == "r" else self._operation()

    def _hear(self, event: str, what: tuple[Any, ...]) -> None:
        if not self._counting:
            return
        if event == "ctypes.dlsym" and what[1] in _EXCHANGES:
            self._turn()
        elif (event in _EVENTS or event == "open") and self._is_inside(what[0]):
            if event == "open" and not (what[2] or 0) & _WRITING:
                self._reading()
            elif event == "os.rename":
                self._turn()
            else:
                self._operation()

    def _is_inside(self, path: object) -> bool:
        if not isinstance(path, str | os.PathLike):
            return False
        return os.path.join(os.getcwd(), path).startswith(self._place)  # noqa: PTH109, PTH118 - unheard

    def _turn(self) -> None:
        """One name is about to take another's place."""
        self.turns.append(self.operations + 1)
        self._operation()

    def _operation(self) -> None:
        if self._counting:
            self.operations += 1
            if self.operations == self._moment.operation:
                self._do()

    def _reading(self) -> None:
        if self._counting:
            self.readings += 1
            if self.readings == self._moment.reading:
                self._do()

    def _do(self) -> None:
        if callable(self._act):
            self._counting = False
            self._act()
            self._counting = True
        else:
            os.kill(os.getpid(), self._act)
