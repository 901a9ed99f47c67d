"""Zarr folders that lead elsewhere, run code, or declare what they cannot hold."""

from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import anndata
import numpy as np
import pandas as pd
import pytest

from cytosig._errors import FileError
from cytosig.io import can_open, open_store, read, write_scored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(params=[2, 3])
def store(request: pytest.FixtureRequest, tmp_path: Path, adata: anndata.AnnData) -> Path:
    """``adata`` as anndata itself writes it."""
    adata.layers["big"] = np.arange(24.0).reshape(6, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with anndata.settings.override(zarr_write_format=request.param):
            adata.copy().write_zarr(tmp_path / "in.zarr")
    return tmp_path / "in.zarr"


def _each(store: Path, change: Callable[[str, dict[str, Any]], None]) -> None:
    """Change what every array says of itself, there and in the copy of it all."""
    for file in store.rglob("*"):
        if file.name not in (".zarray", ".zmetadata", "zarr.json"):
            continue
        said = json.loads(file.read_text())
        place = file.parent.relative_to(store).as_posix()
        if file.name == ".zmetadata":
            for key, inner in said["metadata"].items():
                if key.endswith("/.zarray"):
                    change(key.removesuffix("/.zarray"), inner)
        else:
            copies = said.get("consolidated_metadata") or {}
            for key, inner in copies.get("metadata", {}).items():
                change(key, inner)
            change(place, said)
        file.write_text(json.dumps(said))


def _refused(store: Path, text: str) -> None:
    for call in (read, can_open):
        with pytest.raises(FileError, match=text) as told:
            call(store)
        assert store.name in str(told.value)


def test_a_whole_store_is_read(store: Path, adata: anndata.AnnData) -> None:
    np.testing.assert_array_equal(read(store).layers["big"], adata.layers["big"])
    with open_store(store) as opened:
        assert opened.shape == adata.shape


@pytest.mark.parametrize(("name", "target"), [("X", "/"), ("obs", ".."), ("uns/self", ".")])
def test_links_are_not_followed(store: Path, name: str, target: str) -> None:
    shutil.rmtree(store / name, ignore_errors=True)
    (store / name).symlink_to(target)
    _refused(store, f"{name}: a symbolic link, which is not followed")


def test_names_that_lead_out_of_the_folder(store: Path) -> None:
    file = store / ("zarr.json" if (store / "zarr.json").exists() else ".zmetadata")
    said = json.loads(file.read_text())
    metadata = said.get("consolidated_metadata", said)["metadata"]
    key = next(key for key in metadata if key.startswith("layers/big"))
    metadata[f"layers/../../other/{key}"] = metadata[key]
    file.write_text(json.dumps(said))
    _refused(store, "a name that leads out of the folder")


def test_nothing_is_unpickled(store: Path) -> None:
    def change(place: str, said: dict[str, Any]) -> None:
        if place == "layers/big":
            if "codecs" in said:
                said["codecs"].append({"name": "numcodecs.pickle"})
            else:
                said["filters"] = [{"id": "pickle"}]

    _each(store, change)
    _refused(store, "layers/big: is pickled")


@pytest.mark.parametrize(
    ("shape", "chunks", "text"),
    [
        ([2**40, 4], [2**39, 4], r"bytes on disk cannot hold"),
        ([6, 4], [2**40, 4], r"bytes on disk cannot hold"),
        ([2**20, 4], [1, 1], r"declares 4\.19e\+06 chunks"),
        ([6, 4], [0, 4], "its chunks do not fit its shape"),
        ([6, 4], [6], "its chunks do not fit its shape"),
    ],
)
def test_declared_shapes(store: Path, shape: list[int], chunks: list[int], text: str) -> None:
    def change(place: str, said: dict[str, Any]) -> None:
        if place == "layers/big":
            said["shape"] = shape
            if "chunks" in said:
                said["chunks"] = chunks
            else:
                said["chunk_grid"]["configuration"]["chunk_shape"] = chunks

    _each(store, change)
    _refused(store, rf"layers/big: .*{text}")


def test_two_copies_that_disagree(store: Path) -> None:
    """One would be read today, the other after the next program gathers them."""
    is_new = (store / "obs" / "zarr.json").exists()
    file = store / "obs" / ("zarr.json" if is_new else ".zattrs")
    said = json.loads(file.read_text())
    (said["attributes"] if is_new else said)["_index"] = "donor"
    file.write_text(json.dumps(said))
    _refused(store, "obs: what is said here is not what the metadata of the whole store say")


def test_copies_in_the_words_of_another_version(store: Path, adata: anndata.AnnData) -> None:
    """zarr 3 gathers what zarr 2 wrote with keys that zarr 2 leaves out."""
    own = list(store.rglob(".zarray")) or list(store.rglob("zarr.json"))
    for file in own:
        said = json.loads(file.read_text())
        if file.parent != store:
            said.pop("dimension_separator", None)
            said.pop("storage_transformers", None)
        file.write_text(json.dumps(said, indent=1))
    for file in store.rglob(".zattrs"):
        if json.loads(file.read_text()) == {}:
            file.unlink()
    np.testing.assert_array_equal(read(store).layers["big"], adata.layers["big"])


def test_what_only_the_copy_tells_of_is_not_lost(store: Path) -> None:
    """zarr takes an array without its type for none; the copy, made anew, would not have it."""
    file = next(
        f for f in (store / "layers" / "big").iterdir() if f.name in (".zarray", "zarr.json")
    )
    said = json.loads(file.read_text())
    said.pop("data_type" if "data_type" in said else "dtype")
    file.write_text(json.dumps(said))
    target = store.with_name("out.zarr")
    with open_store(store) as adata:
        adata.obsm["mine_score"] = pd.DataFrame({"IFNG": np.arange(6.0)}, index=adata.obs_names)
        adata.uns["mine"] = {"format": 1}
    with pytest.raises(FileError, match="layers/big of the store is damaged"):
        write_scored(adata, store, target, key="mine")
    assert not target.exists()


def test_metadata_of_another_format(store: Path) -> None:
    file = next(f for f in (store / "obsm").iterdir() if f.name in (".zgroup", "zarr.json"))
    file.write_text('{"zarr_format": 7, "node_type": "group"}')
    _refused(store, "no metadata of zarr")


def test_brackets_without_end(store: Path) -> None:
    (store / "obs" / ".zattrs").write_text("[" * 100_000)
    _refused(store, "is damaged")
