"""AnnData stores opened where they are, and results added to a copy of their bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import warnings
from typing import TYPE_CHECKING, Any

import anndata as ad
import h5py
import hdf5plugin
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cytosig._errors import DataError, FileError
from cytosig.io import can_open, open_store, write_scored

if TYPE_CHECKING:
    from pathlib import Path


def _rows(matrix: Any) -> np.ndarray:
    part = matrix[:]
    return part.toarray() if sparse.issparse(part) else np.asarray(part)


def _scored(adata: ad.AnnData, key: str = "cytosig", further: tuple[str, ...] = ()) -> None:
    """Results as tl.score leaves them, without scoring."""
    for number, name in enumerate((key, *further)):
        values = np.arange(adata.n_obs * 2.0).reshape(-1, 2) + number
        table = pd.DataFrame(values, index=adata.obs_names, columns=["IFNG", "TNF"])
        adata.obsm[f"{name}_score"] = table
        adata.uns[name] = {"format": 1, "notes": ["made by hand"]}
    if further:
        adata.uns[key]["further"] = list(further)


def test_matrices_stay_on_disk(h5ad_file: Path) -> None:
    whole = ad.read_h5ad(h5ad_file)
    assert can_open(h5ad_file)
    with open_store(h5ad_file) as adata:
        assert not isinstance(adata.X, np.ndarray)
        assert not sparse.issparse(adata.X)
        assert isinstance(adata.layers["counts"], h5py.Dataset)
        np.testing.assert_array_equal(_rows(adata.X), whole.X.toarray())
        np.testing.assert_array_equal(_rows(adata.layers["counts"]), whole.layers["counts"])
        pd.testing.assert_frame_equal(adata.obs, whole.obs)
        pd.testing.assert_frame_equal(adata.var, whole.var)
        assert adata.uns["cytosig"]["method"] == "mlm"
        assert list(adata.obsm) == []


def test_raw_stays_on_disk_too(adata: ad.AnnData, tmp_path: Path) -> None:
    adata.raw = adata
    adata = adata[:, ["IRF1", "B2M"]].copy()
    adata.write_h5ad(tmp_path / "in.h5ad")
    with open_store(tmp_path / "in.h5ad") as found:
        assert found.shape == (6, 2)
        assert list(found.raw.var_names) == ["STAT1", "IRF1", "CD74", "B2M"]
        np.testing.assert_array_equal(_rows(found.raw.X), adata.raw.X.toarray())


def test_old_layouts_are_not_opened(tmp_path: Path, h5ad_file: Path) -> None:
    with h5py.File(h5ad_file, "r+") as file:
        del file.attrs["encoding-type"]
    assert not can_open(h5ad_file)
    table = tmp_path / "t.csv"
    table.write_text("gene,s1,s2\nSTAT1,5,0.5\nIRF1,3,1\nCD74,8,2\n")
    assert not can_open(table)


def _damage(path: Path, what: str) -> None:
    with h5py.File(path, "r+") as file:
        if what == "row pointers":
            file["X/indptr"][2] = 10**6
        elif what == "shape":
            file["X"].attrs["shape"] = (6, 5)
        elif what == "lengths":
            values = file["X/data"][:-1]
            del file["X/data"]
            file["X/data"] = values
        elif what == "nothing":
            del file["X"], file["layers/counts"]


@pytest.mark.parametrize(
    ("what", "error", "text"),
    [
        ("row pointers", FileError, "row pointers, columns and values"),
        ("lengths", FileError, "row pointers, columns and values"),
        ("shape", FileError, "6 × 5, but obs and var name 6 × 4"),
        ("nothing", DataError, "holds no matrix"),
    ],
)
def test_damage_is_named(h5ad_file: Path, what: str, error: type[Exception], text: str) -> None:
    _damage(h5ad_file, what)
    with pytest.raises(error, match=text) as told, open_store(h5ad_file):
        pass
    assert h5ad_file.name in str(told.value)


def test_zstd_needs_a_package_and_says_which(
    adata: ad.AnnData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "z.h5ad"
    adata.write_h5ad(path, compression=hdf5plugin.FILTERS["zstd"])
    with open_store(path) as found:
        np.testing.assert_array_equal(_rows(found.X), adata.X.toarray())
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: code != 32015)
    with pytest.raises(FileError, match="pip install hdf5plugin"), open_store(path):
        pass


def _chunks(path: Path) -> dict[str, str]:
    """Bytes of every chunk of X, as they are in the file."""
    with h5py.File(path, "r") as file:
        found = {}
        for name in ("data", "indices"):
            own = file["X"][name]
            for k in range(own.id.get_num_chunks()):
                place = own.id.get_chunk_info(k).chunk_offset
                found[f"{name} {place}"] = hashlib.sha256(own.id.read_direct_chunk(place)[1])
    return {name: digest.hexdigest() for name, digest in found.items()}


def test_scores_are_added_to_a_copy_of_the_bytes(adata: ad.AnnData, tmp_path: Path) -> None:
    source, target = tmp_path / "in.h5ad", tmp_path / "out.h5ad"
    adata.obs_names.name = "cell"
    adata.write_h5ad(source, compression="gzip", compression_opts=9)
    before = source.read_bytes()
    with open_store(source) as found:
        _scored(found, "mine", ("mine_ucell",))
    write_scored(found, source, target, key="mine")
    assert source.read_bytes() == before
    assert _chunks(target) == _chunks(source) != {}
    back = ad.read_h5ad(target)
    pd.testing.assert_frame_equal(back.obs, adata.obs)
    assert set(back.obsm) == {"score", "mine_score", "mine_ucell_score"}
    for key in ("mine_score", "mine_ucell_score"):
        pd.testing.assert_frame_equal(back.obsm[key], found.obsm[key])
    assert set(back.uns) == {"cytosig", "mine", "mine_ucell"}
    assert list(back.uns["mine"]["further"]) == ["mine_ucell"]
    np.testing.assert_array_equal(back.layers["counts"], adata.layers["counts"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.h5ad", "out.h5ad"]


def test_a_source_that_cannot_be_read_is_named(
    h5ad_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copying names the source, whichever of the two files is at fault."""
    target = tmp_path / "elsewhere" / "out.h5ad"
    target.parent.mkdir()
    with open_store(h5ad_file) as found:
        _scored(found, "mine")
    for number, told in (
        (errno.ENOSPC, r"out\.h5ad could not be written: No space left"),
        (errno.EIO, r"made\.h5ad cannot be read: Input/output error"),
    ):

        def fails(source: Path, part: Path, number: int = number) -> None:
            raise OSError(number, os.strerror(number), str(source), None, str(part))

        monkeypatch.setattr(shutil, "copyfile", fails)
        with pytest.raises(FileError, match=told):
            write_scored(found, h5ad_file, target, key="mine")
        assert not list(target.parent.iterdir())


def test_an_older_run_is_replaced_and_nothing_else(h5ad_file: Path) -> None:
    """In place: slots of the older run's further methods go, those of others stay."""
    with open_store(h5ad_file) as first:
        _scored(first, "mine", ("mine_ucell", "mine_aucell"))
    write_scored(first, h5ad_file, h5ad_file, key="mine")
    with open_store(h5ad_file) as second:
        _scored(second, "mine", ("mine_ucell",))
        second.obsm["mine_score"] += 100.0
    write_scored(second, h5ad_file, h5ad_file, key="mine")
    back = ad.read_h5ad(h5ad_file)
    assert set(back.obsm) == {"score", "mine_score", "mine_ucell_score"}
    assert set(back.uns) == {"cytosig", "mine", "mine_ucell"}
    assert back.obsm["mine_score"].iloc[0, 0] == 100.0


def test_scores_only_leaves_out_matrices(h5ad_file: Path, tmp_path: Path) -> None:
    whole = ad.read_h5ad(h5ad_file)
    with open_store(h5ad_file) as found:
        _scored(found, "mine")
    write_scored(found, h5ad_file, tmp_path / "out.h5ad", key="mine", scores_only=True)
    back = ad.read_h5ad(tmp_path / "out.h5ad")
    assert back.shape == (6, 0)
    assert back.X is None
    assert list(back.layers) == []
    pd.testing.assert_frame_equal(back.obs, whole.obs)
    pd.testing.assert_frame_equal(back.obsm["score"], whole.obsm["score"])
    pd.testing.assert_frame_equal(back.obsm["mine_score"], found.obsm["mine_score"])


def test_a_failure_leaves_nothing_behind(
    h5ad_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(h5ad_file) as found:
        _scored(found, "mine")
    found.uns["mine"]["notes"] = object()  # anndata cannot store it
    before = h5ad_file.read_bytes()
    with pytest.raises(Exception, match=r"."):
        write_scored(found, h5ad_file, h5ad_file, key="mine")
    assert h5ad_file.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["made.h5ad"]


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_names_that_are_not_stored_as_text(h5ad_file: Path, tmp_path: Path, kind: str) -> None:
    """anndata makes words of them in obs, and refuses a table beside it that has them as stored."""
    with h5py.File(h5ad_file, "r+") as file:
        del file["obs/_index"], file["obsm/score"]
        own = np.arange(6) if kind == "numbers" else pd.Categorical([f"c{k}" for k in range(6)])
        ad.io.write_elem(file["obs"], "_index", own)
    with open_store(h5ad_file) as found:
        _scored(found, "mine")
    write_scored(found, h5ad_file, tmp_path / "out.h5ad", key="mine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = ad.read_h5ad(tmp_path / "out.h5ad")
    assert back.obsm["mine_score"]["IFNG"].tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert list(back.obsm["mine_score"].index) == list(back.obs_names)
