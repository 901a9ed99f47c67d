"""Where three drugs that failed in phase 3 come in the ranking, as docs/blockade.md says."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import cytosig as cs

DATA = Path(__file__).parents[3] / "shared" / "data"
COHORTS = ("icb_kim", "icb_jung", "icb_small_liu", "icb_small_hugo", "icb_small_nathanson")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data are not beside the project")


@pytest.fixture(scope="module")
def tables() -> list[pd.DataFrame]:
    found = []
    for name in COHORTS:
        adata = ad.read_h5ad(DATA / f"{name}.h5ad")
        cs.tl.blockade(adata, targets="all", nonfinite="drop_genes")
        found.append(adata.uns["cytosig"]["blockade"].set_index("name"))
    return found


@pytest.mark.parametrize(
    ("drug", "first", "last", "low", "high", "above"),
    [
        ("bintrafusp alfa", 9, 13, 0.08, 0.12, (1.00, 1.00)),
        ("bempegaldesleukin", 26, 60, 0.01, 0.04, (1.00, 1.00)),
        ("pegilodecakin", 67, 76, -0.01, -0.01, (0.08, 0.09)),
    ],
)
def test_drugs_that_failed(
    tables: list[pd.DataFrame], drug: str, first: int, last: int, low: float, high: float,
    above: tuple[float, float],
) -> None:  # fmt: skip
    ranks = [table.loc[drug, "rank"] for table in tables]
    effects = [round(table.loc[drug, "effect"], 2) for table in tables]
    told = [round(table.loc[drug, "p_above_zero"], 2) for table in tables]
    assert (min(ranks), max(ranks)) == (first, last)
    assert (min(effects), max(effects)) == (low, high)
    assert (min(told), max(told)) == above
    assert {int(table["rank"].notna().sum()) for table in tables} == {70, 72, 80}


def test_rankings_of_five_cohorts_are_alike(tables: list[pd.DataFrame]) -> None:
    effects = pd.concat([table["effect"] for table in tables], axis=1).dropna().to_numpy()
    found = [spearmanr(effects[:, i], effects[:, j])[0] for i, j in combinations(range(5), 2)]
    assert (round(min(found), 2), round(max(found), 2)) == (0.88, 0.98)
    assert np.isfinite(found).all()
