"""HDF5's heaps, walked before HDF5 walks them: on a damaged one its library (2.0 too) never ends.

Names and texts of variable length are in heaps, whose entries say how long they are (a global heap)
or where the next free one is (a local heap). A length of zero, or a list that comes back to itself,
keeps the library busy for ever, in a place where no error can be raised and no key interrupts; for
a heap that says it is larger than its file, it takes that much memory first.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING

from cytosig._errors import FileError
from cytosig.io._groups import live_heaps, read_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 512 * 2**20
"""Bytes of a file up to which it is looked through: a quarter of a second."""
_GLOBAL, _LOCAL = re.compile(rb"GCOL\x01\x00{3}"), re.compile(rb"HEAP\x00{4}")
_MAGIC = b"\x89HDF\r\n\x1a\n"
_HEADER, _NONE = 16, 1
_LEAST = 4096  # bytes of a global heap


def check_heaps(path: Path, /) -> None:
    """Refuse a file with a heap that HDF5 could not leave again.

    Raises
    ------
    FileError
        Naming the place in the file.
    """
    if not 0 < path.stat().st_size <= LARGEST:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        base = max(0, held.find(_MAGIC))
        for place in _starts(held, _GLOBAL):
            if not _is_global(held, place):
                raise _damaged(path, place)
        endless = [place for place in _starts(held, _LOCAL) if not _is_local(held, place, base)]
        live = live_heaps(held, base) if endless else set()
        for place in endless:
            if live is None or place in live:  # else a deleted group left it behind
                raise _damaged(path, place)


def _starts(held: mmap.mmap, mark: re.Pattern[bytes]) -> Iterator[int]:
    """Where a heap begins; the bytes after its name hold no chance likeness in other data."""
    return (found.start() for found in mark.finditer(held) if found.end() + 24 <= len(held))


def _is_global(held: mmap.mmap, place: int) -> bool:
    """Whether every entry ends inside the heap, and the next begins after it."""
    stop = place + read_number(held, place + 8)
    if stop - place > len(held):
        return False  # HDF5 would take memory for it before it says so
    if stop - place < _LEAST or stop > len(held):
        return True  # HDF5 says so itself
    place += _HEADER
    while place + _HEADER <= stop:
        number, size = read_number(held, place, 2), read_number(held, place + 8)
        need = _HEADER + -(-size // 8) * 8 if number else size
        if not _HEADER <= need <= stop - place:
            return False
        place += need
    return True


def _is_local(held: mmap.mmap, place: int, base: int) -> bool:
    """Whether the list of its free entries comes to an end."""
    size, free = read_number(held, place + 8), read_number(held, place + 16)
    start = base + read_number(held, place + 24)
    steps = 0
    while free != _NONE:
        if free + _HEADER > size or start + free + _HEADER > len(held):
            return True  # HDF5 says so itself
        if steps * _HEADER > min(size, len(held)):
            return False
        free, steps = read_number(held, start + free), steps + 1
    return True


def _damaged(path: Path, place: int) -> FileError:
    return FileError(
        f"{path} cannot be read: it is damaged (a heap of names at byte {place:,} has no end)."
        " Copy, download or write it again."
    )
