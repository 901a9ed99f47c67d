"""Open HDF5 files, and put what can be wrong with them in plain words."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from cytosig._errors import CytosigError, FileError
from cytosig.io._heaps import check_heaps
from cytosig.io._sound import check_hdf5
from cytosig.io.stamp import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py  # type: ignore[import-untyped,unused-ignore]


def hdf5_file(path: Path) -> h5py.File:
    """Open ``path`` for reading; what is wrong with it now becomes FileError."""
    import h5py

    with faults_of(path):
        _check(path, *stamp(path))
        return h5py.File(path, "r")


@lru_cache(256)
def _check(path: Path, size: int, written: int) -> None:
    """Look the file through, once as long as it stays as it is; a refusal is not kept."""
    import h5py

    del size, written
    check_heaps(path)
    with h5py.File(path, "r") as file:
        check_hdf5(file, path)


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open ``path`` for reading; what HDF5 trips over, then or later, becomes FileError."""
    with faults_of(path), hdf5_file(path) as file:
        yield file


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Whatever a reader of ``path`` trips over is the file's fault: FileError."""
    try:
        yield
    except CytosigError:
        raise
    except Exception as exc:  # h5py, zarr, their codecs and anndata raise almost anything
        raise hdf5_error(path, exc) from exc


def hdf5_error(path: Path, exc: BaseException) -> FileError:
    """Turn an HDF5 complaint into a FileError that says what happened and what to do."""
    if isinstance(exc, MemoryError):
        return FileError(
            f"{path} cannot be read: it asks for more memory than there is ({exc}). If it is not as"
            " large as that, it is damaged: copy, download or write it again."
        )
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
