"""Saddlepoint p-values against permutations, and the table they are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy import special, stats

from cytosig.kernels.tails import N_BINS, N_STEPS, bin_values, cumulant_table, two_sided
from cytosig.stats.permutation import moments

G = 3000


@dataclass(frozen=True)
class _Case:
    """One observation and one output over G genes."""

    x: np.ndarray
    t: np.ndarray

    @property
    def sd(self) -> float:
        """Exact standard deviation of the score over permutations."""
        n = len(self.x)
        return float(np.sqrt(np.var(self.t) * np.var(self.x) * n**2 / (n - 1)))

    def histogram(self) -> tuple[np.ndarray, np.ndarray]:
        """Bins of x as the engine makes them: stored values, then the zeros of the rest."""
        stored = np.flatnonzero(self.x).astype(np.int32)
        n = len(self.x)
        rest_count, rest_sum = np.zeros(N_BINS), np.zeros(N_BINS)
        rest_count[0] = n
        count, total = np.empty(2 * N_BINS), np.empty(2 * N_BINS)
        bin_values(
            stored, self.x[stored], np.zeros(n), np.ones(n), np.zeros(n, dtype=np.uint8),
            rest_count, rest_sum, np.empty(len(stored)), count, total,
        )  # fmt: skip
        return count, total

    def pvalue(self, z: float) -> float:
        """``two_sided`` at z."""
        count, total = self.histogram()
        table = np.empty((2, N_STEPS + 1, 5))
        up, down = cumulant_table(count, total, table)
        weights = self.t[self.t != 0]
        level, number = np.unique(weights / np.linalg.norm(weights), return_counts=True)
        skew, excess = self.shape()
        return two_sided(z, skew, excess, level, number.astype(float), table, up, down)

    def shape(self) -> tuple[float, float]:
        """Skewness and excess kurtosis of the score over permutations, in closed form."""
        a, b = (
            np.array([((v - v.mean()) ** k).sum() for k in (2, 3, 4)]) for v in (self.t, self.x)
        )
        second, third, fourth = (float(m) for m in moments(*a, *b, len(self.x)))
        return third / second**1.5, fourth / second**2 - 3

    def permuted(self, n: int, seed: int) -> np.ndarray:
        """Standardised scores of n random permutations (of the genes that weigh anything)."""
        rng = np.random.default_rng(seed)
        weights = self.t[self.t != 0]
        centre = self.t.sum() * self.x.mean()
        kept: list[np.ndarray] = []
        while sum(map(len, kept)) < n:
            drawn = rng.integers(0, len(self.x), (40_000, len(weights)), dtype=np.int32)
            ordered = np.sort(drawn, axis=1)
            distinct = (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
            kept.append((self.x[drawn[distinct]] @ weights - centre) / self.sd)
        return np.concatenate(kept)[:n]


def _skewed(seed: int, detected: float, n_weighed: int, spread: float) -> _Case:
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(G) < detected, rng.lognormal(0.2, spread, G), 0.0)
    t = np.zeros(G)
    t[:n_weighed] = rng.choice([1.0, 0.7, 0.5], n_weighed)
    t[n_weighed : n_weighed + 6] = -0.5
    return _Case(x, t)


@cache
def _sparse_case() -> _Case:
    """A cell that shows one gene in eight, and a signature of 60."""
    return _skewed(11, 0.12, 54, 0.5)


@cache
def _harsh_case() -> _Case:
    """Three expressed genes expected in the whole signature: skewness above 1."""
    return _skewed(12, 0.08, 32, 0.7)


@cache
def _symmetric_case() -> _Case:
    rng = np.random.default_rng(12)
    half = rng.normal(size=G // 2)
    t = np.zeros(G)
    t[:200], t[200:400] = 1.0, -1.0
    return _Case(np.concatenate([half, -half]), t)


@cache
def _null(case: object) -> np.ndarray:
    return np.abs(case().permuted(200_000, seed=4))


@pytest.mark.parametrize("z", [0.3, 0.8, 1.3, 1.8, 2.3, 2.8, 3.3, 3.8, 4.3])
@pytest.mark.parametrize(("case", "share"), [(_sparse_case, 0.10), (_harsh_case, 0.20)])
def test_two_sided_equals_the_share_of_permutations(case: object, share: float, z: float) -> None:
    """Within binomial error plus 10 %; plus 20 % where the skewness is extreme."""
    null = _null(case)
    true = float(np.mean(null >= z))
    error = 4 * np.sqrt(true * (1 - true) / len(null))
    assert null.size == 200_000
    assert case().pvalue(z) == pytest.approx(true, abs=error + share * true)


def test_the_sparse_cases_are_ones_where_a_normal_tail_is_wrong() -> None:
    assert np.mean(_null(_sparse_case) >= 4.3) > 10 * 2 * stats.norm.sf(4.3)
    assert _harsh_case().shape()[0] > 1


@pytest.mark.parametrize("z", [0.2, 1.0, 1.6, 2.5, 3.5, 4.5])
def test_symmetric_light_tails_are_normal(z: float) -> None:
    assert _symmetric_case().pvalue(z) == pytest.approx(2 * stats.norm.sf(z), rel=0.05)


@pytest.mark.parametrize("case", [_sparse_case, _harsh_case, _symmetric_case])
def test_in_range_symmetric_in_sign_and_monotone(case: object) -> None:
    made = case()
    grid = np.concatenate([np.linspace(0, 6, 241), np.linspace(6.2, 60, 100)])
    p = np.array([made.pvalue(float(z)) for z in grid])
    assert ((p > 0) & (p <= 1)).all()
    assert made.pvalue(0.0) == pytest.approx(1, abs=1e-12)
    np.testing.assert_array_equal(p, [made.pvalue(-float(z)) for z in grid])
    rises = np.flatnonzero(np.diff(p) > 1e-12)
    assert rises.size == 0, f"p rises after |z| = {grid[rises]}"


@pytest.mark.parametrize("case", [_sparse_case, _harsh_case, _symmetric_case])
def test_far_out_is_small_but_never_zero(case: object) -> None:
    assert 0 < case().pvalue(60.0) < 1e-30


def test_histogram_keeps_count_and_sum() -> None:
    case = _sparse_case()
    count, total = case.histogram()
    stored = np.count_nonzero(case.x)
    assert count[:N_BINS].sum() == stored
    assert count[N_BINS:].sum() == G - stored
    assert total.sum() == pytest.approx(case.x.sum(), rel=1e-12)
    edges = np.linspace(case.x[case.x != 0].min(), case.x.max(), N_BINS + 1)
    expected, _ = np.histogram(case.x[case.x != 0], bins=edges)
    np.testing.assert_array_equal(count[:N_BINS], expected)


def _tilted(values: np.ndarray, share: np.ndarray, u: float) -> np.ndarray:
    """log Σ share·exp(u·v) and its first four derivatives, from the tilted distribution."""
    log_mean = special.logsumexp(u * values, b=share)
    p = share * np.exp(u * values - log_mean)
    mean = p @ values
    m2, m3, m4 = (p @ (values - mean) ** k for k in (2, 3, 4))
    return np.array([log_mean, mean, m2, m3, m4 - 3 * m2**2])


@pytest.mark.parametrize("case", [_sparse_case, _symmetric_case])
def test_cumulant_table_equals_log_mean_exp_of_the_bins(case: object) -> None:
    count, total = case().histogram()
    table = np.empty((2, N_STEPS + 1, 5))
    up, down = cumulant_table(count, total, table)
    used = count > 0.5
    share = count[used] / count[used].sum()
    values = total[used] / count[used]
    values = values - share @ values
    values /= np.sqrt(share @ values**2)
    for side, step in enumerate((up, -down)):
        for node in range(N_STEPS + 1):
            expected = _tilted(values, share, node * step)
            np.testing.assert_allclose(table[side, node], expected, rtol=1e-6, atol=1e-6)


def test_cumulant_table_is_close_to_the_unbinned_values() -> None:
    case = _sparse_case()
    table = np.empty((2, N_STEPS + 1, 5))
    up, down = cumulant_table(*case.histogram(), table)
    values = (case.x - case.x.mean()) / case.x.std()
    share = np.full(G, 1 / G)
    for side, step in enumerate((up, -down)):
        for node in range(N_STEPS // 2):
            exact = _tilted(values, share, node * step)[:2]
            np.testing.assert_allclose(table[side, node, :2], exact, rtol=5e-3, atol=1e-3)


def test_derivatives_in_the_table_are_those_of_its_first_column() -> None:
    table = np.empty((2, N_STEPS + 1, 5))
    up, _ = cumulant_table(*_symmetric_case().histogram(), table)
    upper = table[0, :12]
    for order in range(4):
        slope = (upper[2:, order] - upper[:-2, order]) / (2 * up)
        scale = np.abs(upper[:, order + 1]).max()
        np.testing.assert_allclose(upper[1:-1, order + 1], slope, atol=0.05 * scale + 1e-3)
