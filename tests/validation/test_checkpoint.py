"""The balance of tumours before checkpoint blockade, against the published labels."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

import cytosig as cs

DATA = Path(__file__).parents[3] / "shared" / "data"
COHORTS = ("icb_kim", "icb_jung", "icb_small_liu", "icb_small_hugo", "icb_small_nathanson")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data are not beside the project")


def _area(name: str) -> tuple[float, float]:
    """AUROC of the balance, and what the cohort counts in the mean."""
    adata = ad.read_h5ad(DATA / f"{name}.h5ad")
    adata = adata[adata.obs["response"].isin(["R", "NR"])].copy()
    cs.tl.balance(adata, nonfinite="drop_genes", n_draws=100)
    responded = (adata.obs["response"] == "R").to_numpy()
    balance = adata.uns["cytosig"]["balance"]["balance"]
    n, r = len(responded), int(responded.sum())
    u = mannwhitneyu(balance[responded], balance[~responded]).statistic
    return float(u / (r * (n - r))), (r * (n - r) / n) ** 0.5


def test_balance_and_response() -> None:
    """At least .66 as a weighted mean; above .75 would be a reason to look for a leak."""
    areas, weights = np.array([_area(name) for name in COHORTS]).T
    assert 0.66 <= weights @ areas / weights.sum() <= 0.75
    assert areas[0] > 0.8  # kim


def test_a_stored_reference_gives_the_same_bits(tmp_path: Path) -> None:
    adata = ad.read_h5ad(DATA / "icb_kim.h5ad")
    cs.tl.fit_reference(adata[:20].copy()).save(tmp_path / "reference.npz")
    together, alone = adata.copy(), adata[25:26].copy()
    for one in (together, alone):
        cs.tl.balance(one, reference=tmp_path / "reference.npz", n_draws=100)
    for name in ("balance", "balance_contributions", "balance_edges", "balance_activity"):
        theirs = together.uns["cytosig"][name].iloc[[25]]
        assert theirs.equals(alone.uns["cytosig"][name])
