"""Kendall's W and Spearman's correlations against textbooks, closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytosig.stats.agreement import concordance, rank_correlations

# Siegel, Nonparametric Statistics for the Behavioral Sciences (1956), p. 230: three executives
# rank six applicants; and p. 234: three rankings of ten things with ties.
APPLICANTS = np.array([[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]])
TIED = np.array(
    [
        [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
        [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
        [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
    ]
)


def test_textbook_examples() -> None:
    """s = 25.5 and 591, R the rank sums: printed as W = .16, and .828 with ties corrected."""
    total = APPLICANTS.sum(axis=0)
    assert list(total) == [8, 14, 11, 11, 11, 8]
    assert concordance(APPLICANTS.astype(float)) == pytest.approx(25.5 / (9 * 210 / 12), rel=1e-12)
    assert round(concordance(APPLICANTS.astype(float)), 2) == 0.16
    assert ((TIED.sum(axis=0) - 16.5) ** 2).sum() == 591
    assert round(concordance(TIED), 3) == 0.828


@pytest.mark.parametrize("seed", range(20))
def test_it_is_friedmans_chi_square_over_its_largest_value(seed: int) -> None:
    """scipy corrects for ties as well: W = χ² / (m (n − 1))."""
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(2, 7)), int(rng.integers(3, 40))
    scores = np.round(rng.normal(size=n) + rng.normal(size=(m, n)), seed % 2)
    chi = stats.friedmanchisquare(*scores.T).statistic
    assert concordance(scores) == pytest.approx(chi / (m * (n - 1)), rel=1e-10)


def test_it_is_the_mean_correlation_of_all_pairs_moved_to_0_and_1() -> None:
    """Without ties W = ((m − 1) mean(ρ) + 1) / m (Kendall 1948)."""
    scores = np.random.default_rng(3).normal(size=(5, 31))
    rho = stats.spearmanr(scores, axis=1).statistic[np.triu_indices(5, 1)]
    assert concordance(scores) == pytest.approx((4 * rho.mean() + 1) / 5, rel=1e-12)


def test_full_agreement_and_full_contradiction() -> None:
    one = np.random.default_rng(0).normal(size=12)
    assert concordance(np.stack([one, 3 * one + 1, np.exp(one)])) == pytest.approx(1, rel=1e-14)
    assert concordance(np.stack([one, -one])) == pytest.approx(0, abs=1e-14)
    tied = np.array([2.0, 2, 1, 5, 5, 5, 0])
    assert concordance(np.stack([tied, tied + 4])) == pytest.approx(1, rel=1e-14)


def test_rankings_of_ties_alone_say_nothing() -> None:
    assert np.isnan(concordance(np.ones((3, 5))))
    half = concordance(np.array([[1.0, 2, 3, 4], [7, 7, 7, 7]]))
    assert half == pytest.approx(12 * 5 / (4 * 60 - 2 * 60))


@pytest.mark.parametrize("decimals", [0, 8])
def test_correlations_are_those_of_scipy(decimals: int) -> None:
    scores = np.round(np.random.default_rng(6).normal(size=(4, 25)), decimals)
    expected = stats.spearmanr(scores, axis=1).statistic
    found = rank_correlations(scores)
    assert list(found) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    for pair, r in found.items():
        assert r == pytest.approx(expected[pair], rel=1e-12)


def test_a_row_that_does_not_vary_correlates_with_none() -> None:
    found = rank_correlations(np.array([[1.0, 2, 3], [5, 5, 5], [3, 2, 1]]))
    assert np.isnan([found[0, 1], found[1, 2]]).all()
    assert found[0, 2] == pytest.approx(-1)
