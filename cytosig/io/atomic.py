"""Write a file wholly or not at all, and never over an input."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cytosig._errors import FileError, UsageError
from cytosig.io._leftovers import clear_dead, temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Numbers of errors that say that there is no more room."""

_INPUT_PARTS = ("matrix.mtx", "features.tsv", "genes.tsv", "barcodes.tsv")


@contextmanager
def atomic_path(
    target: str | os.PathLike[str], *, last: Callable[[], None] = lambda: None
) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that becomes ``target`` on success.

    The temporary file is flushed to disk and moved over the target in one step. On any
    exception, an interrupt included, it is removed and an existing target stays as it was.
    What an earlier process left when it was killed is removed. A symbolic link is followed: the
    file it points to is replaced, not the link.

    Parameters
    ----------
    target
        The file to be written. Its folder must exist.
    last
        Called when all is on disk, just before it takes the target's place.

    Yields
    ------
    Path to write to: ``.{name}.{machine}-{process}-{random}.tmp{suffix}`` in the target's folder.

    Raises
    ------
    FileError
        The folder is missing or not writable, the target is not a regular file, the disk is
        full, or nothing was written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with atomic_path(Path(folder.name, "scores.tsv")) as part:
    ...     _ = part.write_text("done")
    >>> [p.name for p in Path(folder.name).iterdir()]
    ['scores.tsv']
    >>> folder.cleanup()
    """
    shown = os.fspath(target)
    real = Path(os.path.realpath(target))
    _check_target(real, shown)
    clear_dead(real)
    part = temporary(real, f".tmp{_suffix(real)}")
    try:
        yield part
        _publish(part, real, shown, last)
    except OSError as exc:
        raise_unwritten(exc, part, real, shown)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _check_target(real: Path, shown: str) -> None:
    folder = real.parent
    try:
        if not folder.is_dir():
            raise FileError(f"{shown} cannot be written: there is no folder {folder}. Make it.")
        if real.is_dir():
            raise FileError(f"{shown} is a folder; give the name of a file in it.")
        if real.exists() and not stat.S_ISREG(real.stat().st_mode):
            raise FileError(f"{shown} is a device or a pipe; give the name of a regular file.")
    except OSError as exc:
        raise FileError(f"{shown} cannot be written: {exc.strerror or exc}.") from exc
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"{shown} cannot be written: the folder {folder} is not writable.")
    if real.exists() and not os.access(real, os.W_OK):
        raise FileError(f"{shown} is write-protected; choose another name or allow writing.")


def _suffix(real: Path) -> str:
    return "".join(real.suffixes[-2:] if real.suffix == ".gz" else real.suffixes[-1:])


def raise_unwritten(exc: OSError, part: Path, real: Path, shown: str, /) -> NoReturn:
    """Say that a target could not be written, unless it is another file's trouble."""
    if isinstance(exc.filename, str) and exc.errno not in FULL:  # copying names the source
        named = Path(exc.filename)
        if named not in (real, real.parent) and not named.is_relative_to(part):
            raise exc
    raise FileError(
        f"{shown} could not be written: {why(exc)}. No part of it was left behind; free some space"
        " or choose another place."
    ) from exc


def why(exc: BaseException, /) -> str:
    """What the system said, where HDF5 hands it on among other things; else all that was said."""
    found = re.search(r"error message = '([^']+)'", str(exc))
    return found[1] if found else getattr(exc, "strerror", None) or " ".join(str(exc).split())[:200]


def _publish(part: Path, real: Path, shown: str, last: Callable[[], None]) -> None:
    if not part.is_file():
        raise FileError(f"{shown} was not written: the writer made no file.")
    if real.exists():
        shutil.copymode(real, part)
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    last()
    part.replace(real)
    flush_folder(real.parent)


def flush_folder(folder: Path, /) -> None:
    """Have the names in a folder on disk."""
    with suppress(OSError):  # some file systems cannot flush a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_output(path: str | os.PathLike[str], *, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse an output that is one of the inputs, under whatever name.

    Parameters
    ----------
    path
        The file to be written.
    inputs
        Files and folders that are read: links and hard links are seen through; so are the files
        of a 10x folder and everything inside a zarr store.

    Raises
    ------
    UsageError
        The output is, or lies inside, an input.

    Examples
    --------
    >>> check_output("scores.tsv", inputs=["cells.h5ad"])
    >>> check_output("./cells.h5ad", inputs=["cells.h5ad"])
    Traceback (most recent call last):
        ...
    cytosig._errors.UsageError: The output ./cells.h5ad is the input cells.h5ad. ...
    """
    output = Path(os.path.realpath(path))
    for given in inputs:
        source = Path(os.path.realpath(given))
        if _is_same(output, source) or _is_part_of(output, source):
            raise UsageError(
                f"The output {os.fspath(path)} is the input {os.fspath(given)}. "
                "Give the output another name."
            )


def _is_same(output: Path, source: Path) -> bool:
    if output == source:
        return True
    with suppress(OSError):
        return Path(output).samefile(source)
    return False


def _is_part_of(output: Path, source: Path) -> bool:
    if not source.is_dir() or not output.is_relative_to(source):
        return False
    if any((source / name).exists() for name in (".zgroup", "zarr.json", ".zmetadata")):
        return True
    return is_part_of_10x(output)


def is_part_of_10x(path: Path, /) -> bool:
    """Whether the name is that of a file in a 10x folder."""
    return path.name.removesuffix(".gz").endswith(_INPUT_PARTS)
