"""A cytokine whose genes are moved is found, by every method, and nothing is found in noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]

RAISED_ONLY = {"aucell"}  # its authors score raised sets; lowered genes are not read
NEEDS_BOTH = {"gsea"}  # 0 where raised and lowered genes seem to move the same way, as they may


@pytest.mark.parametrize("planted", ["IFNG", "TGFB1", "IL4", "TNF", "VEGFA"])
def test_a_planted_cytokine_is_found(
    logged: AnnData, curated: Catalogue, linear, planted: str
) -> None:
    x = logged.X.toarray()
    cells = np.arange(40, 60)
    weights = curated.signatures[planted].weights
    effect = np.array([weights.get(gene, 0.0) for gene in logged.var_names])
    x[cells] = np.maximum(x[cells] + 3.0 * effect, 0.0)
    logged.X = sparse.csr_matrix(x)
    cs.tl.score(logged, normalize="none", n_jobs=1, **linear.options)
    z, p = logged.obsm["cytosig_score"], logged.obsm["cytosig_pvalue"]
    assert z.iloc[cells].mean().idxmax() == planted
    assert (p[planted].iloc[cells] < 1e-4).all()
    axis = next(a.id for a in curated.axes.values() if planted in a.members)
    assert logged.obsm["cytosig_axis"].iloc[cells].mean().idxmax() == axis
    others = np.delete(np.arange(logged.n_obs), cells)
    assert z[planted].iloc[cells].min() > z[planted].iloc[others].max() + 1


def _bulk(n_obs: int) -> tuple[AnnData, dict[str, dict[str, float]]]:
    """Samples × 600 genes without zeros, and three disjoint signatures of 15 + 15 genes each."""
    rng = np.random.default_rng(4)
    level = np.sort(rng.uniform(3, 9, 600))
    x = level + rng.normal(0, 0.5, (n_obs, 600))
    genes = pd.Index([f"G{i}" for i in range(600)])
    chosen = rng.permutation(np.arange(200, 500))
    sets = {
        name: {genes[g]: 1.0 if i % 2 else -1.0 for i, g in enumerate(chosen[30 * k : 30 * k + 30])}
        for k, name in enumerate(("FIRST", "SECOND", "THIRD"))
    }
    obs = pd.DataFrame(index=[f"s{i}" for i in range(n_obs)])
    return anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=genes)), sets


def _auroc(score: np.ndarray, moved: np.ndarray) -> float:
    """Chance that a moved observation is above another, ties counting half."""
    apart = score[moved][:, None] - score[~moved]
    return float((np.sign(apart) / 2 + 0.5).mean())


@pytest.mark.parametrize("what", ["both", "raised", "lowered"])
def test_a_signature_moved_in_half_of_the_samples_is_found(
    kind, run: Callable[..., Tables], what: str
) -> None:
    """Raised genes up, lowered genes down, or both; the other two signatures stay behind."""
    adata, sets = _bulk(8 if kind.method.name == "gsea" else 40)
    moved = np.arange(adata.n_obs) % 2 == 0
    effect = np.array([sets["SECOND"].get(gene, 0.0) for gene in adata.var_names])
    if what != "both":
        effect = np.clip(effect, 0, 1) if what == "raised" else np.clip(effect, -1, 0)
    adata.X[moved] += 3.0 * effect
    score = run(adata, signatures=sets, normalize="none", **kind.options)["score"]
    found = _auroc(score["SECOND"].to_numpy(), moved)
    if what == "lowered" and kind.method.name in RAISED_ONLY:
        assert abs(found - 0.5) < 0.1
        return
    apart = (score[moved].mean() - score[~moved].mean()) / score.std()
    if what != "both" and kind.method.name in NEEDS_BOTH:
        assert (score["SECOND"][moved] >= 0).all()
        assert (score["SECOND"][~moved] <= 0).all()
        assert apart["SECOND"] > 0.5
        return
    assert found >= 0.95
    assert apart.idxmax() == "SECOND"
    assert apart["SECOND"] > apart[["FIRST", "THIRD"]].abs().max() + 0.8


def test_pvalues_are_uniform_where_nothing_is_planted(logged: AnnData, linear) -> None:
    """Genes shuffled inside each cell, which is the null itself."""
    rng = np.random.default_rng(8)
    logged.X = rng.permuted(logged.X.toarray(), axis=1)
    cs.tl.score(logged, center=None, normalize="none", n_jobs=1, **linear.options)
    p = logged.obsm["cytosig_pvalue"].to_numpy().ravel()
    n = p.size
    for level in (0.5, 0.1, 0.01, 0.001):
        error = 4 * np.sqrt(level / 300 / 8)  # at least eight independent outputs a cell
        assert abs(np.mean(p <= level) - level) <= 0.1 * level + error, f"{level}, n={n}"
