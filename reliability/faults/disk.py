"""A file system of its own for a folder, small or read-only, where this machine can mount one."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 4096


@functools.cache
def can_mount() -> bool:
    """Whether this process may mount a file system in memory."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder), PAGE):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


@contextlib.contextmanager
def mounted(folder: Path, size: int, /) -> Iterator[None]:
    """The folder on a file system of so many bytes, for a while."""
    folder.mkdir(exist_ok=True)
    _call("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))
    here = Path.cwd()
    try:
        yield
    finally:
        os.chdir(here)
        _call("umount", str(folder))


def leave_room(folder: Path, size: int, /) -> None:
    """Make the file system so large that so many bytes are free."""
    used = os.statvfs(folder)
    total = (used.f_blocks - used.f_bfree) * used.f_frsize + size
    _call("mount", "-o", f"remount,size={total}", str(folder))


def make_read_only(folder: Path, /) -> None:
    """Nothing can be written any more."""
    _call("mount", "-o", "remount,ro", str(folder))


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
