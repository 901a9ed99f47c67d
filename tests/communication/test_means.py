"""Tests of means over samples against scipy, limma's moderation and plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cytosig.communication.means import Bootstrap, means_above_zero
from cytosig.stats.moderated import moderated_t


def drawn(seed: int, n_samples: int = 7, n_types: int = 3, n_features: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.4, 1, (n_samples, n_types, n_features)) * rng.lognormal(
        0, 0.5, n_features
    )
    values[0, 1] = np.nan
    values[1, 2, 3] = np.nan
    return values


def alone(values: np.ndarray) -> np.ndarray:
    return np.zeros(values.shape[1:], dtype=bool)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_without_moderation_it_is_the_t_test_of_one_sample(level: float) -> None:
    values = drawn(0)
    found = means_above_zero(values, moderated=alone(values), level=level)
    for t, k in product(range(3), range(5)):
        x = values[:, t, k][~np.isnan(values[:, t, k])]
        expected = stats.ttest_1samp(x, 0, alternative="greater")
        ends = stats.ttest_1samp(x, 0).confidence_interval(level)
        assert found.n[t, k] == len(x)
        assert found.estimate[t, k] == pytest.approx(x.mean(), rel=1e-12)
        assert found.se[t, k] == pytest.approx(stats.sem(x), rel=1e-12)
        assert found.p[t, k] == pytest.approx(expected.pvalue, rel=1e-9)
        assert (found.low[t, k], found.high[t, k]) == pytest.approx((ends.low, ends.high))


def test_moderated_features_lend_within_their_type() -> None:
    """Features of one type as a table of their own; the last takes no part."""
    values = drawn(1, n_features=8)
    lends = np.ones((3, 8), bool)
    lends[:, 7] = False
    found = means_above_zero(values, moderated=lends, level=0.9)
    for t in range(3):
        table = pd.DataFrame(values[:, t, :7])
        design = pd.DataFrame({"mean": 1.0}, index=table.index)
        expected = moderated_t(table, design, coefficient="mean", level=0.9).table
        np.testing.assert_allclose(found.estimate[t, :7], expected["estimate"], rtol=1e-9)
        np.testing.assert_allclose(found.se[t, :7], expected["se"], rtol=1e-9)
        np.testing.assert_allclose(found.low[t, :7], expected["ci_low"], rtol=1e-9)
        np.testing.assert_allclose(found.high[t, :7], expected["ci_high"], rtol=1e-9)
        one_sided = stats.t.sf(expected["statistic"], expected["df"])
        np.testing.assert_allclose(found.p[t, :7], one_sided, rtol=1e-9)
        last = values[:, t, 7][~np.isnan(values[:, t, 7])]
        assert found.se[t, 7] == pytest.approx(stats.sem(last), rel=1e-12)


def test_a_further_variance_widens_by_satterthwaite() -> None:
    values = drawn(2)
    further = np.random.default_rng(3).random((3, 5)) / 5
    found = means_above_zero(values, moderated=alone(values), level=0.95, further=further)
    for t, k in product(range(3), range(5)):
        x = values[:, t, k][~np.isnan(values[:, t, k])]
        own = x.var(ddof=1) / len(x)
        whole = own + further[t, k]
        df = whole**2 / (own**2 / (len(x) - 1))
        assert found.se[t, k] == pytest.approx(np.sqrt(whole), rel=1e-12)
        p = stats.t.sf(x.mean() / np.sqrt(whole), df)
        assert found.p[t, k] == pytest.approx(p, rel=1e-9)
        ends = stats.t.interval(0.95, df, x.mean(), np.sqrt(whole))
        assert (found.low[t, k], found.high[t, k]) == pytest.approx(ends, rel=1e-9)


def test_signs_are_flipped_feature_by_feature() -> None:
    values = drawn(4, n_samples=6)
    found = means_above_zero(values, moderated=alone(values), level=0.95)
    for t, k in product(range(3), range(5)):
        x = values[:, t, k][~np.isnan(values[:, t, k])]
        signs = np.array(list(product([-1, 1], repeat=len(x))))
        expected = (signs @ np.abs(x) >= x.sum() - 1e-12).mean()
        assert found.p_exact[t, k] == pytest.approx(expected, abs=1e-15)
        assert found.p_floor[t, k] == 0.5 ** len(x)


def test_one_sample_or_none_has_no_p() -> None:
    values = drawn(5)
    values[1:, 0, 0] = np.nan
    values[:, 0, 1] = np.nan
    found = means_above_zero(values, moderated=~alone(values), level=0.95)
    assert found.estimate[0, 0] == values[0, 0, 0]
    assert np.isnan(found.estimate[0, 1])
    for name in ("se", "low", "high", "p", "p_exact"):
        assert np.isnan(getattr(found, name)[0, :2]).all(), name
        assert not np.isnan(getattr(found, name)[:, 2:]).any(), name


def test_differences_without_any_spread_leave_the_signs() -> None:
    values = np.stack([np.full((5, 2), 0.5), np.full((5, 2), -0.5), np.zeros((5, 2))], axis=2)
    found = means_above_zero(values, moderated=alone(values), level=0.95)
    np.testing.assert_array_equal(found.p, [[0.5**5, 1.0, 1.0]] * 2)


def test_signs_need_not_be_flipped() -> None:
    """All else stays, and so does the p of differences that have nothing but signs."""
    values = drawn(9)
    values[:, 0, 0] = 0.25
    asked = {"moderated": alone(values), "level": 0.95}
    full, quick = means_above_zero(values, **asked), means_above_zero(values, **asked, exact=False)
    for name in ("n", "estimate", "se", "low", "high", "p", "p_floor"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(full, name))
    assert quick.p[0, 0] == 0.5**7
    assert np.isnan(quick.p_exact[1:]).all()


def test_types_of_another_test_take_their_place() -> None:
    one = means_above_zero(drawn(6), moderated=alone(drawn(6)), level=0.95)
    two = means_above_zero(drawn(7), moderated=alone(drawn(7)), level=0.95)
    both = one.with_types([1], two)
    for name in ("n", "estimate", "se", "low", "high", "p", "p_exact", "p_floor"):
        np.testing.assert_array_equal(getattr(both, name)[1], getattr(two, name)[1])
        np.testing.assert_array_equal(getattr(both, name)[[0, 2]], getattr(one, name)[[0, 2]])


# --- bootstrap ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_the_bootstrap_draws_samples_with_return(level: float) -> None:
    """The same draws by a loop: how often each of 6 samples comes, 300 times."""
    values = np.random.default_rng(8).random((6, 2, 3))
    values[2, 0, 0] = np.nan
    mean, low, high = Bootstrap.make(17, 300, 6, level).interval(values)
    rng = np.random.default_rng(17)
    draws = rng.multinomial(6, np.full(6, 1 / 6), 300)
    for t, k in product(range(2), range(3)):
        x, there = values[:, t, k], ~np.isnan(values[:, t, k])
        each = [np.average(x[there], weights=d[there]) for d in draws if d[there].sum()]
        assert mean[t, k] == pytest.approx(x[there].mean(), rel=1e-12)
        expected = np.quantile(each, [(1 - level) / 2, (1 + level) / 2])
        assert (low[t, k], high[t, k]) == pytest.approx(tuple(expected), rel=1e-9)


def test_an_interval_needs_two_samples() -> None:
    values = np.array([[0.2, 0.4], [np.nan, 0.6], [np.nan, np.nan]])
    mean, low, high = Bootstrap.make(0, 50, 3, 0.95).interval(values)
    np.testing.assert_allclose(mean, [0.2, 0.5])
    assert np.isnan([low[0], high[0]]).all()
    assert 0.4 <= low[1] <= 0.5 <= high[1] <= 0.6


def test_the_interval_covers() -> None:
    """The mean of 25 samples, in about 95 of 100 runs."""
    rng = np.random.default_rng(9)
    values = rng.normal(1.0, 1.0, (25, 800))
    _, low, high = Bootstrap.make(1, 400, 25, 0.95).interval(values)
    assert ((low < 1) & (high > 1)).mean() == pytest.approx(0.935, abs=0.03)
