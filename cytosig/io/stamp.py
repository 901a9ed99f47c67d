"""What tells that a file, or a folder of files, is still as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def stamp(path: Path, /) -> tuple[int, int]:
    """Size in bytes, and when the newest of it was written, in nanoseconds.

    Raises
    ------
    OSError
        When it is not there.
    """
    own = path.stat()
    inside = [file.stat() for file in path.rglob("*")] if path.is_dir() else []
    size = own.st_size + sum(stat.st_size for stat in inside)
    return size, max(stat.st_mtime_ns for stat in (own, *inside))
