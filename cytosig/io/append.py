"""Add tables to a copy of an h5ad file, its matrices copied as the bytes they are."""

from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import FileError
from cytosig._keys import Keys
from cytosig.io.atomic import atomic_path
from cytosig.io.write import write_quietly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def write_scored(
    adata: AnnData,
    source: Path,
    target: Path,
    /,
    *,
    key: str,
    scores_only: bool = False,
    let_go: Callable[[], None] = lambda: None,
) -> None:
    """Write what is in ``source`` and the results in ``adata``, wholly or not at all.

    Nothing of ``source`` is decoded: its bytes are copied and the tables added at the end, not
    compressed, as scores hardly are.

    Parameters
    ----------
    adata
        ``source``, opened by :func:`~cytosig.io.open_store`, with results in ``obsm`` and ``uns``.
    source, target
        ``.h5ad`` files; they may be the same.
    key
        Slot of ``uns`` with the record of the run; what an older run left under it is replaced.
    scores_only
        Leave out all matrices: ``obs``, ``obsm`` and ``uns`` only.
    let_go
        Called after every table.

    Raises
    ------
    FileError
        The target cannot be written.
    """
    import h5py

    with atomic_path(target) as part:
        if scores_only:
            _write_frame(adata, source, part)
        else:
            shutil.copyfile(source, part)
        try:
            with h5py.File(part, "r+") as file:
                _forget(file, key)
                for name, table in adata.obsm.items():
                    _put_table(file, name, table)
                    let_go()
                for name in (key, *adata.uns[key].get("further", [])):
                    _put(_group(file, "uns"), name, adata.uns[name])
        except RuntimeError as exc:  # as HDF5 reports a full disk
            raise FileError(f"{target} could not be written: {str(exc)[:200]}.") from exc


def _write_frame(adata: AnnData, source: Path, part: Path) -> None:
    """Observations and uns, and the tables that were in the source."""
    import h5py
    from anndata import AnnData

    write_quietly(AnnData(obs=adata.obs, uns=adata.uns), part, "gzip")
    with h5py.File(source, "r") as old, h5py.File(part, "r+") as new:
        for name in old.get("obsm", {}):
            old.copy(old["obsm"][name], new["obsm"], name)


def _forget(file: Any, key: str) -> None:
    """Take away what an older run left under this key, and nothing else."""
    from anndata.io import read_elem  # type: ignore[import-untyped,unused-ignore]

    older = file["uns"].get(key) if "uns" in file else None
    further = read_elem(older["further"]) if older is not None and "further" in older else []
    for name in (key, *map(str, further)):
        for slot in Keys(name).tables:
            if slot in file.get("obsm", {}):
                del file["obsm"][slot]
        if name in file.get("uns", {}):
            del file["uns"][name]


def _put_table(file: Any, name: str, table: pd.DataFrame) -> None:
    """As anndata writes a table, but for the names of the observations: those that are there."""
    group = _group(file, "obsm").create_group(name)
    index = str(file["obs"].attrs["_index"])
    own = "_index" if index in table.columns else index
    group[own] = file["obs"][index]  # a link
    group.attrs.update({
        "encoding-type": "dataframe",
        "encoding-version": "0.2.0",
        "_index": own,
        "column-order": np.array(table.columns, dtype=object),
    })  # fmt: skip
    for column in table.columns:
        _put(group, column, table[column].to_numpy())


def _group(file: Any, name: str) -> Any:
    if name not in file:
        _put(file, name, {})
    return file[name]


def _put(group: Any, name: str, value: Any) -> None:
    from anndata.io import write_elem  # type: ignore[import-untyped,unused-ignore]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        write_elem(group, name, value)
