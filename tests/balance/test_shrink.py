"""Activities drawn towards the reference: against integrals, limits and a simulated world."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import integrate, stats

from cytosig.balance.draws import Draws
from cytosig.balance.shrink import Shrinkage
from cytosig.balance.weigh import weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue

CASES = [  # activity, error, variance over the reference, noise there
    (0.3, 0.2, 0.09, 0.04),
    (-1.5, 0.2, 0.09, 0.04),
    (0.8, 0.4, 0.1, 0.1),
    (0.05, 0.3, 0.5, 0.02),
    (-3.0, 0.5, 0.05, 0.2),
]


def _one(variance: float, noise: float, df: int) -> Shrinkage:
    return Shrinkage(np.array([variance]), np.array([noise]), df)


def _shrunk(found: Shrinkage, activity: object, error: object) -> np.ndarray:
    """Many samples of one cytokine."""
    a, se = np.broadcast_arrays(np.asarray(activity, float), np.asarray(error, float))
    return found.means(a.reshape(-1, 1), se.reshape(-1, 1))[:, 0]


def _integral(a: float, se: float, between: float) -> float:
    """∫ t·p(t)·p(a | t) dt over ∫ p(t)·p(a | t) dt, on a fine grid around both."""
    t = np.union1d(np.linspace(-9, 9, 6001), np.linspace(a - 9 * se, a + 9 * se, 6001))
    prior = 0.05 * stats.norm.pdf(t, 0, np.sqrt(between + 1))
    spike = 0.0
    if between > 0:
        t = np.union1d(t, np.linspace(-9, 9, 6001) * np.sqrt(between))
        prior = 0.05 * stats.norm.pdf(t, 0, np.sqrt(between + 1))
        prior = prior + 0.95 * stats.norm.pdf(t, 0, np.sqrt(between))
    else:  # all of it at 0
        spike = 0.95 * stats.norm.pdf(a, 0, se)
    both = prior * stats.norm.pdf(a, t, se)
    return integrate.trapezoid(t * both, t) / (integrate.trapezoid(both, t) + spike)


@pytest.mark.parametrize(("a", "se", "variance", "noise"), CASES)
@pytest.mark.parametrize("df", [2, 23])
def test_means_are_integrals_over_the_prior(
    a: float, se: float, variance: float, noise: float, df: int
) -> None:
    quantiles = stats.chi2.ppf((np.arange(64) + 0.5) / 64, df)
    by_hand = [_integral(a, se, max(0.0, df * variance / q - noise)) for q in quantiles]
    found = _shrunk(_one(variance, noise, df), a, se)[0]
    assert found == pytest.approx(np.mean(by_hand), rel=1e-6)


def test_64_quantiles_stand_for_the_whole_distribution() -> None:
    """The same averaged over 4,000 draws of the χ², and over its density."""
    a, se, variance, noise, df = 0.6, 0.25, 0.12, 0.06, 11
    at = (np.arange(4000) + 0.5) / 4000
    between = np.maximum(df * variance / stats.chi2.ppf(at, df) - noise, 0)
    parts, logs = [], []
    for chance, prior in ((0.95, between), (0.05, between + 1)):
        parts.append(a * prior / (prior + se**2))
        logs.append(chance * stats.norm.pdf(a, 0, np.sqrt(prior + se**2)))
    expected = np.average(parts, axis=0, weights=logs).mean()
    assert _shrunk(_one(variance, noise, df), a, se)[0] == pytest.approx(expected, rel=3e-3)


# --- limits -------------------------------------------------------------------------------------


def test_without_noise_nothing_is_shrunk() -> None:
    a = np.array([-2.0, -0.1, 0.0, 0.4])
    np.testing.assert_allclose(_shrunk(_one(0.2, 0.0, 11), a, 0.0), a, rtol=1e-12)
    near = _shrunk(_one(0.2, 1e-8, 11), a, 1e-4)
    np.testing.assert_allclose(near, a, rtol=1e-5)


def test_what_is_all_noise_is_shrunk_strongly() -> None:
    """As much variance as noise: little is kept; more where few samples told of it."""
    kept = [_shrunk(_one(0.04, 0.04, df), 0.2, 0.2)[0] / 0.2 for df in (200, 23, 5, 2)]
    assert kept == sorted(kept)
    assert kept[0] < 0.1
    assert kept[1] < 0.2
    assert 0.2 < kept[3] < 0.6


def test_less_variance_than_noise_leaves_the_outlier_alone() -> None:
    """τ² is 0 at every quantile: what is left is the chance of a prior of variance 1."""
    a, se = np.array([0.1, 0.5, 1.5]), 0.3
    like, unlike = stats.norm.pdf(a, 0, se), stats.norm.pdf(a, 0, np.sqrt(1 + se**2))
    chance = 0.05 * unlike / (0.95 * like + 0.05 * unlike)
    expected = a * chance / (1 + se**2)
    np.testing.assert_allclose(_shrunk(_one(1e-9, 0.09, 20), a, se), expected, rtol=1e-9)


def test_a_sample_that_stands_out_escapes() -> None:
    """Ten errors from 0 it keeps what a prior of variance 1 leaves it."""
    learnt = _one(0.02, 0.02, 23)
    kept = _shrunk(learnt, [0.14, 2.0, 4.0], 0.14) / [0.14, 2.0, 4.0]
    assert kept[0] < 0.2
    assert (kept[1:] > 1 / (1 + 0.14**2) - 1e-6).all()
    assert (kept < 1).all()


def test_nothing_overflows_however_far_a_sample_is() -> None:
    found = _shrunk(_one(0.02, 0.02, 23), [-1e4, 1e4, 1e-12], 0.14)
    np.testing.assert_allclose(found[:2], [-1e4, 1e4], rtol=0.03)
    assert abs(found[2]) < 1e-12


def test_shrinking_is_odd_and_keeps_the_order() -> None:
    a = np.linspace(-3, 3, 301)
    found = _shrunk(_one(0.1, 0.05, 23), a, 0.2)
    np.testing.assert_allclose(found, -found[::-1], atol=1e-14)
    assert (np.diff(found) > 0).all()
    assert (np.abs(found) <= np.abs(a)).all()
    more = _shrunk(_one(0.1, 0.05, 23), a, 0.4)
    usual = np.abs(a) < 0.5
    assert (np.abs(more) <= np.abs(found))[usual].all()


def test_a_sample_without_values_has_none() -> None:
    learnt = _one(0.1, 0.05, 23)
    found = _shrunk(learnt, [0.4, np.nan, -0.2], [0.2, np.nan, 0.2])
    expected = _shrunk(learnt, [0.4, -0.2], 0.2)
    np.testing.assert_array_equal(found, [expected[0], np.nan, expected[1]])


# --- what is learnt -----------------------------------------------------------------------------


def test_what_is_learnt_of_a_reference() -> None:
    """Variances, mean squares of errors; a sample without values is not there."""
    rng = np.random.default_rng(1)
    signal, error = rng.normal(0, 2, (20, 2)), rng.uniform(0.2, 0.6, (20, 2))
    gone = np.insert(signal, 4, np.nan, axis=0), np.insert(error, 4, np.nan, axis=0)
    found = Shrinkage.over(*gone)
    np.testing.assert_allclose(found.variance, signal.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(found.noise, (error**2).mean(axis=0), rtol=1e-12)
    assert found.df == 19


def test_reliability_is_one_less_noise_over_variance() -> None:
    rng = np.random.default_rng(0)
    signal, error = rng.normal(0, 2, (50, 3)), np.full((50, 3), 0.5)
    signal[:, 1] = 7.0  # nothing varies
    signal[:, 2] *= 0.1  # varies less than its noise
    found = Shrinkage.over(signal, error).reliability
    mean = sum(signal[:, 0]) / 50
    variance = sum((x - mean) ** 2 for x in signal[:, 0]) / 49
    np.testing.assert_allclose(found, [1 - 0.25 / variance, 0, 0], rtol=1e-12)


def test_planted_reliability_comes_back() -> None:
    """Signal of variance 3 behind noise of variance 1: three quarters."""
    rng = np.random.default_rng(2)
    seen = rng.normal(0, np.sqrt(3), (20_000, 1)) + rng.normal(size=(20_000, 1))
    found = Shrinkage.over(seen, np.ones((20_000, 1)))
    assert found.reliability[0] == pytest.approx(0.75, abs=0.02)


def test_shrunk_activities_are_nearer_to_what_was_planted() -> None:
    """True activities of SD .2, one in twenty of SD 1, behind noise of SD .3: least squares."""
    rng = np.random.default_rng(3)
    sd = np.where(rng.random(4000) < 0.05, np.sqrt(0.04 + 1), 0.2)
    truth = rng.normal(0, sd)
    seen = truth + rng.normal(0, 0.3, 4000)
    usual = sd < 1
    learnt = Shrinkage.over(seen[usual][:200, None], np.full((200, 1), 0.3))
    found = _shrunk(learnt, seen, 0.3)
    error = [np.mean((x - truth) ** 2) for x in (seen, 0.04 / 0.13 * seen, found)]
    assert error[2] < 0.6 * error[0]  # than what was measured
    assert error[2] < 0.85 * error[1]  # than the best factor for those like the reference
    slope = np.polyfit(found, truth, 1)[0]
    assert slope == pytest.approx(1, abs=0.1)  # neither too much nor too little, on average


# --- draws --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "se", "variance", "noise"), CASES)
def test_draws_are_those_of_the_posterior(
    a: float, se: float, variance: float, noise: float
) -> None:
    """Against a world that is simulated: variance, activity, measurement; those near a are kept."""
    n, df = 200_000, 11
    rng = np.random.default_rng(5)
    learnt = _one(variance, noise, df)
    draws = SimpleNamespace(variances=rng.random((n, 3)))
    between = learnt.between(draws, np.array([1]))
    genes = a + se * rng.normal(size=(n, 1))
    found = learnt.drawn(np.array([a]), np.array([se]), genes, between, rng.random((n, 1)))[:, 0]
    chi2 = stats.chi2.rvs(df, size=n, random_state=rng)
    tau2 = np.maximum(df * variance / chi2 - noise, 0.0)
    # for every τ² the chance of being unlike the reference by Bayes, then a normal posterior
    unlike = 0.05 * stats.norm.pdf(a, 0, np.sqrt(tau2 + 1 + se**2))
    like = 0.95 * stats.norm.pdf(a, 0, np.sqrt(tau2 + se**2))
    prior = tau2 + (rng.random(n) < unlike / (like + unlike))
    with np.errstate(divide="ignore"):
        precision = 1 / prior + 1 / se**2
    expected = rng.normal(a / se**2 / precision, np.sqrt(1 / precision))
    error = expected.std() / np.sqrt(n)
    assert found.mean() == pytest.approx(expected.mean(), abs=7 * error)
    assert found.std() == pytest.approx(expected.std(), rel=0.02)
    at = [0.025, 0.25, 0.5, 0.75, 0.975]
    close = 0.03 * expected.std()
    np.testing.assert_allclose(np.quantile(found, at), np.quantile(expected, at), atol=close)
    assert found.mean() == pytest.approx(_shrunk(learnt, a, se)[0], abs=7 * error + 4e-3 * abs(a))


def test_intervals_hold_what_was_planted() -> None:
    """Of true activities from the prior the 90% interval holds 90 in 100."""
    rng = np.random.default_rng(6)
    n, se, tau2 = 1500, 0.3, 0.04
    truth = rng.normal(0, np.sqrt(tau2 + (rng.random(n) < 0.05)))
    seen = truth + rng.normal(0, se, n)
    learnt = _one(tau2 + se**2, se**2, 5000)
    between = learnt.between(SimpleNamespace(variances=rng.random((400, 1))), np.array([0]))
    inside = []
    for a, t in zip(seen, truth, strict=True):
        genes, unlike = a + se * rng.normal(size=(400, 1)), rng.random((400, 1))
        drawn = learnt.drawn(np.array([a]), np.array([se]), genes, between, unlike)
        low, high = np.quantile(drawn, [0.05, 0.95])
        inside.append(low <= t <= high)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.025)


def test_variances_between_are_quantiles_of_the_chi_square() -> None:
    found = Shrinkage(np.array([0.5, 0.1]), np.array([0.1, 0.3]), 7)
    draws = Draws.make(0, 200, 3, ["spare", "B", "A"], 0)
    between = found.between(draws, np.array([2, 1]))
    for k, place in enumerate((2, 1)):
        chi2 = stats.chi2.ppf(draws.variances[:, place], 7)
        expected = np.maximum(7 * found.variance[k] / chi2 - found.noise[k], 0)
        np.testing.assert_allclose(between[:, k], expected, rtol=1e-9, atol=1e-12)
    assert (between[:, 1] == 0).any()


# --- in a balance -------------------------------------------------------------------------------


def test_activities_can_be_taken_as_they_are(
    gauge_of: Callable, expression: Callable, posterior: Callable, toy: Catalogue
) -> None:
    reference, values = expression(), expression(5, seed=3)
    options = {"min_coverage": 0.25, "where": "samples"}
    gauge = gauge_of(values, reference)
    plain = weigh(toy, gauge, "", shrink=False, **options)
    drawn = weigh(toy, gauge, "", shrink=True, **options)
    assert plain.shrinkage is None
    np.testing.assert_array_equal(plain.used, plain.activity)
    np.testing.assert_array_equal(plain.activity, drawn.activity)
    np.testing.assert_array_equal(plain.error, drawn.error)
    np.testing.assert_array_equal(plain.ballot.vote, drawn.ballot.vote)
    there = weigh(toy, gauge_of(reference), "", shrink=False, **options)
    for k in range(5):
        learnt = there.activity[:, k].var(ddof=1), np.mean(there.error[:, k] ** 2), 23
        expected = posterior(drawn.activity[:, k], drawn.error[:, k], *learnt)
        np.testing.assert_allclose(drawn.used[:, k], expected, rtol=1e-9)
    assert (np.abs(drawn.used) < np.abs(drawn.activity)).all()
    balance = there.activity @ there.ballot.pull(there.ballot.role)
    np.testing.assert_allclose(plain.reference_balance, balance, rtol=1e-9, atol=1e-12)
