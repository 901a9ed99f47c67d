"""Temporary files beside an output: who writes them, and which of them nobody writes any more."""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDER = ".old.zarr"
"""Suffix of a folder that was put aside while another takes its name."""

_LONGEST = 210  # bytes of a name, so that what is put around it fits


def temporary(real: Path, suffix: str, /) -> Path:
    """Name a hidden file in the same folder, hence on the same file system.

    It tells the machine and the process that write it: ``.{name}.{machine}-{process}-{random}``,
    and the suffix.
    """
    owner = f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    return real.with_name(f".{_shown(real)}.{owner}{suffix}")


def clear_dead(real: Path, /) -> None:
    """Remove what processes of this machine left of this file when they were killed."""
    for path, machine, process in _left(real):
        if machine == _machine() and not _is_running(process):
            _remove(path)


def put_aside(real: Path, /) -> list[Path]:
    """What is left of this folder where a process of this machine was killed as it replaced it."""
    return [
        path
        for path, machine, process in _left(real, OLDER)
        if machine == _machine() and not _is_running(process)
    ]


def clear_leftovers(target: str | os.PathLike[str], /) -> None:
    """Remove the temporary files of runs that were killed while they wrote ``target``.

    For whoever knows that no other machine is writing there now.
    """
    for path, machine, process in _left(Path(os.path.realpath(target))):
        if machine != _machine() or not _is_running(process):
            _remove(path)


def _left(real: Path, suffix: str = "") -> Iterator[tuple[Path, str, int]]:
    """Temporary files of this target, whoever writes them."""
    start, end = f".{_shown(real)}.", re.escape(suffix) or r"\.tmp(\.\w+)*"
    mine = re.compile(re.escape(start) + r"([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}" + end)
    with suppress(OSError), os.scandir(real.parent) as entries:
        for name in [entry.name for entry in entries if entry.name.startswith(start)]:
            if found := mine.fullmatch(name):
                yield real.with_name(name), found[1], int(found[2])


def _shown(real: Path) -> str:
    name = os.fsencode(real.name)
    fits = len(name) + len(os.fsencode(real.suffix)) < _LONGEST
    return real.name if fits else f"long-{zlib.crc32(name):08x}"


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def _machine() -> str:
    """What tells the processes of this machine, or container, from those of others."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it leads nowhere
    return f"{zlib.crc32(f'{platform.node()} {space}'.encode()):08x}"


def _is_running(process: int) -> bool:
    if os.name != "posix":  # to ask would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
