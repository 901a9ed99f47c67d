"""Cells of which only logarithms are left: means stand for sums, and nothing knows the depth."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import GeneError
from cytosig.signatures import load

if TYPE_CHECKING:
    from anndata import AnnData

    from cytosig.signatures import Catalogue

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}


@pytest.fixture(scope="module")
def few() -> Catalogue:
    return load().subset(["IL6", "TNF", "IL12", "CCL2"])


@pytest.fixture(scope="module")
def cells(few: Catalogue) -> AnnData:
    planted = [cs.datasets.Planted("IL6", "fibroblast", "malignant")]
    return cs.datasets.simulate_tissue(
        n_samples=6, cells_per_sample=120, n_genes=800, rng=4, planted=planted, depth=3000,
        cell_types={"T cell": 1, "malignant": 1, "fibroblast": 1}, signatures=few,
    ).adata  # fmt: skip


def logged(cells: AnnData, base: float, total: float) -> AnnData:
    out = cells.copy()
    x = cells.X.toarray().astype(float)
    out.X = np.log1p(x / x.sum(axis=1, keepdims=True) * total) / np.log(base)
    return out


def pooled(cells: AnnData, gene: str, base: float, total: float) -> pd.DataFrame:
    """CPM that the mean logarithm stands for, samples × types; less than 10 cells are none."""
    value = np.asarray(cells[:, gene].X).ravel()
    by = [cells.obs[k].astype(str).to_numpy() for k in ("sample", "cell_type")]
    mean = pd.Series(value).groupby(by).mean().unstack()
    n = pd.Series(value).groupby(by).size().unstack()
    return ((base**mean - 1) * 1e6 / total)[n >= 10]


@pytest.mark.parametrize(("base", "total"), [(np.e, 1e4), (2.0, 1e4), (np.e, 2500.0)])
def test_means_of_logarithms_stand_for_sums(
    cells: AnnData, few: Catalogue, caplog: pytest.LogCaptureFixture, base: float, total: float
) -> None:
    adata = logged(cells, base, total)
    with caplog.at_level(logging.WARNING, logger="cytosig"):
        cs.tl.sources(adata, **KEYS, signatures=few)
    assert "The values are logarithms" in caplog.text
    table = adata.uns["cytosig"]["sources"]
    mine = table[table["cytokine"] == "IL6"].set_index("cell_type")
    cpm = pooled(adata, "IL6", base, total)
    # values are recognised with the total they add up to, which is known to rounding
    np.testing.assert_allclose(mine["expression"][cpm.columns], cpm.mean(), rtol=1e-5)
    log = np.log2(cpm + 10)
    for type_ in cpm:
        d = log[type_] - log.drop(columns=type_).mean(axis=1)
        assert mine.loc[type_, "specificity"] == pytest.approx(d.mean(), rel=1e-5)
    assert mine["detection_bound"].isna().all()
    assert mine["p"].idxmin() == "fibroblast"
    assert mine["p"].min() < 0.01


def test_logarithms_find_what_counts_find(cells: AnnData, few: Catalogue) -> None:
    for call, column in (("sources", "specificity"), ("targets", "response")):
        counts, logs = (
            getattr(cs.tl, call)(x, **KEYS, signatures=few, copy=True).uns["cytosig"][call]
            for x in (cells, logged(cells, np.e, 1e4))
        )
        both = pd.DataFrame({"one": counts[column], "two": logs[column]}).dropna()
        assert len(both) >= 9
        assert both.corr(method="spearman").iloc[0, 1] > 0.9


@pytest.mark.filterwarnings("ignore:Variable names are not unique")
def test_two_columns_of_a_gene_cannot_be_added(cells: AnnData, few: Catalogue) -> None:
    adata = logged(cells, np.e, 1e4)
    names = list(adata.var_names)
    names[names.index("BG0001")] = "IL6"
    adata.var_names = names
    with pytest.raises(GeneError, match="Gene IL6 has 2 columns"):
        cs.tl.sources(adata, **KEYS, signatures=few)


@pytest.fixture
def floored(cells: AnnData) -> AnnData:
    """log2(CPM + 0.01), as some pipelines leave it: log2 of a number, not of one more."""
    out = cells.copy()
    x = cells.X.toarray().astype(float)
    x[(cells.obs["cell_type"] == "T cell").to_numpy(), cells.var_names.get_loc("IL6")] = 0
    out.X = np.log2(x / x.sum(axis=1, keepdims=True) * 1e6 + 0.01)
    return out


@pytest.mark.parametrize("call", ["sources", "targets"])
def test_negative_logarithms_lose_no_type(floored: AnnData, few: Catalogue, call: str) -> None:
    """A type without the gene is there all the same."""
    getattr(cs.tl, call)(floored, **KEYS, signatures=few)
    table = floored.uns["cytosig"][call]
    assert (table["n_samples"] > 0).all()
    assert table.loc[table["cytokine"] == "IL6", "p"].notna().all()
