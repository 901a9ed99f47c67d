"""Rank correlations and slopes against scipy, statsmodels and formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from cytosig._errors import DataError, UsageError
from cytosig.stats.trend import slope, spearman

NAN = float("nan")


@pytest.mark.parametrize(("n", "decimals"), [(12, 8), (40, 0)])
def test_spearman_is_that_of_scipy(n: int, decimals: int) -> None:
    rng = np.random.default_rng(n)
    x = np.round(rng.normal(size=n), decimals)
    y = np.round(x + rng.normal(size=n), decimals)
    found, expected = spearman(x, y), stats.spearmanr(x, y)
    assert found.estimate == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-10)
    assert 2 * stats.t.sf(abs(found.statistic), found.df) == pytest.approx(found.p)


def test_interval_of_bonett_and_wright() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 28))
    found = spearman(x, y + 0.8 * x, level=0.9)
    r = stats.spearmanr(x, y + 0.8 * x).statistic
    law = stats.norm(np.arctanh(r), np.sqrt((1 + r**2 / 2) / 25))
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(np.tanh(law.interval(0.9))))
    assert found.se == pytest.approx(law.std())


@pytest.mark.parametrize("decimals", [0, 8])
def test_p_of_few_samples_counts_every_order(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    x, y = np.round(rng.normal(size=(2, 6)) * 2, decimals)

    def r(y: np.ndarray) -> float:
        return float(stats.spearmanr(x, y).statistic)

    every = stats.permutation_test((y,), r, permutation_type="pairings", n_resamples=10_000)
    found = spearman(x, y)
    as_far = np.abs(every.null_distribution) >= abs(found.estimate) - 1e-12
    assert found.p == pytest.approx(as_far.mean(), rel=1e-12)
    assert spearman(range(9), [0, 1, 2, 3, 4, 5, 6, 8, 7]).p == pytest.approx(2 * 9 / 362_880)


def test_spearman_where_there_is_none() -> None:
    found = spearman([1.0, 2, 3, 4, NAN], [2.0, 4, 8, 16, 1])
    assert (found.estimate, found.n) == (1, (4,))
    assert found.p == pytest.approx(2 / 24)
    assert np.isnan([found.ci_low, found.se]).all()
    assert "perfectly" in found.reason
    assert "fewer than three" in spearman([1.0, NAN, 3], [1.0, 2, 3]).reason
    assert "fewer than four" in spearman([1.0, 2, 3], [1.0, 3, 2]).reason
    found = spearman([1.0, 1, 1, 1], [1.0, 2, 3, 4])
    assert np.isnan([found.estimate, found.p]).all()
    assert "does not vary" in found.reason


def test_spearman_intervals_cover() -> None:
    rng = np.random.default_rng(2)
    truth = 6 / np.pi * np.arcsin(0.25)  # of normal variables correlated .5
    covered, refused = [], []
    for _ in range(1000):
        x, y = rng.normal(size=(2, 25))
        found = spearman(x, 0.5 * x + np.sqrt(0.75) * y)
        covered.append(found.ci_low < truth < found.ci_high)
        refused.append(spearman(x, y).p < 0.05)
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.04 < np.mean(refused) < 0.06


@pytest.mark.parametrize("errors", ["hc3", "classical"])
def test_slope_is_that_of_statsmodels(errors: str) -> None:
    rng = np.random.default_rng(3)
    x, age, sex = rng.normal(size=30), rng.normal(60, 9, 30), rng.integers(0, 2, 30)
    y = 0.4 * x + 0.1 * age + rng.normal(size=30) * np.exp(x)
    kind = {"hc3": "HC3", "classical": "nonrobust"}[errors]
    fit = sm.OLS(y, sm.add_constant(np.column_stack([x, age, sex]))).fit(cov_type=kind, use_t=True)
    found = slope(x, y, adjust=np.column_stack([age, sex]), errors=errors, level=0.9)  # type: ignore[arg-type]
    assert found.estimate == pytest.approx(fit.params[1], rel=1e-9)
    assert found.se == pytest.approx(fit.bse[1], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues[1], rel=1e-9)
    np.testing.assert_allclose((found.ci_low, found.ci_high), fit.conf_int(0.1)[1], rtol=1e-9)
    assert (found.df, found.n) == (26, (30,))


def test_hc3_by_its_formula() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 15))
    design = np.column_stack([np.ones(15), x])
    inverse = np.linalg.inv(design.T @ design)
    residual = y - design @ inverse @ design.T @ y
    leverage = np.diag(design @ inverse @ design.T)
    meat = design.T @ np.diag((residual / (1 - leverage)) ** 2) @ design
    assert slope(x, y).se == pytest.approx(np.sqrt((inverse @ meat @ inverse)[1, 1]), rel=1e-10)
    assert slope(x, y, errors="classical").p == pytest.approx(stats.linregress(x, y).pvalue)


def test_missing_values_leave_the_sample_out() -> None:
    x, y, age = np.random.default_rng(5).normal(size=(3, 12))
    kept = slope(x[3:], y[3:], adjust=age[3:, None])
    x[0], y[1], age[2] = NAN, NAN, NAN
    assert slope(x, y, adjust=age[:, None]) == kept
    assert kept.n == (9,)


def test_slopes_that_cannot_be_told() -> None:
    x = np.arange(8.0)
    y = np.random.default_rng(6).normal(size=8)
    for found, said in (
        (slope(x[:2], y[:2]), "2 complete samples are too few for 2"),
        (slope(np.ones(8), y), "covariate does not vary"),
        (slope(x, np.ones(8)), "score does not vary"),
        (slope(x, y, adjust=np.column_stack([2 * x + 1])), "cannot be told apart"),
        (slope(x, y, adjust=np.eye(8)[:, :1]), "one sample alone"),
        (slope([0.0] * 7 + [1], y), "one sample alone"),
        (slope(x, 2 * x + 1), "perfect"),
    ):
        assert said in found.reason
        assert np.isnan([found.se, found.p, found.ci_low]).all()
    assert slope(x, 2 * x + 1).estimate == pytest.approx(2)
    assert slope(x, y, adjust=np.eye(8)[:, :1], errors="classical").p > 0


def test_wrong_calls() -> None:
    x, y = np.arange(4.0), np.array([1.0, 3, 2, 5])
    with pytest.raises(UsageError, match="no 'hc9' standard errors"):
        slope(x, y, errors="hc9")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="adjust has 1 dimensions"):
        slope(x, y, adjust=x)
    with pytest.raises(UsageError, match="adjust holds values that are no numbers"):
        slope(x, y, adjust=[["a"], ["b"], ["a"], ["b"]])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="unequal length"):
        slope(x, y, adjust=np.ones((3, 1)))
    with pytest.raises(DataError, match="score holds 1 infinite"):
        slope(x, [1.0, np.inf, 2, 3])


def test_errors_of_the_first_kind_with_unequal_variances() -> None:
    """Noise that grows along the covariate, next to one tied to it; classical errors fail."""
    rng = np.random.default_rng(7)
    robust, classical = [], []
    for _ in range(3000):
        x = rng.normal(size=40)
        age = x + rng.normal(size=40)
        y = age + rng.normal(size=40) * np.exp(0.5 * x)
        robust.append(slope(x, y, adjust=age[:, None]).p < 0.05)
        classical.append(slope(x, y, adjust=age[:, None], errors="classical").p < 0.05)
    assert 0.035 < np.mean(robust) < 0.06
    assert np.mean(classical) > 0.065
