"""What tells that a file, or a folder of files, is still as it was."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from stat import S_ISDIR
from typing import TYPE_CHECKING, Protocol

from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def stamp(path: Path, /) -> tuple[int, int]:
    """Size in bytes, and when it was written, in nanoseconds.

    Of a folder: all bytes in it, and a number that is another one if any file in it has another
    name, size or time.

    Raises
    ------
    OSError
        When it is not there.
    """
    own = path.stat()
    if not path.is_dir():
        return own.st_size, own.st_mtime_ns
    told = sorted(_files(os.fspath(path), ""))
    number = hashlib.blake2b(repr(told).encode(), digest_size=8).digest()
    return sum(size for _, size, _ in told), int.from_bytes(number)


def _files(folder: str, name: str) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of each; a chunked store may hold 100,000."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{name}{entry.name}/")
                continue
            stat = entry.stat()
            if not S_ISDIR(stat.st_mode):
                yield f"{name}{entry.name}", stat.st_size, stat.st_mtime_ns


class Check(Protocol):
    """Makes sure that files are still what they were."""

    def __call__(self, cause: BaseException | None = None, /) -> None:
        """DataError where they are not, which may have been the cause of another error."""


def watched(*paths: Path) -> Check:
    """Take note of what files are, for a check later on."""
    before = [_seen(path) for path in paths]

    def check(cause: BaseException | None = None, /) -> None:
        for path, then in zip(paths, before, strict=True):
            if _seen(path) != then:
                raise DataError(
                    f"{path} was changed, replaced or removed while it was read. Let what writes it"
                    " come to its end, then run again."
                ) from cause

    return check


@contextmanager
def holding(check: Check, /) -> Iterator[None]:
    """Check after something has been made of files, and also where that has failed."""
    try:
        yield
    except Exception as exc:
        check(exc)
        raise
    check()


@contextmanager
def unchanged(*paths: Path) -> Iterator[None]:
    """Refuse what is made of files that another program changes meanwhile.

    Raises
    ------
    DataError
        When one of them is no longer the file that it was.
    """
    with holding(watched(*paths)):
        yield


def _seen(path: Path) -> tuple[int, ...] | None:
    """What tells a file from one that was put in its place; None where there is none."""
    try:
        return (*stamp(path), path.stat().st_ino)
    except OSError:
        return None
