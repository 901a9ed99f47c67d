"""Every score that another program gives, against stored output of that program.

``golden/README.md`` says which program, which call and on what. What cannot be compared: gseapy's
ES of prerank, which we do not report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    import pandas as pd
    from anndata import AnnData

    Scores = Callable[..., pd.DataFrame]

EXACT, SINGLE = 1e-9, 1e-6  # peers in float64 and in float32


def _same(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float) -> None:
    """All signatures of the peer, all observations; relative to the largest score."""
    assert set(found.columns) == set(expected.columns)
    assert list(found.index) == list(expected.index)
    expected = expected[found.columns]
    size = np.abs(expected.to_numpy()).max()
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * size)


# --- ucell ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sets", ["signed", "raised"])
@pytest.mark.parametrize("max_rank", [1500, 500])
def test_ucell_is_pyucell(
    golden: SimpleNamespace, scores: Scores, sets: str, max_rank: int
) -> None:
    name = f"ucell_{max_rank}" if sets == "signed" else f"ucell_raised_{max_rank}"
    settings = {"ucell": {"max_rank": max_rank}}
    found = scores(
        golden.cells, getattr(golden, sets), "ucell", compat="pyucell", settings=settings
    )
    _same(found, golden.table(name), SINGLE)


@pytest.mark.parametrize("sets", ["signed", "raised"])
def test_the_definition_agrees_with_pyucell_where_all_zeros_are_beyond_max_rank(
    golden: SimpleNamespace, scores: Scores, sets: str
) -> None:
    """Zeros share places 1,255 and more here: beyond 500, and not all beyond 1,500."""
    for max_rank, agree in ((500, True), (1500, False)):
        settings = {"ucell": {"max_rank": max_rank}}
        found = scores(golden.cells, getattr(golden, sets), "ucell", settings=settings)
        name = f"ucell_{max_rank}" if sets == "signed" else f"ucell_raised_{max_rank}"
        apart = (found - golden.table(name)).abs().to_numpy().max()
        assert apart < 1e-6 if agree else 0.1 < apart < 0.2


def _pyucell(x: np.ndarray, genes: np.ndarray, missing: int, max_rank: int) -> np.ndarray:
    """U of non-zero genes ranked among themselves; zeros and missing genes are at max_rank."""
    n = len(genes) + missing
    out = []
    for row in x:
        place = np.full(len(row), float(max_rank))
        place[row != 0] = stats.rankdata(-row[row != 0])
        total = np.minimum(place, max_rank)[genes].sum() + missing * max_rank
        least = n * (n + 1) / 2
        out.append(1 - (total - least) / (n * max_rank - least) if n else 0.0)
    return np.array(out)


def test_pyucell_counts_genes_that_the_data_lack(golden: SimpleNamespace, scores: Scores) -> None:
    """As at max_rank; by the definition they are left out. Every third gene of a set is missing."""
    signed = golden.signed
    lost = set(signed["target"].unique()[::3])
    adata = golden.cells[:, [g not in lost for g in golden.cells.var_names]].copy()
    found = scores(adata, signed, "ucell", compat="pyucell")
    x = adata.X.toarray().astype(float)
    for id in found.columns:
        half = []
        for sign in (1, -1):
            genes = signed["target"][(signed["source"] == id) & (np.sign(signed["weight"]) == sign)]
            here = genes[genes.isin(adata.var_names)]
            missing = len(genes) - len(here)
            half.append(_pyucell(x, adata.var_names.get_indexer(here), missing, 1500))
        expected = np.maximum(half[0] - half[1], 0)
        np.testing.assert_allclose(found[id], expected, rtol=1e-12, atol=1e-12)
    assert len(found.columns) == 8


# --- aucell, ssgsea, score_genes ------------------------------------------------------------------


def test_aucell_is_decoupler(golden: SimpleNamespace, scores: Scores) -> None:
    found = scores(golden.cells, golden.raised, "aucell", compat="decoupler")
    _same(found, golden.table("aucell"), EXACT)


def test_ssgsea_is_gseapy(golden: SimpleNamespace, scores: Scores) -> None:
    found = scores(golden.cells, golden.raised, "ssgsea", compat="gseapy")
    _same(found, golden.table("ssgsea_es"), EXACT)
    es = golden.table("ssgsea_es").to_numpy()
    settings = {"ssgsea": {"range": es.max() - es.min()}}
    found = scores(golden.cells, golden.raised, "ssgsea", compat="gseapy", settings=settings)
    _same(found, golden.table("ssgsea_nes"), EXACT)


@pytest.mark.parametrize(("version", "tolerance"), [("1.12.4", EXACT), ("1.11.5", SINGLE)])
def test_score_genes_is_scanpy(
    golden: SimpleNamespace, scores: Scores, version: str, tolerance: float
) -> None:
    found = scores(golden.cells, golden.raised, "score_genes", compat="scanpy")
    _same(found, golden.table(f"score_genes_{version}"), tolerance)


# --- ulm and mlm: other nulls, the same regressions -----------------------------------------------


def _as_decoupler(golden: SimpleNamespace) -> tuple[object, np.ndarray]:
    """The genes it keeps, and the values."""
    kept = golden.cells[:, golden.cells.X.getnnz(axis=0) > 0].copy()
    return kept, kept.X.toarray().astype(np.float64)


def _tests_are(golden: SimpleNamespace, name: str, t: pd.DataFrame, df: int) -> None:
    """t, its p, and for ulm p adjusted over the signatures of a cell."""
    _same(t, golden.table(name), EXACT)
    p = 2 * stats.t.sf(np.abs(t[golden.table(name).columns]), df)
    np.testing.assert_allclose(p, golden.table(f"{name}_p"), rtol=1e-9, atol=1e-15)
    if name == "ulm":
        adjusted = stats.false_discovery_control(p, axis=1)
        np.testing.assert_allclose(adjusted, golden.table("ulm_padj"), rtol=SINGLE)


def test_ulm_has_the_correlation_of_decoupler(golden: SimpleNamespace, scores: Scores) -> None:
    kept, x = _as_decoupler(golden)
    z = scores(kept, golden.signed, "ulm", center=None)
    n = x.shape[1]
    r = z / np.sqrt(n - 1)
    _tests_are(golden, "ulm", r * np.sqrt((n - 2) / ((1 - r) * (1 + r))), n - 2)


def test_mlm_has_the_coefficients_of_decoupler(
    golden: SimpleNamespace, scored: Callable[..., object]
) -> None:
    """Its t is the coefficient over its standard error, here from the residuals of ours."""
    kept, x = _as_decoupler(golden)
    b = scored(kept, golden.signed, "mlm", center=None).obsm["cytosig_estimate"]
    w = golden.signed.pivot(index="target", columns="source", values="weight")
    w = w.reindex(index=kept.var_names, columns=b.columns).fillna(0.0).to_numpy()
    w, x = w - w.mean(axis=0), x - x.mean(axis=1, keepdims=True)
    df = len(w) - w.shape[1] - 1
    variance = ((x - b.to_numpy() @ w.T) ** 2).sum(axis=1) / df
    error = np.sqrt(np.outer(variance, np.diag(np.linalg.inv(w.T @ w))))
    _tests_are(golden, "mlm", b / error, df)


# --- gsva and gsea --------------------------------------------------------------------------------


def _shuffled(adata: AnnData) -> AnnData:
    """Genes in another order. The peer meets ties in theirs; ours is by name, as stored there."""
    return adata[:, np.random.default_rng(0).permutation(adata.n_vars)].copy()


def test_gsva_is_gseapy(golden: SimpleNamespace, scores: Scores) -> None:
    """120 constant genes are tied."""
    _same(scores(_shuffled(golden.bulk), golden.raised, "gsva"), golden.table("gsva"), EXACT)


def test_gsea_is_prerank(golden: SimpleNamespace, scored: Callable[..., object]) -> None:
    """p counts the set itself among its side of the null, about half of the 1,000 shuffles."""
    settings = {"gsea": {"seed": 123}}
    found = scored(_shuffled(golden.change), golden.raised, "gsea", center=None, settings=settings)
    _same(found.obsm["cytosig_score"], golden.table("prerank_nes"), EXACT)
    expected = golden.table("prerank_p") + 2 / 1000
    assert expected.to_numpy().max() < 1
    _same(found.obsm["cytosig_pvalue"], expected, EXACT)
    assert golden.table("prerank_p").to_numpy().min() == 0
