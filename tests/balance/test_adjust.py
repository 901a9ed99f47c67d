"""The balance with content held constant, against statsmodels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm

from cytosig.balance.adjust import fit_adjustment

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("one46", "one47")


@pytest.fixture
def planted(expression: Callable) -> tuple[np.ndarray, np.ndarray]:
    """Expression of 24 samples, and a balance that follows two of the genes."""
    values = expression(24)
    noise = np.random.default_rng(1).normal(0, 0.3, 24)
    return values, 0.4 * values[:, 46] - 0.2 * values[:, 47] + noise


def _fit(gauge, balance: np.ndarray, names: tuple[str, ...] = NAMES):
    x = np.column_stack([gauge.take(name).reference for name in names])
    used = ~np.isnan(balance) & ~np.isnan(x).any(axis=1)
    return x, sm.OLS(balance[used], sm.add_constant(x[used])).fit()


def test_slopes_and_their_errors_are_those_of_least_squares(
    gauge_of: Callable, planted: tuple[np.ndarray, np.ndarray]
) -> None:
    gauge = gauge_of(planted[0])
    found = fit_adjustment(gauge, "", planted[1], NAMES)
    _, fit = _fit(gauge, planted[1])
    np.testing.assert_allclose(found.slope, fit.params[1:], rtol=1e-9)
    np.testing.assert_allclose(found.root @ found.root.T, fit.cov_params()[1:, 1:], rtol=1e-8)
    assert (found.names, found.reason) == (NAMES, "")


def test_samples_with_gaps_are_left_out_of_the_fit(
    gauge_of: Callable, planted: tuple[np.ndarray, np.ndarray]
) -> None:
    gauge, balance = gauge_of(planted[0]), planted[1].copy()
    balance[[4, 9]] = np.nan
    found = fit_adjustment(gauge, "", balance, NAMES)
    np.testing.assert_allclose(found.slope, _fit(gauge, balance)[1].params[1:], rtol=1e-9)


def test_what_is_left_is_not_correlated_with_content(
    gauge_of: Callable, planted: tuple[np.ndarray, np.ndarray]
) -> None:
    gauge = gauge_of(planted[0])
    shift = fit_adjustment(gauge, "", planted[1], NAMES).shift()
    x, fit = _fit(gauge, planted[1])
    left = planted[1] - shift
    np.testing.assert_allclose(left, fit.resid + planted[1].mean(), rtol=1e-9, atol=1e-12)
    for column in x.T:
        assert abs(np.corrcoef(column, left)[0, 1]) < 1e-10
    assert fit.rsquared > 0.3  # what was taken off was there


def test_later_samples_are_moved_by_the_slopes_of_the_reference(
    gauge_of: Callable, expression: Callable, planted: tuple[np.ndarray, np.ndarray]
) -> None:
    gauge = gauge_of(expression(5, seed=6), planted[0])
    found = fit_adjustment(gauge, "", planted[1], NAMES).shift()
    x, fit = _fit(gauge, planted[1])
    here = np.column_stack([gauge.take(name).samples for name in NAMES])
    np.testing.assert_allclose(found, (here - x.mean(axis=0)) @ fit.params[1:], rtol=1e-9)


def test_drawn_slopes_scatter_as_their_covariance_says(
    gauge_of: Callable, planted: tuple[np.ndarray, np.ndarray]
) -> None:
    gauge = gauge_of(planted[0])
    normal = np.random.default_rng(2).normal(size=(6000, 2))
    found = fit_adjustment(gauge, "", planted[1], NAMES)
    drawn = found.shift(normal)
    x, fit = _fit(gauge, planted[1])
    away = x - x.mean(axis=0)
    sd = np.sqrt(np.einsum("np,pq,nq->n", away, fit.cov_params()[1:, 1:], away))
    np.testing.assert_allclose(drawn.std(axis=0), sd, rtol=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0), found.shift(), atol=5 * sd.max() / 6000**0.5)
    assert found.shift(np.zeros((1, 2))).tolist()[0] == pytest.approx(found.shift().tolist())


@pytest.mark.parametrize(("n", "p", "fitted"), [(9, 1, False), (10, 1, True), (10, 2, True)])
def test_few_samples_are_not_adjusted(
    gauge_of: Callable, expression: Callable, n: int, p: int, fitted: bool
) -> None:
    balance = np.random.default_rng(3).normal(size=n)
    found = fit_adjustment(gauge_of(expression(n)), "", balance, NAMES[:p])
    assert bool(found.names) == fitted
    if not fitted:
        assert found.reason == "9 reference samples, 10 are needed"
        assert found.shift().tolist() == [0.0] * n
        assert found.shift(np.ones((4, p))).tolist() == [[0.0] * n] * 4


def test_why_there_is_no_adjustment(gauge_of: Callable, expression: Callable) -> None:
    balance, values = np.random.default_rng(4).normal(size=24), expression(24)
    gauge = gauge_of(values)
    assert fit_adjustment(gauge, "", balance, ()).reason == "not asked for"
    values[:, 46] = np.nan
    found = fit_adjustment(gauge_of(values), "", balance, NAMES)
    assert found.reason == "one46 not measured"
    values[:, 46] = values[:, 47]
    found = fit_adjustment(gauge_of(values), "", balance, NAMES)
    assert found.reason == "the content does not vary over the reference"
