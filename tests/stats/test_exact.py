"""Exact rank-sum distributions against every draw there is, and against scipy."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from cytosig.stats.exact import (
    doubled_ranks,
    outermost,
    rank_sum_null,
    rank_sum_test,
    rank_sum_untied,
    signed_rank_null,
    signed_rank_test,
    signed_rank_untied,
    two_sided,
)


@pytest.mark.parametrize("decimals", [0, 8])
def test_rank_sums_equal_those_of_every_draw(decimals: int) -> None:
    ranks = doubled_ranks(np.round(np.random.default_rng(decimals).normal(size=9), decimals))
    sums = [sum(drawn) for drawn in combinations(ranks.tolist(), 4)]
    expected = np.bincount(sums, minlength=ranks.sum() + 1) / len(sums)
    np.testing.assert_allclose(rank_sum_null(ranks, 4), expected, atol=1e-15)


def test_signed_rank_sums_equal_those_of_every_sign() -> None:
    ranks = doubled_ranks(np.array([1.0, 2, 2, 3, 5, 5, 5]))
    sums = [np.dot(signs, ranks) for signs in product([0, 1], repeat=7)]
    expected = np.bincount(sums, minlength=ranks.sum() + 1) / 2**7
    np.testing.assert_allclose(signed_rank_null(ranks), expected, atol=1e-15)


@pytest.mark.parametrize(("m", "n"), [(1, 4), (5, 5), (12, 9), (30, 30), (3, 100)])
def test_without_ties_p_is_the_exact_one_of_scipy(m: int, n: int) -> None:
    rng = np.random.default_rng(m)
    one, other = rng.normal(size=m) + 0.6, rng.normal(size=n)
    expected = stats.mannwhitneyu(one, other, method="exact")
    u, p = rank_sum_test(one, other)
    assert u == expected.statistic
    assert p == pytest.approx(expected.pvalue, rel=1e-9)
    expected = stats.wilcoxon(one, method="exact")
    positive, p = signed_rank_test(one)
    assert min(positive, m * (m + 1) / 2 - positive) == expected.statistic
    assert p == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_with_ties_p_is_that_of_every_draw(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 5, 6).astype(float), rng.integers(1, 6, 7).astype(float)
    both = np.concatenate([one, other])
    every = np.array(list(combinations(range(13), 6)))
    sums = stats.rankdata(both)[every].sum(axis=1)
    found = stats.rankdata(both)[:6].sum()
    expected = min(1, 2 * min((sums <= found).mean(), (sums >= found).mean()))
    assert rank_sum_test(one, other)[1] == pytest.approx(expected, rel=1e-9)


def test_large_samples_take_the_normal_limit_of_scipy() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=150) + 0.2, rng.normal(size=120)
    expected = stats.mannwhitneyu(one, other, method="asymptotic").pvalue
    assert rank_sum_test(one, other)[1] == expected
    assert signed_rank_test(np.tile(one, 2))[1] == stats.wilcoxon(np.tile(one, 2)).pvalue


def test_tails() -> None:
    assert two_sided(np.array([0.2, 0.6, 0.2]), 1) == 1
    np.testing.assert_allclose(rank_sum_untied(3, 5).sum(), 1)
    assert len(rank_sum_untied(3, 5)) == 16
    # qwilcox(.025, 10, 10) = 24 and qsignrank(.025, 10) = 9 in R: one less is excluded
    assert outermost(rank_sum_untied(10, 10), 0.025) == 24
    assert outermost(signed_rank_untied(10), 0.025) == 9
    assert outermost(rank_sum_untied(3, 3), 0.025) == 0
