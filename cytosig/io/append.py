"""Add tables to a copy of a store, its matrices copied as the bytes they are."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cytosig._errors import CytosigError, FileError, UsageError
from cytosig.io import _zarr
from cytosig.io._place import Columns
from cytosig.io._results import add_results, put
from cytosig.io.atomic import FULL, atomic_path, why
from cytosig.io.atomic_folder import atomic_folder
from cytosig.io.stamp import holding, watched
from cytosig.io.write import write_quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.io._place import PlaceOf
    from cytosig.io.stamp import Check


def write_scored(
    adata: AnnData,
    source: Path,
    target: Path,
    /,
    *,
    key: str,
    scores_only: bool = False,
    let_go: Callable[[], None] = lambda: None,
    place_of: PlaceOf = lambda _: None,
    check: Check | None = None,
) -> None:
    """Write what is in ``source`` and the results in ``adata``, wholly or not at all.

    Nothing of ``source`` is decoded: its bytes are copied and the tables added, in an ``.h5ad``
    file not compressed, as scores hardly are.

    Parameters
    ----------
    adata
        ``source``, opened by :func:`~cytosig.io.open_store`, with results in ``obsm`` and ``uns``.
    source, target
        ``.h5ad`` files or ``.zarr`` folders, both of one kind unless there are ``scores_only``;
        they may be the same.
    key
        Slot of ``uns`` with the record of the run; what an older run left under it is replaced.
    scores_only
        Leave out all matrices: ``obs``, ``obsm`` and ``uns`` only.
    let_go
        Called after every table.
    place_of
        File and offset of columns that are on disk as they are: they are copied from there.
    check
        Makes sure that the source is what the results are of; else that it does not change now.

    Raises
    ------
    FileError
        The target cannot be written.
    DataError
        Another program has changed the source.
    UsageError
        The target is a store of the other kind.
    """
    check = check or watched(source)
    if scores_only:
        write_scores(
            adata, target, key=key, source=source, let_go=let_go, place_of=place_of, check=check
        )
        return
    if _is_zarr(target) != source.is_dir():
        raise UsageError(f"{target} is a store of another kind than {source}; give that suffix.")
    if _is_zarr(target):
        with atomic_folder(target, last=check) as part, holding(check):
            _zarr.copy(source, part)
            with _adding(target, source):
                _zarr.add(adata, part, key, let_go)
        return
    with atomic_path(target, last=check) as part, holding(check):
        _copy(source, part)
        with _adding(target, source):
            _add(adata, part, key, let_go, place_of)


def write_scores(
    adata: AnnData,
    target: Path,
    /,
    *,
    key: str,
    source: Path | None = None,
    let_go: Callable[[], None] = lambda: None,
    place_of: PlaceOf = lambda _: None,
    check: Check | None = None,
) -> None:
    """Write observations, ``uns`` and results, without expression, wholly or not at all.

    Parameters
    ----------
    adata, key, let_go, place_of, check
        As :func:`write_scored` takes them.
    target
        ``.h5ad`` or ``.zarr``.
    source
        A store whose tables in ``obsm`` are kept.

    Raises
    ------
    FileError
        The target cannot be written.
    DataError
        Another program has changed the source.
    """
    check = check or watched(*([] if source is None else [source]))
    if _is_zarr(target):
        with atomic_folder(target, last=check) as part, holding(check), _adding(target, source):
            _zarr.begin(adata, part, source)
            _zarr.add(adata, part, key, let_go)
        return
    with atomic_path(target, last=check) as part, holding(check), _adding(target, source):
        _begin(adata, part, source)
        _add(adata, part, key, let_go, place_of)


def _copy(source: Path, part: Path) -> None:
    """The file as it is."""
    try:
        shutil.copyfile(source, part)
    except OSError as exc:
        if exc.errno in FULL or exc.filename == str(part):
            raise
        raise FileError(f"{source} cannot be read: {exc.strerror or exc}.") from exc


@contextmanager
def _adding(target: Path, source: Path | None) -> Iterator[None]:
    """What goes wrong beside what was copied is the disk's fault, or that of the copied."""
    try:
        yield
    except (CytosigError, OSError, MemoryError):
        raise
    except Exception as exc:  # HDF5 raises anything
        if _is_of_the_disk(exc):
            raise OSError(why(exc)) from exc
        whose = "" if source is None else f" {source} is damaged: write it again."
        raise FileError(f"{target} could not be written: {why(exc)}.{whose}") from exc


def _is_of_the_disk(exc: Exception) -> bool:
    """HDF5 reports a full disk as RuntimeError, with what the system said."""
    return "error message = " in str(exc)


def _is_zarr(path: Path) -> bool:
    return path.suffix.lower() == ".zarr"


def _begin(adata: AnnData, part: Path, source: Path | None) -> None:
    """Observations and uns, and the tables that were in the source."""
    import h5py
    from anndata import AnnData

    write_quietly(AnnData(obs=adata.obs, uns=adata.uns), part, "gzip")
    if source is None:
        return
    with h5py.File(part, "r+") as new:
        if source.is_dir():
            for name, table in _zarr.tables_in(source):
                put(new["obsm"], name, table)
            return
        with h5py.File(source, "r") as old:
            for name in old.get("obsm", {}):
                old.copy(old["obsm"][name], new["obsm"], name)


def _add(
    adata: AnnData,
    part: Path,
    key: str,
    let_go: Callable[[], None],
    place_of: PlaceOf,
) -> None:
    import h5py

    def link(there: str, here: str) -> None:
        file[here] = file[there]

    columns = Columns(place_of)
    file: Any
    with h5py.File(part, "r+") as file:
        add_results(file, adata, key, names=link, values=columns.put, let_go=let_go)
    columns.move(part)
