"""AnnData's own stores: read as they are, and refused when damaged."""

from __future__ import annotations

import shutil
import warnings

import anndata
import h5py
import numpy as np
import pytest
from scipy import sparse

from cytosig._errors import DataError, FileError
from cytosig.io import open_store, read


def dense(matrix) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def same(left, right) -> None:
    np.testing.assert_array_equal(dense(left.X), dense(right.X))
    assert list(left.obs_names) == list(right.obs_names)
    assert list(left.var_names) == list(right.var_names)
    assert left.obs["donor"].tolist() == right.obs["donor"].tolist()
    np.testing.assert_array_equal(left.layers["counts"], right.layers["counts"])
    assert left.obsm["score"]["IFNG"].tolist() == right.obsm["score"]["IFNG"].tolist()
    assert left.uns["cytosig"]["axes"].tolist() == right.uns["cytosig"]["axes"].tolist()


def test_h5ad(h5ad_file, adata):
    same(read(h5ad_file), adata)


def test_h5ad_by_content_whatever_its_suffix(h5ad_file, adata):
    for name in ("x.dat", "x.csv", "x.h5"):
        same(read(shutil.copy(h5ad_file, h5ad_file.with_name(name))), adata)


@pytest.mark.parametrize("version", [2, 3])
def test_zarr(tmp_path, adata, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with anndata.settings.override(zarr_write_format=version):
            adata.copy().write_zarr(tmp_path / "x.zarr")
    same(read(tmp_path / "x.zarr"), adata)


def test_legacy_h5ad(tmp_path):
    """obs and var as compound datasets, X without encoding: anndata before 0.7."""
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        file["X"] = np.arange(6, dtype=np.float32).reshape(2, 3)
        file["obs"] = np.array([(b"c1", 1.5), (b"c2", 2.5)], dtype=[("index", "S2"), ("q", "f8")])
        file["var"] = np.array([(b"STAT1",), (b"IRF1",), (b"B2M",)], dtype=[("index", "S5")])
    adata = read(tmp_path / "old.h5ad")
    assert dense(adata.X).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert list(adata.obs_names) == ["c1", "c2"]
    assert list(adata.var_names) == ["STAT1", "IRF1", "B2M"]
    assert adata.obs["q"].tolist() == [1.5, 2.5]


def test_layers_without_x(tmp_path, adata):
    expected = adata.layers["counts"].copy()
    adata.X = None
    adata.write_h5ad(tmp_path / "x.h5ad")
    back = read(tmp_path / "x.h5ad")
    assert back.X is None
    np.testing.assert_array_equal(back.layers["counts"], expected)


def test_no_matrix_at_all(tmp_path, adata):
    adata.X = None
    del adata.layers["counts"]
    scores = adata.obsm["score"]["IFNG"].tolist()
    adata.write_h5ad(tmp_path / "scores.h5ad")
    back = read(tmp_path / "scores.h5ad")  # results need no expression
    assert back.X is None
    assert back.obsm["score"]["IFNG"].tolist() == scores
    for slot in list(adata.obsm):
        del adata.obsm[slot]
    adata.write_h5ad(tmp_path / "x.h5ad")
    with pytest.raises(DataError, match="holds no matrix"):
        read(tmp_path / "x.h5ad")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of anndata and zarr, on formats of zarr
@pytest.mark.parametrize("kind", ["h5ad", "zarr"])
def test_results_without_a_matrix_are_told_from_nothing(tmp_path, adata, kind):
    adata.X = None
    del adata.layers["counts"]
    obsm, path = dict(adata.obsm), tmp_path / f"scores.{kind}"
    adata.obsm = {}
    getattr(adata, f"write_{kind}")(path)
    with pytest.raises(DataError, match=r"absent\. Give the file that has the expression"):
        read(path)
    adata.uns["mine"] = {"versions": {"cytosig-toolkit": "0.1.0"}}
    getattr(adata, f"write_{kind}")(path)
    message = r"results of cytosig alone \(uns: 'mine'\).*To score, give the data that they were"
    with pytest.raises(DataError, match=message):
        read(path)
    with pytest.raises(DataError, match=message), open_store(path):
        pass
    adata.obsm = obsm
    getattr(adata, f"write_{kind}")(path)
    assert set(read(path).obsm) == set(obsm)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_truncated(h5ad_file, share):
    whole = h5ad_file.read_bytes()
    file = h5ad_file.with_name("cut.h5ad")
    file.write_bytes(whole[: max(1, int(len(whole) * share))])
    with pytest.raises(FileError, match=r"cut\.h5ad"):
        read(file)


def test_truncation_is_said_in_plain_words(h5ad_file):
    h5ad_file.write_bytes(h5ad_file.read_bytes()[:-100])
    with pytest.raises(FileError, match="cut short"):
        read(h5ad_file)


def test_empty_file(tmp_path):
    (tmp_path / "x.h5ad").touch()
    with pytest.raises(FileError, match="empty"):
        read(tmp_path / "x.h5ad")


def test_text_renamed(tmp_path):
    (tmp_path / "x.h5ad").write_text("g,a\nSTAT1,1\n")
    with pytest.raises(FileError, match=r"named \.h5ad but does not start as an HDF5"):
        read(tmp_path / "x.h5ad")


def test_gzipped_h5ad(h5ad_file):
    import gzip

    packed = h5ad_file.with_name("x.h5ad.gz")
    packed.write_bytes(gzip.compress(h5ad_file.read_bytes()))
    with pytest.raises(FileError, match="gunzip"):
        read(packed)


def test_hdf5_of_another_kind(tmp_path):
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        file["stuff"] = [1, 2]
    with pytest.raises(FileError, match=r"neither AnnData nor 10x Genomics .*stuff"):
        read(tmp_path / "x.h5ad")


def test_hdf5_with_names_that_are_no_text(tmp_path):
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        file["stuff"] = file[b"\xff\xfe"] = [1, 2]
    with pytest.raises(FileError, match=r"neither AnnData nor 10x Genomics .*stuff"):
        read(tmp_path / "x.h5ad")


def test_mudata(tmp_path):
    with h5py.File(tmp_path / "x.h5mu", "w") as file:
        file.attrs["encoding-type"] = "MuData"
    with pytest.raises(FileError, match="MuData"):
        read(tmp_path / "x.h5mu")


def test_loom(tmp_path):
    with h5py.File(tmp_path / "x.loom", "w") as file:
        file.create_group("row_attrs")
        file.create_group("col_attrs")
    with pytest.raises(FileError, match="loom"):
        read(tmp_path / "x.loom")


def test_missing_part(h5ad_file):
    with h5py.File(h5ad_file, "a") as file:
        del file["X/indices"]
    with pytest.raises(FileError, match="damaged"):
        read(h5ad_file)


def test_sparse_matrix_that_points_outside(h5ad_file):
    with h5py.File(h5ad_file, "a") as file:
        file["X/indices"][0] = 1000
    with pytest.raises(FileError, match=r"inconsistent|damaged"):
        read(h5ad_file)


def test_missing_file(tmp_path):
    with pytest.raises(FileError, match="no such file"):
        read(tmp_path / "absent.h5ad")


def test_folder_of_no_known_layout(tmp_path):
    (tmp_path / "readme.txt").touch()
    with pytest.raises(FileError, match="neither an AnnData zarr store nor a matrix"):
        read(tmp_path)


def test_zarr_of_another_kind(tmp_path):
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    with pytest.raises(FileError, match="not an AnnData one"):
        read(tmp_path)


def test_damaged_zarr(tmp_path, adata):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata.copy().write_zarr(tmp_path / "x.zarr")
    shutil.rmtree(tmp_path / "x.zarr" / "X" / "indptr")
    for name in (".zattrs", "zarr.json"):
        if (tmp_path / "x.zarr" / name).exists():
            (tmp_path / "x.zarr" / name).write_text("{")
    with pytest.raises(FileError, match="damaged"):
        read(tmp_path / "x.zarr")
