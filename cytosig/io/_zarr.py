"""AnnData zarr folders: copied as they are, results added, metadata kept in one place if it was."""

from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

from cytosig._errors import FileError
from cytosig.io._results import add_results, put
from cytosig.io._sound_zarr import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_V2_ALL, _V3, _V3_ALL = ".zmetadata", "zarr.json", "consolidated_metadata"


def copy(source: Path, part: Path, /) -> None:
    """Every file, as it is."""
    try:
        shutil.copytree(source, part, copy_function=shutil.copyfile)
    except shutil.Error as exc:  # one entry a file
        _, _, why = exc.args[0][0]
        raise OSError(why) from exc


def begin(adata: AnnData, part: Path, source: Path | None, /) -> None:
    """Observations and uns, and the tables in ``obsm`` of the source."""
    import pandas as pd

    root = _new(part, source)
    root.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
    parts = {"obs": adata.obs, "var": pd.DataFrame(index=[]), "uns": dict(adata.uns), "obsm": {}}
    for name, value in parts.items():
        put(root, name, value)
    for name, table in () if source is None else tables_in(source):
        put(root["obsm"], name, table)
    _gather(part)


def _new(part: Path, source: Path | None) -> Any:
    """An empty store of the source's version, or else of the usual one."""
    import zarr

    if source is None or not source.is_dir() or zarr.__version__.startswith("2."):
        return zarr.open_group(str(part), mode="w")
    if (source / _V3).exists():
        return zarr.open_group(str(part), mode="w", zarr_format=3)
    return zarr.open_group(str(part), mode="w", zarr_format=2)


def tables_in(source: Path, /) -> Iterator[tuple[str, Any]]:
    """What a store holds in ``obsm``."""
    from anndata.io import read_elem  # type: ignore[import-untyped,unused-ignore]

    from cytosig.io._detect import detect
    from cytosig.io.lazy import opened

    with opened(source, detect(source)) as store:
        tables = store.get("obsm", {})
        for name in tables:
            yield name, read_elem(tables[name])


def add(adata: AnnData, part: Path, key: str, let_go: Callable[[], None], /) -> None:
    """Add the results to a store that nobody else uses."""
    import zarr

    def repeat(there: str, here: str) -> None:
        shutil.copytree(part / there, part / here, copy_function=shutil.copyfile)

    gathered = _scatter(part)
    root = zarr.open_group(str(part), mode="r+")
    for name in gathered or ():
        if name not in root:  # by its own metadata, which are all there is now
            raise FileError(f"{name} of the store is damaged. Copy or write the store again.")
    add_results(root, adata, key, names=repeat, values=put, let_go=let_go)
    if gathered is not None:
        _gather(part)


def _gather(part: Path) -> None:
    """Put a copy of all metadata at the root, as anndata does."""
    import zarr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # version 3 has no word on it yet
        zarr.consolidate_metadata(str(part))


def _scatter(part: Path) -> list[str] | None:
    """Take away the copy of all metadata at the root, which is about to be wrong.

    Returns
    -------
    Arrays and groups it told of; None where there was none.
    """
    own, root = part / _V2_ALL, part / _V3
    if own.exists():
        names = {key.rpartition("/")[0] for key in read_json(own)["metadata"]}
        own.unlink()
        return sorted(names - {""})
    if not root.exists():
        return None
    meta = read_json(root)
    found = meta.pop(_V3_ALL, None)
    root.write_text(json.dumps(meta, indent=2), encoding="utf-8")
    return None if found is None else sorted(found["metadata"])
