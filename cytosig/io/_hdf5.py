"""Open HDF5 files, and put what can be wrong with them in plain words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cytosig._errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py  # type: ignore[import-untyped,unused-ignore]


def hdf5_file(path: Path) -> h5py.File:
    """Open ``path`` for reading; only what is wrong with it now becomes FileError."""
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as exc:
        raise hdf5_error(path, exc) from exc


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open ``path`` for reading; what HDF5 trips over, then or later, becomes FileError."""
    try:
        with hdf5_file(path) as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as exc:
        raise hdf5_error(path, exc) from exc


def hdf5_error(path: Path, exc: BaseException) -> FileError:
    """Turn an HDF5 complaint into a FileError that says what happened and what to do."""
    text = " ".join(str(exc).split())
    low = text.lower()
    if "truncated" in low or "stored_eof" in low:
        why = "it is cut short; the copy, download or write was interrupted"
    elif "unable to lock" in low:
        why = "another program holds it open for writing and has to close it first"
    elif "permission denied" in low:
        why = "permission denied"
    else:
        why = f"it is damaged ({text[:200]})"
    return FileError(f"{path} cannot be read: {why}. Copy, download or write it again.")
