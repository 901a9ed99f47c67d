"""Bytes of a file read and written at a place, by several threads at once."""

from __future__ import annotations

import os
import weakref
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AT_ONCE = hasattr(os, "pread")  # not on Windows, where the file has one place for all
_SEEKING = Lock()


def descriptor(path: Path, owner: object, /, *, write: bool = False) -> int:
    """Open a file for as long as its owner lives."""
    flags = os.O_RDWR if write else os.O_RDONLY
    file = os.open(path, flags | getattr(os, "O_BINARY", 0))
    weakref.finalize(owner, os.close, file)
    return file


def duplicate(file: int, owner: object, /) -> int:
    """A file that is open already, also where another has taken its name since."""
    found = os.dup(file)
    weakref.finalize(owner, os.close, found)
    return found


def read_at(file: int, size: int, offset: int, /) -> bytes:
    """As many bytes as asked for, or fewer at the end; one call of the system gives up to 2 GiB."""
    parts = []
    while size:
        part = _read(file, size, offset)
        if not part:
            break
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write_at(file: int, data: memoryview, offset: int, /) -> None:
    """Write all of the bytes."""
    while data:
        n = _write(file, data, offset)
        data, offset = data[n:], offset + n


def _read(file: int, size: int, offset: int) -> bytes:
    if _AT_ONCE:
        return os.pread(file, size, offset)
    with _SEEKING:
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, size)


def _write(file: int, data: memoryview, offset: int) -> int:
    if _AT_ONCE:
        return os.pwrite(file, data, offset)
    with _SEEKING:
        os.lseek(file, offset, os.SEEK_SET)
        return os.write(file, data)
