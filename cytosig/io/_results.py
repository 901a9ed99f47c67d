"""Tables and records of a run, added to an open store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._keys import Keys
from cytosig.io._quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def add_results(
    store: Any,
    adata: AnnData,
    key: str,
    /,
    *,
    names: Callable[[str, str], None],
    values: Callable[[Any, str, Any], None],
    let_go: Callable[[], None],
) -> None:
    """Put the results of a run in place of an older one's.

    Parameters
    ----------
    store
        The root of an HDF5 file or a zarr folder, to write.
    adata
        Results in ``obsm`` and ``uns``.
    key
        Slot of ``uns`` with the record of the run.
    names
        Puts the stored names of the observations a second time: from one path, to another.
    values
        Puts a column into a group, under a name.
    let_go
        Called after every table.
    """
    forget(store, key)
    for name, table in adata.obsm.items():
        _put_table(store, name, table, names, values)
        let_go()
    for name in (key, *adata.uns[key].get("further", [])):
        put(_group(store, "uns"), name, adata.uns[name])


def forget(store: Any, key: str, /) -> None:
    """Take away what an older run left under this key, and nothing else."""
    from anndata.io import read_elem  # type: ignore[import-untyped,unused-ignore]

    obsm, uns = store.get("obsm", {}), store.get("uns", {})
    older = uns.get(key)
    known = hasattr(older, "keys") and "further" in older
    further = read_elem(older["further"]) if known else []
    for name in (key, *map(str, further)):
        for slot in Keys(name).tables:
            if slot in obsm:
                del obsm[slot]
        if name in uns:
            del uns[name]


def _put_table(
    store: Any,
    name: str,
    table: pd.DataFrame,
    names: Callable[[str, str], None],
    values: Callable[[Any, str, Any], None],
) -> None:
    """As anndata writes a table, but for the names of the observations: those that are there."""
    tables = _group(store, "obsm")
    if name in tables:  # of an older run of another tool
        del tables[name]
    group = tables.create_group(name)
    index = str(store["obs"].attrs["_index"])
    own = "_index" if index in table.columns else index
    if str(store["obs"][index].attrs.get("encoding-type")).endswith("string-array"):
        names(f"obs/{index}", f"obsm/{name}/{own}")
    else:  # numbers, say: anndata makes words of them in obs, and in obs alone
        put(group, own, table.index.to_numpy(dtype=object))
    group.attrs.update({
        "encoding-type": "dataframe",
        "encoding-version": "0.2.0",
        "_index": own,
        "column-order": _words(store, table.columns),
    })  # fmt: skip
    for column in table.columns:
        values(group, column, table[column].to_numpy())


def _words(store: Any, columns: pd.Index[str]) -> Any:
    """As an attribute of that kind of store."""
    is_hdf5 = hasattr(store, "id")
    return columns.to_numpy(dtype=object) if is_hdf5 else [str(name) for name in columns]


def _group(store: Any, name: str) -> Any:
    if name not in store:
        put(store, name, {})
    return store[name]


def put(group: Any, name: str, value: Any, /) -> None:
    """Write an element as anndata does."""
    from anndata.io import write_elem  # type: ignore[import-untyped,unused-ignore]

    quietly(lambda: write_elem(group, name, value))
