"""A folder that one run has for itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cytosig._errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lock"


def claim(folder: Path, /) -> int | None:
    """Make the folder if need be and lock it for this process, until it ends or the lock is closed.

    Returns
    -------
    The lock's file descriptor; None on systems without such locks.

    Raises
    ------
    FileError
        When another run has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        _make(folder)
        return None
    while True:
        _make(folder)
        path = folder / NAME
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # removed a moment ago
            continue
        except OSError as exc:
            raise _unusable(folder, exc) from exc
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as exc:
            os.close(file)
            raise FileError(
                f"Another run is writing to {folder}. Wait for it, or give another output."
            ) from exc
        except OSError:  # a file system without locks
            os.close(file)
            return None
        if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
            return file
        os.close(file)  # of a folder that its run has just removed


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as exc:
        raise _unusable(folder, exc) from exc


def _unusable(folder: Path, exc: OSError) -> FileError:
    return FileError(
        f"{folder}, which is to hold results while they come, cannot be made:"
        f" {exc.strerror or exc}. Choose an output in a folder that you may write to and that has"
        " room."
    )
