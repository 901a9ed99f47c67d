"""Write a zarr folder wholly or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cytosig._errors import FileError
from cytosig.io._detect import is_zarr_group
from cytosig.io._exchange import exchange
from cytosig.io._leftovers import OLDER, clear_dead, put_aside, temporary
from cytosig.io.atomic import flush_folder, raise_unwritten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def atomic_folder(
    target: str | os.PathLike[str], *, last: Callable[[], None] = lambda: None
) -> Iterator[Path]:
    """Yield a path beside ``target`` for a zarr folder that becomes ``target`` on success.

    The folder is flushed to disk and renamed; with an existing target it exchanges names, in one
    step where the system can. On any exception the new folder is removed and the target stays as
    it was. A symbolic link is followed.

    Parameters
    ----------
    target
        The folder to be written: one that does not exist, or a zarr store.
    last
        Called when all is on disk, just before it takes the target's place.

    Yields
    ------
    Path to make the folder at: ``.{name}.{machine}-{process}-{random}.tmp.zarr`` beside it.

    Raises
    ------
    FileError
        The target is something else, cannot be written to, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with atomic_folder(Path(folder.name, "out.zarr")) as part:
    ...     part.mkdir()
    ...     _ = (part / "zarr.json").write_text("{}")
    >>> [p.name for p in Path(folder.name).iterdir()]
    ['out.zarr']
    >>> folder.cleanup()
    """
    shown, real = os.fspath(target), Path(os.path.realpath(target))
    _check(real, shown)
    clear_dead(real)
    _bring_back(real)
    part = temporary(real, ".tmp.zarr")
    try:
        yield part
        _flush(part, shown)
        last()
        _publish(part, real)
    except OSError as exc:
        raise_unwritten(exc, part, real, shown)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check(real: Path, shown: str) -> None:
    folder = real.parent
    if not folder.is_dir():
        raise FileError(f"{shown} cannot be written: there is no folder {folder}. Make it.")
    if real.exists() and not (real.is_dir() and is_zarr_group(real)):
        raise FileError(f"{shown} is there already and no zarr store; give another name.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"{shown} cannot be written: the folder {folder} is not writable.")
    if real.exists() and not os.access(real, os.W_OK):
        raise FileError(f"{shown} is write-protected; choose another name or allow writing.")


def _flush(part: Path, shown: str) -> None:
    """Have every file on disk, and then the folders that name them."""
    if not part.is_dir():
        raise FileError(f"{shown} was not written: the writer made no folder.")
    for folder, _, files in os.walk(part, topdown=False):
        for name in (*files, "."):
            with suppress(PermissionError):  # some systems cannot flush a folder
                descriptor = os.open(Path(folder, name), os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)


def _publish(part: Path, real: Path) -> None:
    if not real.exists():
        part.rename(real)
    elif not exchange(part, real):
        _put_aside(part, real)
    flush_folder(real.parent)


def _bring_back(real: Path) -> None:
    """See to what a run put aside that was killed before it was done."""
    for older in put_aside(real):
        if real.exists():
            shutil.rmtree(older, ignore_errors=True)
        else:
            older.rename(real)


def _put_aside(part: Path, real: Path) -> None:
    """In two steps: the target is put aside under a name that tells what it is."""
    older = temporary(real, OLDER)
    real.rename(older)
    try:
        part.rename(real)
    except BaseException:
        older.rename(real)
        raise
    shutil.rmtree(older, ignore_errors=True)
