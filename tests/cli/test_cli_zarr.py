"""Zarr stores through ``cytosig score``: read where they are, copied as they are, added to."""

from __future__ import annotations

import hashlib
import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig.cli import run
from cytosig.engine import passes

zarr = pytest.importorskip("zarr")
VERSIONS = [2, 3]
one_is_slow = pytest.mark.parametrize(
    "source", [pytest.param(2, marks=pytest.mark.slow), 3], indirect=True
)


GENES = [f"G{i}" for i in range(120)]
SETS = {f"S{k}": GENES[10 * k : 10 * k + 12] for k in range(2)}  # few columns: zarr is slow at many


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    """Score by two sets of genes, in blocks of nine rows."""
    sets = tmp_path_factory.mktemp("sets") / "own.gmt"
    sets.write_text("".join("\t".join([name, "x", *own]) + "\n" for name, own in SETS.items()))
    how = ["--signatures", str(sets), "--threads", "1", "-q", "--chunk-size", "9"]
    return lambda *words: run(["score", *map(str, words), *how])


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(3)
    counts = rng.poisson(rng.gamma(0.4, 2.0, (40, len(GENES)))).astype(np.float32)
    obs = pd.DataFrame({"donor": ["a", "b"] * 20}, index=[f"c{i}" for i in range(40)])
    adata = ad.AnnData(sp.csr_matrix(counts), obs=obs, var=pd.DataFrame(index=GENES))
    adata.layers["dense"] = counts
    adata.obsm["X_umap"] = np.arange(80.0).reshape(40, 2)
    adata.uns["study"] = {"year": 2024}
    return adata


@pytest.fixture(scope="module")
def expected(cells):
    return cs.tl.score(cells, signatures=SETS, method=["hlm", "ucell"], copy=True)


@pytest.fixture(params=VERSIONS)
def source(cells, tmp_path, request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ad.settings.override(zarr_write_format=request.param):
            cells.write_zarr(tmp_path / "in.zarr")
    return tmp_path / "in.zarr"


def _bytes(store, *parts):
    """Every file below some parts of a store."""
    files = [path for part in parts for path in (store / part).rglob("*") if path.is_file()]
    return {
        path.relative_to(store): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def _assert_scored(found, expected):
    for slot in expected.obsm:
        if slot.startswith("cytosig"):
            pd.testing.assert_frame_equal(found.obsm[slot], expected.obsm[slot], check_exact=True)
    np.testing.assert_array_equal(found.obsm["X_umap"], expected.obsm["X_umap"])
    assert found.uns["study"]["year"] == 2024
    assert list(found.uns["cytosig"]["further"]) == ["cytosig_ucell"]


METHODS = ["--method", "hlm,ucell"]


def test_a_copy_with_the_tables_added(score, source, expected, tmp_path):
    before = _bytes(source, ".")
    assert score(source, "-o", tmp_path / "out.zarr", *METHODS) == 0
    _assert_scored(ad.read_zarr(tmp_path / "out.zarr"), expected)
    assert _bytes(source, ".") == before
    parts = ("X", "layers", "obs", "var", "obsm/X_umap")
    assert _bytes(tmp_path / "out.zarr", *parts) == _bytes(source, *parts) != {}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.zarr", "out.zarr"]


def test_metadata_in_one_place_stay_right(score, source, expected, tmp_path):
    out = tmp_path / "out.zarr"
    assert score(source, "-o", out, *METHODS) == 0
    own, theirs = (zarr.open_group(path, mode="r").metadata for path in (out, source))
    assert own.zarr_format == theirs.zarr_format
    assert theirs.consolidated_metadata is not None
    listed = zarr.open_group(out, mode="r", use_consolidated=True)["obsm"]
    assert set(listed) == {"X_umap", *expected.obsm}


def test_metadata_that_were_not_in_one_place_are_not_either(score, source, tmp_path):
    if (source / ".zmetadata").exists():
        (source / ".zmetadata").unlink()
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            group = zarr.open_group(source, mode="r+", use_consolidated=False)
            group.attrs["touched"] = True  # written without
    assert score(source, "-o", tmp_path / "out.zarr") == 0
    found = zarr.open_group(tmp_path / "out.zarr", mode="r")
    assert found.metadata.consolidated_metadata is None
    assert "cytosig_score" in set(found["obsm"])


@one_is_slow
@pytest.mark.parametrize("suffix", [".zarr", ".h5ad"])
def test_scores_only(score, source, expected, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    assert score(source, "-o", out, "--scores-only", *METHODS) == 0
    found = ad.read_zarr(out) if suffix == ".zarr" else ad.read_h5ad(out)
    assert found.shape == (40, 0)
    assert found.X is None
    assert found.obs["donor"].tolist() == ["a", "b"] * 20
    _assert_scored(found, expected)


@one_is_slow
def test_in_place_and_again(score, source, expected, tmp_path):
    assert score(source, "--in-place", "--method", "ulm,aucell") == 0
    assert score(source, "--in-place", *METHODS) == 0
    found = ad.read_zarr(source)
    _assert_scored(found, expected)
    assert set(found.obsm) == set(expected.obsm)
    assert [p.name for p in tmp_path.iterdir()] == ["in.zarr"]


@one_is_slow
def test_with_expression_to_h5ad(score, source, expected, tmp_path):
    assert score(source, "-o", tmp_path / "out.h5ad", *METHODS) == 0
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    _assert_scored(found, expected)
    assert (found.X != expected.X).nnz == 0


@one_is_slow
def test_each_of_two_and_both_as_one(score, source, expected, cells, tmp_path):
    other = tmp_path / "other.h5ad"
    cells.write_h5ad(other)
    assert score(source, other, "-o", tmp_path / "out", *METHODS) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["in.zarr", "other.h5ad"]
    _assert_scored(ad.read_zarr(tmp_path / "out" / "in.zarr"), expected)
    assert score(source, other, "--join", "-o", tmp_path / "both.zarr") == 0
    found = ad.read_zarr(tmp_path / "both.zarr")
    half = found[found.obs["file"] == "in"].obsm["cytosig_score"]
    rtol = 1e-9  # means over twice as many cells, summed apart
    np.testing.assert_allclose(half, expected.obsm["cytosig_score"], rtol=rtol, atol=1e-12)


@one_is_slow
def test_resume(score, source, expected, tmp_path, monkeypatch):
    original, calls = passes.fill, []

    def cut_off(block, *how):
        calls.append(block.rows)
        if len(calls) == 3:
            raise KeyboardInterrupt
        original(block, *how)

    monkeypatch.setattr(passes, "fill", cut_off)
    call = [source, "-o", tmp_path / "out.zarr", *METHODS]
    assert score(*call) == 130
    assert (tmp_path / ".out.zarr.run").is_dir()
    calls[:] = [None] * 10
    assert score(*call, "--resume") == 0
    assert len(calls) == 10 + 3  # of five blocks
    _assert_scored(ad.read_zarr(tmp_path / "out.zarr"), expected)
    assert not (tmp_path / ".out.zarr.run").exists()


def test_what_is_refused(score, source, cells, tmp_path, capsys):
    h5ad, folder = tmp_path / "in.h5ad", tmp_path / "mine.zarr"
    cells.write_h5ad(h5ad)
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    for words, code, text in (
        ([h5ad, "-o", tmp_path / "out.zarr"], 2, "is written from a zarr store only"),
        ([source, "-o", source], 2, "is the input"),
        ([source, "-o", source / "X.zarr"], 2, "is the input"),
        ([source, "-o", folder], 1, "mine.zarr is there already and no zarr store"),
        ([source, "-o", tmp_path / "absent" / "out.zarr"], 1, "there is no folder"),
    ):
        assert score(*words) == code
        assert text in capsys.readouterr().err
    assert [p.name for p in folder.iterdir()] == ["letter.txt"]


def test_scores_of_an_h5ad_may_go_to_zarr(score, cells, tmp_path):
    cells.write_h5ad(tmp_path / "in.h5ad")
    assert score(tmp_path / "in.h5ad", "-o", tmp_path / "out.zarr", "--scores-only") == 0
    found = ad.read_zarr(tmp_path / "out.zarr")
    assert found.shape == (40, 0)
    np.testing.assert_array_equal(found.obsm["X_umap"], cells.obsm["X_umap"])
    assert found.obsm["cytosig_score"].index.equals(cells.obs_names)


@pytest.mark.parametrize("more", [[], ["--scores-only"]])
def test_of_a_table_there_is_no_zarr(score, cells, tmp_path, more, capsys):
    cells.to_df().to_csv(tmp_path / "in.csv")
    assert score(tmp_path / "in.csv", "-o", tmp_path / "out.zarr", *more) == 2
    said = capsys.readouterr().err
    assert said.endswith("in.csv is none; give -o OUT.h5ad.\n"), "nothing that would fail, too"
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
