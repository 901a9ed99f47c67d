"""Hodges–Lehmann intervals against the tests they invert; Hedges' g against a textbook."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.stats import shift
from cytosig.stats.shift import hedges_g, shift_of_groups, shift_of_pairs

# Hollander and Wolfe (1973), pp. 69 and 29; the examples of R's wilcox.test
PERMEABILITY = (
    np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]),
    np.array([1.15, 0.88, 0.90, 0.74, 1.21]),
)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_interval_of_groups_ends_where_the_exact_test_turns(level: float) -> None:
    one, other = PERMEABILITY
    middle, low, high = shift_of_groups(one, other, level)
    assert middle == pytest.approx(np.median(np.subtract.outer(one, other)))

    def p(moved: float) -> float:
        return float(stats.mannwhitneyu(one - moved, other, method="exact").pvalue)

    for end, inward in ((low, 1e-6), (high, -1e-6)):
        assert p(end + inward) > 1 - level >= p(end - inward)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_of_pairs_ends_where_the_exact_test_turns(level: float) -> None:
    difference = np.random.default_rng(0).normal(0.4, 1, 12)
    middle, low, high = shift_of_pairs(difference, level)
    walsh = [(a + b) / 2 for i, a in enumerate(difference) for b in difference[i:]]
    assert middle == pytest.approx(np.median(walsh))

    def p(moved: float) -> float:
        return float(stats.wilcoxon(difference - moved, method="exact").pvalue)

    for end, inward in ((low, 1e-6), (high, -1e-6)):
        assert p(end + inward) > 1 - level >= p(end - inward)


def test_few_samples_exclude_nothing() -> None:
    _, low, high = shift_of_groups(np.array([9.0, 10, 11]), np.array([0.0, 1, 2]), 0.95)
    assert (low, high) == (-np.inf, np.inf), "3 against 3 reach p = 0.1 at best"
    assert shift_of_pairs(np.array([1.0, 2, 3, 4, 5]), 0.95)[1:] == (-np.inf, np.inf)
    assert np.isfinite(shift_of_pairs(np.array([1.0, 2, 3, 4, 5, 6]), 0.95)[1:]).all()


def test_counting_pairs_finds_what_listing_them_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=151) + 3, np.round(rng.normal(size=120), 1)
    listed = shift_of_groups(one, other, 0.95), shift_of_pairs(one, 0.95)
    monkeypatch.setattr(shift, "MOST_LISTED", 0)
    counted = shift_of_groups(one, other, 0.95), shift_of_pairs(one, 0.95)
    np.testing.assert_allclose(counted, listed, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(shift_of_pairs(np.array([1.0, 1.0, 3.0]), 0.5)[0], 1.5)


def _with_moments(mean: float, sd: float, n: int) -> np.ndarray:
    x = np.random.default_rng(n).normal(size=n)
    return mean + sd * (x - x.mean()) / x.std(ddof=1)


def test_hedges_g_of_a_textbook() -> None:
    """Borenstein et al., Introduction to Meta-Analysis (2009), pp. 26–27: g .5924, V .0411."""
    found = hedges_g(_with_moments(103, 5.5, 50), _with_moments(100, 4.5, 50))
    assert round(found.estimate, 4) == pytest.approx(0.5924, abs=2e-4)
    assert found.se**2 == pytest.approx(0.0411, abs=1e-4)
    assert found.n == (50, 50)


@pytest.mark.parametrize("paired", [False, True])
def test_its_interval_holds_the_differences_that_make_t_likely(paired: bool) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.8, 1, 9), rng.normal(size=9)
    found = hedges_g(one, other, paired=paired)
    test = stats.ttest_rel if paired else stats.ttest_ind
    assert found.statistic == pytest.approx(test(one, other).statistic)
    assert found.p == pytest.approx(test(one, other).pvalue)
    size = 9.0 if paired else 4.5
    for end, quantile in ((found.ci_low, 0.975), (found.ci_high, 0.025)):
        away = end * np.sqrt(size)
        assert stats.nct.cdf(found.statistic, found.df, away) == pytest.approx(quantile, abs=1e-5)


@pytest.mark.parametrize("apart", [4.0, 30.0, 1e6, -1e6])
def test_its_interval_holds_however_far_the_groups_lie_apart(apart: float) -> None:
    """P(T ≤ t) = E Φ(t·s − δ), s² a χ² over its degrees of freedom, over 10⁶ quantiles of s."""
    one = np.array([-1.0, 0.2, 0.5, 0.9, -0.6])
    found = hedges_g(one + apart, one)
    s = np.sqrt(stats.chi2.ppf((np.arange(10**6) + 0.5) / 10**6, 8) / 8)
    for end, quantile in ((found.ci_low, 0.975), (found.ci_high, 0.025)):
        reached = stats.norm.cdf(found.statistic * s - end * np.sqrt(2.5)).mean()
        assert reached == pytest.approx(quantile, abs=2e-6)


def test_hedges_g_is_unbiased_and_its_interval_covers() -> None:
    rng = np.random.default_rng(5)
    found = [hedges_g(rng.normal(0.8, 1, 5), rng.normal(size=7)) for _ in range(4000)]
    assert np.mean([g.estimate for g in found]) == pytest.approx(0.8, abs=0.035)
    assert 0.94 < np.mean([g.ci_low < 0.8 < g.ci_high for g in found]) < 0.96


def test_hedges_g_where_there_is_none() -> None:
    nan = float("nan")
    assert hedges_g([1.0, nan], [2.0, 3.0]).n == (1, 2)
    assert "too few" in hedges_g([1.0, nan], [2.0, 3.0]).reason
    assert "no sample" in hedges_g([nan], [2.0, 3.0]).reason
    assert "too few" in hedges_g([1.0, 2], [2.0, 1], paired=True).reason
    assert "do not vary" in hedges_g([1.0, 1, 1], [2.0, 2, 2]).reason
    assert "do not vary" in hedges_g([1.0, 2, 3], [2.0, 3, 4], paired=True).reason
    assert np.isnan(hedges_g([1.0, 1, 1], [2.0, 2, 2]).estimate)
    with pytest.raises(UsageError, match="unequal length"):
        hedges_g([1.0, 2], [1.0, 2, 3], paired=True)
