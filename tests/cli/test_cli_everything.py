"""``cytosig score --all``: every tool into one file, and what cannot be done in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig import tl
from cytosig.cli import run

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
FEW = ["IFNG", "IL6", "TGFB1", "TNF", "IL10", "CXCL9"]
ASKED = ["--sample-key", "sample", "--cell-type-key", "cell_type", "--threads", "1",
         "--signatures", ",".join(FEW)]  # fmt: skip
FAST = {"sources": {"n_boot": 20}, "links": {"n_boot": 20}, "balance": {"n_draws": 100},
        "blockade": {"n_draws": 100}}  # fmt: skip


@pytest.fixture(scope="module")
def cohort() -> anndata.AnnData:
    return cs.datasets.simulate_cohort(n_samples=5, cells_per_sample=80, n_genes=3000).adata


@pytest.fixture(scope="module")
def path(cohort: anndata.AnnData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("all") / "cells.h5ad"
    cohort.write_h5ad(found)
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few draws, where the command has no option for their number."""

    def fewer(tool, how):
        from functools import wraps

        @wraps(tool)
        def made(adata, **arguments):
            return tool(adata, **{**how, **arguments})

        return made

    for name, how in FAST.items():
        monkeypatch.setattr(tl, name, fewer(getattr(tl, name), how))


@pytest.fixture(scope="module")
def expected(cohort: anndata.AnnData) -> anndata.AnnData:
    """The same, call by call, in memory."""
    adata, few = cohort.copy(), cs.signatures.load().subset(FEW)
    tl.score(adata, cell_type_key="cell_type", signatures=few, n_jobs=1)
    tl.channels(adata, signatures=few, n_jobs=1)
    for name in ("balance", "sources", "targets", "links"):
        getattr(tl, name)(adata, signatures=few, **KEYS, **FAST.get(name, {}))
    tl.blockade(adata, targets="all", signatures=few, **KEYS, **FAST["blockade"])
    return adata


def _same(found: anndata.AnnData, expected: anndata.AnnData) -> None:
    assert set(found.obsm) == set(expected.obsm) >= {"cytosig_score", "cytosig_receptor"}
    for slot, table in expected.obsm.items():
        pd.testing.assert_frame_equal(found.obsm[slot], table, check_exact=True, check_names=False)
    one, two = found.uns["cytosig"], expected.uns["cytosig"]
    assert set(one) == set(two)
    for name, held in two.items():
        if isinstance(held, pd.DataFrame):
            assert list(one[name].columns) == list(held.columns), name
            numbers = held.select_dtypes("number").columns
            np.testing.assert_allclose(
                one[name][numbers].to_numpy(dtype=float), held[numbers].to_numpy(dtype=float),
                rtol=1e-9, atol=1e-12, err_msg=name,
            )  # fmt: skip


def test_everything_goes_into_one_file_and_again_in_place(
    quick: None, path: Path, expected: anndata.AnnData, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """From rows on disk, to the numbers that single calls give in memory."""
    out = tmp_path / "out.h5ad"
    assert run(["score", str(path), "-o", str(out), "--all", *ASKED]) == 0
    shown, err = capsys.readouterr()
    assert shown.startswith("level\tname\t")
    for name in ("channels", "balance", "sources", "targets", "links", "blockade"):
        assert f"cytosig: {name}: done." in err
    assert "not done" not in err
    found = anndata.read_h5ad(out)
    _same(found, expected)
    assert (found.X != expected.X).nnz == 0
    assert found.uns["cytosig"]["links"]["contribution"].notna().any()  # the balance came first
    assert run(["score", str(out), "--in-place", "--all", *ASKED, "-q"]) == 0
    _same(anndata.read_h5ad(out), expected)
    again = [word for word in ASKED if word not in ("--sample-key", "sample")]
    assert run(["score", str(out), "--in-place", *again, "-q"]) == 0
    _same(anndata.read_h5ad(out), expected)  # a score alone takes nothing of it away


def test_bulk_has_a_balance_and_no_cell_types(
    quick: None, cohort: anndata.AnnData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bulk, out = tmp_path / "bulk.csv", tmp_path / "out.h5ad"
    cs.pp.pseudobulk(cohort, sample_key="sample", n_jobs=1).to_df().T.to_csv(bulk)
    assert run(["score", str(bulk), "-o", str(out), "--all"]) == 0
    err = capsys.readouterr().err
    assert "warning: sources, targets, links: not done. Bulk samples hold no cell types" in err
    for name in ("channels", "balance", "blockade"):
        assert f"{name}: done." in err
    record = anndata.read_h5ad(out).uns["cytosig"]
    assert len(record["balance"]) == 5
    assert {"coverage", "blockade", "channels_forms"} <= set(record)
    assert not {"sources", "targets", "links"} & set(record)


def test_cells_with_few_zeros_are_not_called_bulk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tissue = cs.datasets.simulate_tissue(n_samples=4, cells_per_sample=60, n_genes=2000, rng=3)
    assert (tissue.adata.X.toarray() == 0).mean() < 0.5
    source = tmp_path / "cells.h5ad"
    tissue.adata.write_h5ad(source)
    words = ["score", str(source), "-o", str(tmp_path / "out.h5ad"), "--all"]
    assert run([*words, "--signatures", "IFNG,TNF"]) == 0
    err = " ".join(capsys.readouterr().err.split())
    assert "not done. They are about samples and their cell types: give --sample-key" in err
    assert "Bulk" not in err


def test_too_few_samples_for_a_balance_are_said_and_the_scores_are_kept(
    cohort: anndata.AnnData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bulk, out = tmp_path / "bulk.csv", tmp_path / "out.h5ad"
    two = cs.pp.pseudobulk(cohort, sample_key="sample", n_jobs=1)[:2].to_df()
    two.T.to_csv(bulk)
    assert run(["score", str(bulk), "-o", str(out), "--all"]) == 0
    err = " ".join(capsys.readouterr().err.split())
    for name in ("balance", "blockade"):
        assert f"{name}: not done. samples: the reference has 2 sample(s), at least 3" in err
    assert "Traceback" not in err
    assert "cytosig_receptor" in anndata.read_h5ad(out).obsm


@pytest.mark.parametrize(
    ("words", "names", "why"),
    [
        ([], "balance, sources, targets, links, blockade",
         "They are about samples and their cell types: give --sample-key and --cell-type-key."),
        (["--sample-key", "sample"], "sources, targets, links",
         "They are about cell types: name their column with --cell-type-key."),
    ],
)  # fmt: skip
def test_cells_without_their_samples(
    quick: None, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    words: list[str], names: str, why: str,
) -> None:  # fmt: skip
    out = tmp_path / "out.h5ad"
    assert run(["score", str(path), "-o", str(out), "--all", *words]) == 0
    assert f"warning: {names}: not done. {why}" in capsys.readouterr().err
    assert ("balance" in anndata.read_h5ad(out).uns["cytosig"]) == bool(words)


def test_a_tool_that_breaks_does_not_take_the_scores_with_it(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(adata, **arguments):
        raise RuntimeError("out of luck")

    for name in FAST:
        monkeypatch.setattr(tl, name, broken)
    monkeypatch.setattr(tl, "targets", broken)
    out = tmp_path / "out.h5ad"
    assert run(["score", str(path), "-o", str(out), "--all", *ASKED]) == 0
    assert "links: not done. unexpected error: RuntimeError: out of luck" in capsys.readouterr().err
    assert "cytosig_score" in anndata.read_h5ad(out).obsm


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "out.tsv", "--all"], "--all writes many tables: give -o OUT.h5ad"),
        (["--tsv", "out", "--all"], "--all writes many tables"),
        (["-o", "out.h5ad", "--sample-key", "sample"], "--sample-key says what --all adds up"),
        (["-o", "out.h5ad", "--all", "--sample-key", "sampel"], "no column 'sampel'"),
    ],
)
def test_wrong_calls(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, words: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(["score", str(path), *words]) == 2
    found, err = capsys.readouterr()
    assert said in " ".join(err.split())
    assert found == ""
    assert list(tmp_path.iterdir()) == []
