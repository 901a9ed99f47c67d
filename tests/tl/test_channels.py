"""Ligands and receptors of every observation, against forms added up one by one with pandas."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import DataError, GeneError, UsageError
from cytosig.signatures import Catalogue, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_OBS = 40
LIGAND, RECEPTOR = "cytosig_ligand", "cytosig_receptor"


def _genes(catalogue: Catalogue) -> list[str]:
    every = set(catalogue.genes)
    for c in catalogue.cytokines.values():
        every |= {g for form in (*c.ligands, *c.receptors) for g in form.genes}
        every |= set(c.modifiers.decoys)
    return sorted(every)


@pytest.fixture(scope="module")
def tissue() -> anndata.AnnData:
    """Counts of 40 cells with every gene of the catalogue; receptors and decoys are often there."""
    genes = _genes(load())
    rng = np.random.default_rng(8)
    rate = rng.gamma(0.6, rng.uniform(1, 6, (N_OBS, 1)), (N_OBS, len(genes)))
    counts = rng.poisson(rate).astype(np.float32)
    obs = pd.DataFrame(index=[f"c{i}" for i in range(N_OBS)])
    return anndata.AnnData(sparse.csr_matrix(counts), obs, pd.DataFrame(index=genes))


def _frame(adata: anndata.AnnData, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=adata.obs_names, columns=adata.var_names)


def _add_up(linear: pd.DataFrame, forms: list[tuple[str, ...]]) -> pd.Series:
    """OR over forms of the AND inside each; NaN without a whole form."""
    whole = [linear[list(genes)].min(axis=1) for genes in forms if set(genes) <= set(linear)]
    if not whole:
        return pd.Series(np.nan, index=linear.index)
    return pd.concat(whole, axis=1).sum(axis=1)


def _receptors(linear: pd.DataFrame, nothing: pd.Series | float = 0.0) -> pd.DataFrame:
    """By definition, on the linear scale; ``nothing`` is what an absent gene has."""
    found = {}
    for id, cytokine in load().cytokines.items():
        # soluble IL6R is not a cell's own; IL15RA is the source's
        forms = [f.genes for f in cytokine.receptors if "IL6R" not in f.supplied]
        alone = [g for g in forms if not any(set(other) < set(g) for other in forms)]
        total = _add_up(linear, alone)
        for decoy in cytokine.modifiers.decoys:
            if decoy in linear:
                total = total - (linear[decoy] - nothing)
        found[id] = total.where(total.isna() | (total > nothing), nothing)
    return pd.DataFrame(found)


def _ligands(linear: pd.DataFrame) -> pd.DataFrame:
    cytokines = load().cytokines
    return pd.DataFrame(
        {id: _add_up(linear, [f.genes for f in c.ligands]) for id, c in cytokines.items()}
    )


def _check(adata: anndata.AnnData, slot: str, expected: pd.DataFrame, tol: float = 2e-5) -> None:
    found = adata.obsm[slot]
    assert list(found.columns) == list(load().cytokines)
    assert list(found.index) == list(adata.obs_names)
    np.testing.assert_allclose(found, expected, rtol=tol, atol=tol)


# --- by definition -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", ["counts", "log1p", "log2", "as they are", "plain log2"])
def test_forms_and_decoys_by_brute_force(tissue: anndata.AnnData, scale: str, seed: int) -> None:
    """On every scale, over three matrices that lack other genes each."""
    rng = np.random.default_rng(seed)
    lost = {"CCR2", "IL12RB1", *rng.choice(tissue.var_names, 60, replace=False)}
    adata = tissue[:, [g for g in tissue.var_names if g not in lost]].copy()
    raw = _frame(adata, rng.permuted(adata.X.toarray().astype(float), axis=1))
    linear = raw.div(raw.sum(axis=1), axis=0) * 1e4
    asked, nothing, back = {}, 0.0, np.log1p
    if scale == "counts":
        adata.X = sparse.csr_matrix(raw.to_numpy())
    elif scale == "log1p":
        adata.X = np.log1p(linear.to_numpy())
    elif scale == "log2":
        adata.X, back = np.log2(linear.to_numpy() + 1), lambda x: np.log2(x + 1)
    elif scale == "as they are":
        adata.X, linear, back = raw.to_numpy(), raw, lambda x: x
        asked = {"normalize": "none"}
    else:  # the pseudocount is not known: the lowest value is nothing
        linear, back = linear + 0.001, np.log2
        adata.X, nothing = np.log2(linear.to_numpy()), linear.min(axis=1)
    cs.tl.channels(adata, **asked)
    _check(adata, LIGAND, back(_ligands(linear)))
    expected = back(_receptors(linear, nothing))
    if scale == "plain log2":  # two levels that are all but equal differ by little, not by a factor
        adata.obsm[RECEPTOR] = np.exp2(adata.obsm[RECEPTOR])
        _check(adata, RECEPTOR, np.exp2(expected), 2e-4)
    else:
        _check(adata, RECEPTOR, expected, 2e-4)
    floor = back(nothing)
    assert expected.notna().any().sum() > 40
    assert (expected.eq(floor, axis=0)).any().sum() > 20  # decoys and absent subunits bite
    assert expected.isna().all().any()  # and some have no whole form


@pytest.mark.parametrize("kind", ["counts", "logged"])
def test_ligands_are_to_the_byte_those_that_score_writes(
    tissue: anndata.AnnData, kind: str
) -> None:
    adata = tissue.copy()
    if kind == "logged":
        x = adata.X.toarray()
        adata.X = sparse.csr_matrix(np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4))
    other = adata.copy()
    cs.tl.score(adata, n_jobs=1)
    cs.tl.channels(other, n_jobs=1)
    one, two = adata.obsm[LIGAND], other.obsm[LIGAND]
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert one.to_numpy().tobytes() == two.to_numpy().tobytes()


def _cell(**counts: float) -> anndata.AnnData:
    """One cell as it is, without scaling, and one that has nothing."""
    genes = _genes(load())
    adata = anndata.AnnData(
        np.zeros((2, len(genes)), np.float32),
        pd.DataFrame(index=["it", "other"]),
        pd.DataFrame(index=genes),
    )
    for gene, value in counts.items():
        adata.X[0, genes.index(gene)] = value
    adata.X[1, genes.index("STAT1")] = 7
    cs.tl.channels(adata, normalize="none")
    return adata.obsm[RECEPTOR].loc["it"]


def test_a_decoy_alone_is_no_receptor() -> None:
    assert _cell(IL1R2=9)["IL1B"] == 0
    assert _cell(IL1R2=9, IL1R1=4)["IL1B"] == 0  # IL1RAP is needed as well
    assert _cell(IL1R2=3, IL1R1=4, IL1RAP=5)["IL1B"] == 1
    assert _cell(IL1R2=4, IL1R1=4, IL1RAP=5)["IL1B"] == 0
    assert _cell(IL1R1=4, IL1RAP=5)["IL1B"] == 4


def test_what_another_cell_supplies_is_not_asked_of_this_one() -> None:
    assert _cell(IL6ST=3)["IL6"] == 0  # trans signalling shows in the tissue, not in a cell
    assert _cell(IL6R=3)["IL6"] == 0
    assert _cell(IL2RB=5, IL2RG=4)["IL15"] == 4  # IL15RA presents it


def test_a_form_that_holds_another_is_not_counted_again() -> None:
    assert _cell(IL2RA=9, IL2RB=5, IL2RG=4)["IL2"] == 4
    assert _cell(IL6R=2, IL6ST=3)["IL6"] == 2
    assert _cell(OSMR=2, LIFR=3, IL6ST=9)["OSM"] == 5  # two receptors, none inside the other


def test_the_record_says_what_was_read_and_what_not(
    tissue: anndata.AnnData, caplog: pytest.LogCaptureFixture
) -> None:
    lost = {"IL1R1", "IL13RA2", "OSMR", "IL12A"}
    adata = tissue[:, [g for g in tissue.var_names if g not in lost]].copy()
    with caplog.at_level(logging.INFO, logger="cytosig"):
        cs.tl.channels(adata)
    said = " ".join(caplog.messages)
    assert "2 of 70 cytokines have no receptor" in said
    assert "(NaN): IL1A, IL1B." in said
    assert "2 of 70 cytokines have no ligand" in said
    assert "take nothing off: IL13RA2." in said
    forms = adata.uns["cytosig"]["channels_forms"].set_index(["cytokine", "channel", "form"])
    assert forms.loc[("IL1B", "receptor", "IL-1 receptor"), "why_not"] == "not measured: IL1R1"
    assert forms.loc[("IL2", "receptor", "high affinity"), "why_not"] == (
        "holds the form intermediate affinity"
    )
    unread = forms[~forms["read"]].reset_index()
    not_measured = unread[unread["why_not"].str.startswith("not measured")]
    assert set(zip(not_measured["cytokine"], not_measured["channel"], strict=True)) == {
        ("IL1A", "receptor"), ("IL1B", "receptor"), ("IL12", "ligand"), ("IL35", "ligand"),
        ("OSM", "receptor"), ("IL13", "decoy"),
    }  # fmt: skip
    missing = adata.obsm[RECEPTOR].columns[adata.obsm[RECEPTOR].isna().all()]
    assert list(missing) == ["IL1A", "IL1B"]
    assert adata.obsm[RECEPTOR]["OSM"].notna().all()  # type I is left


# --- forms of the data ---------------------------------------------------------------------------


def _bytes(adata: anndata.AnnData) -> tuple[bytes, bytes]:
    return tuple(
        np.ascontiguousarray(adata.obsm[slot].to_numpy()).tobytes() for slot in (LIGAND, RECEPTOR)
    )


@pytest.fixture(scope="module")
def as_csr(tissue: anndata.AnnData) -> tuple[bytes, bytes]:
    return _bytes(cs.tl.channels(tissue, n_jobs=1, copy=True))


@pytest.mark.parametrize(
    "form",
    [sparse.csc_matrix, sparse.csr_array, lambda x: x.toarray(), lambda x: x.astype(np.int32)],
    ids=["csc", "csr_array", "dense", "int32"],
)
def test_every_form_gives_equal_bytes(
    tissue: anndata.AnnData, as_csr: tuple[bytes, bytes], form: Callable
) -> None:
    adata = tissue.copy()
    adata.X = form(adata.X)
    cs.tl.channels(adata)
    assert _bytes(adata) == as_csr


@pytest.mark.parametrize("how", [{"chunk_size": 1}, {"chunk_size": 7, "n_jobs": 2}, {"n_jobs": 3}])
def test_blocks_and_threads_do_not_show(
    tissue: anndata.AnnData, as_csr: tuple[bytes, bytes], how: dict
) -> None:
    assert _bytes(cs.tl.channels(tissue, copy=True, **how)) == as_csr


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
def test_backed(
    tissue: anndata.AnnData, as_csr: tuple[bytes, bytes], form: str, tmp_path: Path
) -> None:
    adata = tissue.copy()
    adata.X = {"csr": adata.X, "csc": adata.X.tocsc(), "dense": adata.X.toarray()}[form]
    adata.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    out = cs.tl.channels(backed, chunk_size=9, copy=True)
    backed.file.close()
    assert not out.isbacked
    assert _bytes(out) == as_csr


def test_dask_chunk_by_chunk(tissue: anndata.AnnData, as_csr: tuple[bytes, bytes]) -> None:
    dask = pytest.importorskip("dask.array")
    adata = tissue.copy()
    adata.X = dask.from_array(adata.X.toarray(), chunks=(11, 500))
    cs.tl.channels(adata)
    assert _bytes(adata) == as_csr


def test_layer_raw_and_names(tissue: anndata.AnnData, as_csr: tuple[bytes, bytes]) -> None:
    adata = anndata.AnnData(
        np.ones(tissue.shape, np.float32),
        tissue.obs.copy(),
        pd.DataFrame({"symbol": tissue.var_names}, index=[f"g{i}" for i in range(tissue.n_vars)]),
        layers={"counts": tissue.X},
    )
    cs.tl.channels(adata, layer="counts", gene_symbols="symbol")
    assert _bytes(adata) == as_csr
    adata.raw = tissue
    part = adata[:, :5].copy()
    cs.tl.channels(part, use_raw=True)
    assert _bytes(part) == as_csr
    assert part.uns["cytosig"]["channels_params"]["use_raw"] is True


def test_bulk_and_an_order_of_genes(tissue: anndata.AnnData) -> None:
    """Bulk samples, brought to a million; the order of genes says nothing."""
    bulk = tissue[:6].copy()
    bulk.X = bulk.X.toarray() * 1000
    other = bulk[:, ::-1].copy()
    cs.tl.channels(bulk)
    cs.tl.channels(other)
    assert _bytes(bulk) == _bytes(other)
    raw = _frame(bulk, bulk.X.astype(float))
    _check(bulk, RECEPTOR, np.log1p(_receptors(raw.div(raw.sum(axis=1), axis=0) * 1e6)), 2e-4)


def test_mouse_genes_are_read_by_their_orthologs(tissue: anndata.AnnData) -> None:
    genes = ["Il1r1", "Il1rap", "Il1r2", "Ifng", "Ifngr1", "Ifngr2", *(f"Gm{i}" for i in range(9))]
    x = np.random.default_rng(0).integers(1, 9, (4, len(genes))).astype(np.float32)
    adata = anndata.AnnData(x, var=pd.DataFrame(index=genes))
    cs.tl.channels(adata, organism="mouse", normalize="none")
    level = _frame(adata, x)
    expected = (level[["Il1r1", "Il1rap"]].min(axis=1) - level["Il1r2"]).clip(lower=0)
    np.testing.assert_array_equal(adata.obsm[RECEPTOR]["IL1B"], expected)
    np.testing.assert_array_equal(adata.obsm[LIGAND]["IFNG"], level["Ifng"])


# --- what stands beside it -----------------------------------------------------------------------


def test_scores_and_channels_leave_each_other_in_peace(tissue: anndata.AnnData) -> None:
    adata = tissue.copy()
    cs.tl.channels(adata)
    alone = dict(adata.uns["cytosig"])
    receptor = adata.obsm[RECEPTOR].copy()
    cs.tl.score(adata)
    scored = dict(adata.uns["cytosig"])
    assert scored["channels_params"] == alone["channels_params"]
    pd.testing.assert_frame_equal(scored["channels_forms"], alone["channels_forms"])
    pd.testing.assert_frame_equal(adata.obsm[RECEPTOR], receptor)
    z = adata.obsm["cytosig_score"].copy()
    cs.tl.channels(adata, n_jobs=1)
    record = adata.uns["cytosig"]
    assert record.keys() == scored.keys()
    assert record["params"] == scored["params"]
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], z)


@pytest.mark.parametrize("name", ["sources", "targets_change", "links_strength", "blockade_params"])
def test_what_further_tools_stored_outlives_a_score(tissue: anndata.AnnData, name: str) -> None:
    adata = tissue.copy()
    adata.uns["cytosig"] = {name: "kept", "compare": "gone"}
    cs.tl.score(adata)
    assert adata.uns["cytosig"][name] == "kept"
    assert "compare" not in adata.uns["cytosig"]


def test_everything_can_be_written_and_read(tissue: anndata.AnnData, tmp_path: Path) -> None:
    adata = tissue.copy()
    cs.tl.channels(adata, key_added="mine")
    adata.write_h5ad(tmp_path / "out.h5ad")
    again = cs.read(tmp_path / "out.h5ad")
    pd.testing.assert_frame_equal(again.obsm["mine_receptor"], adata.obsm["mine_receptor"])
    held, stored = again.uns["mine"], adata.uns["mine"]
    forms = stored["channels_forms"]
    pd.testing.assert_frame_equal(held["channels_forms"], forms, check_dtype=False)
    assert held["channels_params"].keys() == stored["channels_params"].keys()


def test_a_copy_leaves_the_data_as_they_were(tissue: anndata.AnnData) -> None:
    before = tissue.copy()
    out = cs.tl.channels(tissue, copy=True)
    assert RECEPTOR in out.obsm
    assert not tissue.obsm
    assert not tissue.uns
    assert (tissue.X != before.X).nnz == 0


# --- refusals ------------------------------------------------------------------------------------


def test_contrasts_are_refused(tissue: anndata.AnnData) -> None:
    adata = tissue.copy()
    adata.X = np.random.default_rng(0).normal(size=adata.shape)
    with pytest.raises(DataError, match=r"holds contrasts .* no level of expression"):
        cs.tl.channels(adata)
    assert not adata.obsm


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_named(tissue: anndata.AnnData, value: float) -> None:
    adata = tissue.copy()
    adata.X = adata.X.toarray()
    adata.X[3, 10] = value
    with pytest.raises(DataError, match=f"observation 'c3', gene '{adata.var_names[10]}'"):
        cs.tl.channels(adata)
    cs.tl.channels(adata, nonfinite="drop_genes")
    assert adata.obsm[LIGAND].loc["c3"].notna().any()


def test_wrong_calls(tissue: anndata.AnnData) -> None:
    with pytest.raises(UsageError, match="no cytokine whose ligand or receptor is known"):
        cs.tl.channels(tissue.copy(), signatures={"MINE": ["STAT1", "IRF1"]})
    with pytest.raises(UsageError, match="layer='no' is not there"):
        cs.tl.channels(tissue.copy(), layer="no")
    with pytest.raises(UsageError, match="normalize='cpm'"):
        cs.tl.channels(tissue.copy(), normalize="cpm")
    with pytest.raises(UsageError, match="key_added"):
        cs.tl.channels(tissue.copy(), key_added="a/b")
    bare = anndata.AnnData(np.ones((2, 6)), var=pd.DataFrame(index=[f"X{i}" for i in range(6)]))
    with pytest.raises((GeneError, DataError)):
        cs.tl.channels(bare)
