"""Pooling against published meta-analyses, statsmodels, least squares and simulations."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from scipy.special import expit, logit
from statsmodels.stats.meta_analysis import combine_effects

from cytosig._errors import DataError, UsageError
from cytosig.stats.pooled import pool, pool_auroc

NAN = float("nan")
# BCG vaccine against tuberculosis, 13 trials (Colditz et al., JAMA 1994): cases and healthy
# among the vaccinated, then among the others; metafor's dat.bcg
BCG = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
        [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
        [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
).T  # fmt: skip


def _log_relative_risks() -> tuple[np.ndarray, np.ndarray]:
    a, b, c, d = BCG
    effect = np.log(a / (a + b)) - np.log(c / (c + d))
    return effect, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_bcg_by_dersimonian_and_laird_as_metafor_prints_it() -> None:
    """tau² .3088, I² 92.12 %, Q(12) = 152.2330, mean −.7141 [−1.0644, −.3638] (normal)."""
    found = pool(*_log_relative_risks(), method="dersimonian-laird", guard=False)
    assert round(found.tau2, 4) == 0.3088
    assert (round(found.q, 4), round(100 * found.i2, 2)) == (152.2330, 92.12)
    assert round(found.estimate, 4) == -0.7141
    assert found.q_p == pytest.approx(stats.chi2.sf(found.q, 12), rel=1e-9)
    # Higgins et al. 2009, from the normal standard error .1787
    reach = stats.t.ppf(0.975, 11) * np.sqrt(0.30876 + 0.17872**2)
    ends = (found.prediction_low, found.prediction_high)
    np.testing.assert_allclose(ends, [-0.71412 - reach, -0.71412 + reach], atol=2e-4)


def test_paule_and_mandel_solve_their_equation() -> None:
    effect, se = _log_relative_risks()

    def excess(tau2: float) -> float:
        w = 1 / (se**2 + tau2)
        return float((w * (effect - (w @ effect) / w.sum()) ** 2).sum()) - 12

    found = pool(effect, se)
    assert found.tau2 == pytest.approx(optimize.brentq(excess, 0, 5), rel=1e-6)
    assert round(found.tau2, 3) == 0.318
    assert (found.n_cohorts, found.n_left_out, found.reason) == (13, 0, "")


@pytest.mark.parametrize("method", ["paule-mandel", "dersimonian-laird"])
def test_hartung_and_knapp_is_weighted_least_squares(method: str) -> None:
    effect, se = _log_relative_risks()
    found = pool(effect, se, method=method, guard=False, level=0.9)  # type: ignore[arg-type]
    fit = sm.WLS(effect, np.ones(13), weights=1 / (se**2 + found.tau2)).fit()
    assert found.estimate == pytest.approx(fit.params[0], rel=1e-9)
    assert found.se == pytest.approx(fit.bse[0], rel=1e-9)
    np.testing.assert_allclose((found.ci_low, found.ci_high), fit.conf_int(0.1)[0], rtol=1e-9)
    assert (found.statistic, found.p) == pytest.approx((fit.tvalues[0], fit.pvalues[0]))
    assert found.df == 12


def test_it_is_statsmodels() -> None:
    effect, se = _log_relative_risks()
    expected = combine_effects(effect, se**2, method_re="chi2", use_t=True)
    found = pool(effect, se, method="dersimonian-laird")
    np.testing.assert_allclose((found.ci_low, found.ci_high), expected.conf_int()[3], rtol=1e-9)
    assert (found.i2, found.q) == pytest.approx((expected.i2, expected.q))


@pytest.mark.parametrize("method", ["paule-mandel", "dersimonian-laird"])
def test_cohorts_that_agree_by_chance_do_not_make_it_certain(method: str) -> None:
    """Q far below its expectation: τ² is 0 and the guard takes the normal interval."""
    effect, se = np.array([0.50, 0.51, 0.50]), np.array([0.2, 0.3, 0.25])
    plain = pool(effect, se, method=method, guard=False)  # type: ignore[arg-type]
    found = pool(effect, se, method=method)  # type: ignore[arg-type]
    assert (found.tau2, found.i2) == (0, 0)
    assert plain.se < 0.01
    w = 1 / se**2
    assert found.se == pytest.approx(1 / np.sqrt(w.sum()), rel=1e-9)
    assert found.estimate == pytest.approx((w @ effect) / w.sum())
    law = stats.norm(found.estimate, found.se)
    np.testing.assert_allclose((found.ci_low, found.ci_high), law.interval(0.95), rtol=1e-9)
    assert np.isnan(found.df)
    # where cohorts differ the guard has nothing to do
    assert pool([0.1, 0.9, -0.7], se) == pool([0.1, 0.9, -0.7], se, guard=False)


def test_areas_are_pooled_on_the_logit_scale() -> None:
    area, se = np.array([0.72, 0.64, 0.81, 0.58]), np.array([0.05, 0.04, 0.06, 0.08])
    found = pool_auroc(area, se)
    plain = pool(logit(area), se / (area * (1 - area)))
    for name in ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high"):
        assert getattr(found, name) == pytest.approx(expit(getattr(plain, name)))
    for name in ("se", "tau2", "p", "q", "statistic"):
        assert getattr(found, name) == getattr(plain, name)
    turned = pool_auroc(1 - area, se)
    assert turned.estimate == pytest.approx(1 - found.estimate)


def test_cohorts_without_an_effect_are_left_out_and_counted() -> None:
    effect, se = np.array([0.3, 0.1, 0.6]), np.array([0.1, 0.2, 0.15])
    found = pool([*effect, NAN, 0.4], [*se, 0.1, NAN])
    assert (found.n_cohorts, found.n_left_out) == (3, 2)
    assert "2 cohorts left out" in found.reason
    assert found.estimate == pool(effect, se).estimate
    found = pool_auroc([0.7, 0.8, 1.0], [0.05, 0.04, NAN])
    assert (found.n_cohorts, found.n_left_out) == (2, 1)
    assert 0.7 < found.estimate < 0.8


def test_few_cohorts() -> None:
    two = pool([0.2, 0.5], [0.1, 0.1])
    assert np.isnan([two.prediction_low, two.prediction_high]).all()
    assert two.df == 1
    one = pool([0.2, NAN], [0.1, 0.1])
    assert (one.estimate, one.se, one.n_cohorts, one.n_left_out) == (0.2, 0.1, 1, 1)
    assert (one.ci_low, one.ci_high) == pytest.approx(stats.norm(0.2, 0.1).interval(0.95))
    assert np.isnan([one.tau2, one.q, one.prediction_low]).all()
    assert "one cohort alone" in one.reason
    none = pool([], [])
    assert np.isnan([none.estimate, none.p]).all()
    assert "no cohort" in none.reason
    same = pool([0.3, 0.3], [0.1, 0.2], guard=False)
    assert (same.estimate, np.isnan(same.p)) == (pytest.approx(0.3), True)
    assert "same effect" in same.reason
    assert pool([0.3, 0.3], [0.1, 0.2]).p == pytest.approx(2 * stats.norm.sf(0.3 * np.sqrt(125)))


def test_what_is_refused() -> None:
    with pytest.raises(DataError, match="Cohort 2 has a standard error that is not above 0"):
        pool([0.1, 0.2], [0.1, 0.0])
    with pytest.raises(UsageError, match="2 estimates and 1 standard errors"):
        pool([0.1, 0.2], [0.1])
    with pytest.raises(UsageError, match="2 estimates and 1 standard errors"):
        pool_auroc([0.6, 0.7], [0.1])
    with pytest.raises(UsageError, match="no method 'reml'"):
        pool([0.1], [0.1], method="reml")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="lies outside 0 to 1"):
        pool_auroc([1.2, 0.7], [0.1, 0.1])


def test_errors_of_the_first_kind() -> None:
    """6 cohorts of unequal size that differ (τ² = .04): the plain normal interval fails."""
    rng = np.random.default_rng(0)
    guarded, plain, normal = [], [], []
    for _ in range(2000):
        se = np.sqrt(0.04 * np.exp(rng.normal(0, 0.5, 6)))
        effect = rng.normal(size=6) * np.sqrt(se**2 + 0.04)
        found = pool(effect, se)
        guarded.append(found.p < 0.05)
        plain.append(pool(effect, se, guard=False).p < 0.05)
        w = 1 / (se**2 + found.tau2)
        normal.append(abs(w @ effect) / np.sqrt(w.sum()) > 1.96)
    assert 0.04 < np.mean(plain) < 0.065
    assert 0.03 < np.mean(guarded) <= np.mean(plain)
    assert np.mean(normal) > 0.07
