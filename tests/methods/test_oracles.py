"""Every linear method's weights, estimates and z against an independent computation."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

import cytosig as cs
from cytosig import methods
from cytosig.blocks import RowBlocks
from cytosig.engine.linear import LinearJob
from cytosig.engine.moments import untouched
from cytosig.engine.outputs import filled
from cytosig.engine.plan import make_plan
from cytosig.signatures import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.engine.outputs import Outputs
    from cytosig.engine.plan import Plan
    from cytosig.signatures import Catalogue

METHODS = sorted(
    m.name for m in methods.available().values() if isinstance(m, methods.LinearMethod)
)
SOME = [0, 17, 123, 299]


@pytest.fixture
def scored(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray]
) -> Callable[..., tuple[np.ndarray, np.ndarray, AnnData]]:
    """Score uncentred; give back x, W and the result."""

    def run(method: str, **options: object) -> tuple[np.ndarray, np.ndarray, AnnData]:
        cs.tl.score(logged, signatures=small, method=method, center=None, n_jobs=1, **options)
        return logged.X.toarray(), weight_matrix(small, list(logged.var_names)), logged

    return run


def test_ulm_is_pearson_and_linregress(scored: Callable[..., tuple]) -> None:
    x, w, adata = scored("ulm")
    for i in SOME:
        for k, id in enumerate(("ALPHA", "BETA", "GAMMA")):
            r = stats.pearsonr(w[:, k], x[i]).statistic
            z = adata.obsm["cytosig_score"][id].iloc[i]
            assert z == pytest.approx(np.sqrt(len(w) - 1) * r, rel=1e-9)
            slope = stats.linregress(w[:, k], x[i]).slope
            assert adata.obsm["cytosig_estimate"][id].iloc[i] == pytest.approx(slope, rel=1e-9)


def test_mlm_estimates_are_ols_coefficients(scored: Callable[..., tuple]) -> None:
    x, w, adata = scored("mlm")
    design = sm.add_constant(w, has_constant="raise")
    for i in SOME:
        expected = sm.OLS(x[i], design).fit().params[1:]
        found = adata.obsm["cytosig_estimate"].iloc[i].to_numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_mlm_of_one_signature_is_ulm(logged: AnnData, small: Catalogue) -> None:
    one = small.subset(["BETA"])
    for method in ("ulm", "mlm"):
        cs.tl.score(logged, signatures=one, method=method, key_added=method)
    for slot in ("score", "estimate", "pvalue"):
        np.testing.assert_allclose(
            logged.obsm[f"mlm_{slot}"], logged.obsm[f"ulm_{slot}"], rtol=1e-6
        )


def test_wmean_is_the_average_less_its_permutation_mean(scored: Callable[..., tuple]) -> None:
    x, w, adata = scored("wmean")
    for k, id in enumerate(("ALPHA", "BETA", "GAMMA")):
        size, sign = np.abs(w[:, k]), np.sign(w[:, k])
        average = np.average(x * sign, weights=size, axis=1)
        by_chance = x.mean(axis=1) * np.average(sign, weights=size)
        np.testing.assert_allclose(
            adata.obsm["cytosig_estimate"][id], average - by_chance, rtol=1e-8, atol=1e-12
        )


@pytest.mark.parametrize("lam", [None, 0.0, 3.5, 1e4])
def test_ridge_is_the_closed_form(scored: Callable[..., tuple], lam: float | None) -> None:
    x, w, adata = scored("ridge", lam=lam)
    penalty = np.mean((w**2).sum(axis=0)) if lam is None else lam
    t = np.linalg.inv(w.T @ w + penalty * np.eye(3)) @ w.T
    expected = (x - x.mean(axis=1, keepdims=True)) @ t.T  # less its permutation mean
    np.testing.assert_allclose(adata.obsm["cytosig_estimate"], expected, rtol=1e-8)


def test_ridge_with_a_huge_penalty_is_correlation(scored: Callable[..., tuple]) -> None:
    x, w, adata = scored("ridge", lam=1e9)
    r = np.corrcoef(np.vstack([x, w.T]))[: len(x), len(x) :]
    z = adata.obsm["cytosig_score"].to_numpy()
    np.testing.assert_allclose(z, np.sqrt(len(w) - 1) * r, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_z_is_the_correlation_with_brute_force_weights(
    scored: Callable[..., tuple],
    small: Catalogue,
    axis_names: Callable[[Catalogue], list[str]],
    gene_weights: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
    method: str,
) -> None:
    x, w, adata = scored(method)
    expected = correlation_z(x, gene_weights(method, w, groups=axis_names(small)))
    np.testing.assert_allclose(adata.obsm["cytosig_score"], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_z_of_an_axis_is_that_of_its_mean_signature(
    scored: Callable[..., tuple],
    gene_weights: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
    method: str,
) -> None:
    """An axis weighs a gene by the mean of its members' signatures at unit length."""
    x, w, adata = scored(method)
    unit = w / np.linalg.norm(w, axis=0)
    axes = np.stack([unit[:, :2].mean(axis=1), unit[:, 2]], axis=1)
    expected = correlation_z(x, gene_weights(method, axes))
    found = adata.obsm["cytosig_axis"]
    assert list(found.columns) == ["AB", "C"]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def _run(plan: Plan, x: np.ndarray) -> Outputs:
    """Score rows by a plan as they are."""
    job = LinearJob({"plan": plan}, untouched(x.shape[1]))
    everyone = np.zeros(len(x), dtype=np.int64)
    (slots,) = filled(RowBlocks(x).read(0, len(x)), everyone, everyone, [job])
    return job.outputs(slots)["plan"]


@pytest.mark.parametrize("method", METHODS)
def test_z_against_all_permutations_of_seven_genes(
    gene_weights: Callable[..., np.ndarray], method: str
) -> None:
    weights = np.zeros((7, 2))
    weights[[0, 2, 5], 0] = 1.0, 0.5, -0.7
    weights[[1, 2, 6], 1] = 0.7, 1.0, 1.0
    x = np.array([[0, 0, 3.1, 0, 1.2, 0.4, 9.0], [2.2, -1, 0, 5, 0, 0, -30.0]])
    plan = make_plan(weights, ("A", "B"), {}, methods.get(method))
    found = _run(plan, x)
    t = gene_weights(method, weights)
    for i in range(2):
        null = np.array(list(permutations(x[i]))) @ t
        assert null.shape == (5040, 2)
        expected = (x[i] @ t - null.mean(axis=0)) / null.std(axis=0)
        np.testing.assert_allclose(found.score[i], expected, rtol=1e-10)
        np.testing.assert_allclose(found.estimate[i], x[i] @ t - null.mean(axis=0), rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_pvalues_against_random_permutations(
    logged: AnnData, small: Catalogue, gene_weights: Callable[..., np.ndarray],
    weight_matrix: Callable[..., np.ndarray], axis_names: Callable[[Catalogue], list[str]],
    method: str,
) -> None:  # fmt: skip
    """20,000 shuffles of the genes of three cells; factor 1.25 beyond binomial error."""
    cells = [3, 150, 222]
    x = logged.X.toarray()
    cs.tl.score(logged, signatures=small, method=method, n_jobs=1)
    w = weight_matrix(small, list(logged.var_names))
    t = gene_weights(method, w, groups=axis_names(small))
    t = (t - t.mean(axis=0)) / np.linalg.norm(t - t.mean(axis=0), axis=0)
    rng = np.random.default_rng(7)
    orders = rng.permuted(np.tile(np.arange(len(t)), (1000, 1)), axis=1)
    shifts = rng.integers(0, len(t), 20)
    for i in cells:
        y = x[i] - x.mean(axis=0)
        # a random order, then random rotations of it: cheap, and each one a fair shuffle
        null = np.concatenate([np.roll(y[orders], s, axis=1) @ t for s in shifts])
        for k, id in enumerate(small.ids):
            observed = abs(y @ t[:, k])
            share = np.mean(np.abs(null[:, k]) >= observed - 1e-12)
            error = 5 * np.sqrt(max(share, 1e-4) / len(null))
            p = logged.obsm["cytosig_pvalue"][id].iloc[i]
            assert share / 1.25 - error <= p <= share * 1.25 + error


def test_axes_leave_out_members_without_a_signature() -> None:
    weights = np.zeros((30, 1))
    weights[:6, 0] = 1.0
    axes = {
        "X": Axis("X", "has one", ("A", "NOT_HERE")),
        "Y": Axis("Y", "has none", ("NOT_HERE",)),
    }
    plan = make_plan(weights, ("A",), axes, methods.get("ulm"))
    assert plan.columns == ("A", "X")
    x = np.random.default_rng(0).exponential(size=(4, 30))
    found = _run(plan, x)
    np.testing.assert_allclose(found.score[:, 1], found.score[:, 0], rtol=1e-12)
