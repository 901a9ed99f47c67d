"""AUROC against counting pairs, DeLong's formula written out, and simulations."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import trapezoid
from scipy.special import expit, logit

from cytosig._errors import DataError, UsageError
from cytosig.stats.auroc import auroc, bootstrap_auroc, compare_auroc

NAN = float("nan")


def _same(one: object, other: object) -> None:
    """Equal in every field, NaN where the other is NaN."""
    np.testing.assert_equal(asdict(one), asdict(other))  # type: ignore[call-overload]


def _data(seed: int, decimals: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = np.repeat([1, 0], [13, 19])
    return np.round(rng.normal(size=32) + positive, decimals), positive


def _wins(score: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """ψ of every positive and negative pair."""
    above, below = score[positive == 1], score[positive == 0]
    return np.array([[(a > b) + 0.5 * (a == b) for b in below] for a in above])


@pytest.mark.parametrize("decimals", [0, 8])
@pytest.mark.parametrize("seed", range(3))
def test_area_and_error_by_delongs_own_formula(seed: int, decimals: int) -> None:
    score, positive = _data(seed, decimals)
    wins = _wins(score, positive)
    v10, v01 = wins.mean(axis=1), wins.mean(axis=0)
    area = wins.mean()
    s10, s01 = ((v10 - area) ** 2).sum() / 12, ((v01 - area) ** 2).sum() / 18
    found = auroc(score, positive)
    assert found.estimate == pytest.approx(area, rel=1e-12)
    assert found.statistic == pytest.approx(wins.sum(), rel=1e-12)
    assert found.se == pytest.approx(np.sqrt(s10 / 13 + s01 / 19), rel=1e-12)
    reach = stats.norm.ppf(0.975) * found.se / (area * (1 - area))
    ends = expit([logit(area) - reach, logit(area) + reach])
    np.testing.assert_allclose((found.ci_low, found.ci_high), ends, rtol=1e-12)
    assert found.n == (13, 19)


def test_area_under_the_curve_that_is_drawn() -> None:
    """The trapezoids under true against false positive rate, one step a distinct score."""
    score, positive = _data(4, 0)
    cuts = np.append(np.inf, np.unique(score)[::-1])
    rates = np.array([[(score[positive == k] >= cut).mean() for k in (0, 1)] for cut in cuts])
    assert auroc(score, positive).estimate == pytest.approx(trapezoid(rates[:, 1], rates[:, 0]))


def test_p_is_that_of_mann_whitney() -> None:
    score, positive = _data(5)
    split = score[positive == 1], score[positive == 0]
    expected = stats.mannwhitneyu(*split, method="exact")
    assert auroc(score, positive).p == pytest.approx(expected.pvalue, rel=1e-9)


def test_turning_score_or_classes_turns_the_area() -> None:
    score, positive = _data(6)
    found = auroc(score, positive)
    for turned in (auroc(-score, positive), auroc(score, 1 - positive)):
        assert turned.estimate == pytest.approx(1 - found.estimate)
        assert turned.se == pytest.approx(found.se)
        assert (turned.ci_low, turned.ci_high) == pytest.approx(
            (1 - found.ci_high, 1 - found.ci_low)
        )
    _same(auroc(np.exp(score), positive == 1), found)


@pytest.mark.parametrize("decimals", [0, 8])
def test_two_scores_compared_by_delongs_covariances(decimals: int) -> None:
    one, positive = _data(7, decimals)
    other = np.round(one + np.random.default_rng(8).normal(size=32), decimals)
    wins = [_wins(score, positive) for score in (one, other)]
    s10 = np.cov([w.mean(axis=1) for w in wins])
    s01 = np.cov([w.mean(axis=0) for w in wins])
    contrast = np.array([1, -1])
    variance = contrast @ (s10 / 13 + s01 / 19) @ contrast
    found = compare_auroc(one, other, positive)
    difference = wins[0].mean() - wins[1].mean()
    assert found.estimate == pytest.approx(difference, rel=1e-12)
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(difference) / found.se), rel=1e-9)
    swapped = compare_auroc(other, one, positive)
    assert swapped.estimate == pytest.approx(-found.estimate)


def test_bootstrap_agrees_with_scipys_and_repeats() -> None:
    score, positive = _data(9, 1)
    found = bootstrap_auroc(score, positive, n_draws=4000, rng=1)
    again = bootstrap_auroc(score, positive, n_draws=4000, rng=np.random.default_rng(1))
    _same(again, found)
    assert found.se != bootstrap_auroc(score, positive, n_draws=4000, rng=2).se
    plain = auroc(score, positive)
    assert (found.estimate, found.p) == (plain.estimate, plain.p)

    def area(above: np.ndarray, below: np.ndarray, axis: int) -> np.ndarray:
        above, below = np.moveaxis(above, axis, -1), np.moveaxis(below, axis, -1)
        gap = above[..., :, None] - below[..., None, :]
        return ((gap > 0) + 0.5 * (gap == 0)).mean(axis=(-2, -1))

    expected = stats.bootstrap(
        (score[positive == 1], score[positive == 0]), area, n_resamples=4000, batch=500,
        method="percentile", random_state=np.random.default_rng(3),
    )  # fmt: skip
    ends = (found.ci_low, found.ci_high)
    np.testing.assert_allclose(ends, expected.confidence_interval, atol=0.015)
    assert found.se == pytest.approx(expected.standard_error, rel=0.06)


def test_missing_scores_and_classes_are_left_out() -> None:
    score, positive = _data(10)
    longer = np.append(score, [NAN, 3.0]), np.append(positive, [1, NAN])
    _same(auroc(*longer), auroc(score, positive))
    _same(bootstrap_auroc(*longer), bootstrap_auroc(score, positive))
    other, positive_too = np.append(-score, [1, NAN]), np.append(positive, [0, 1])
    longer = np.append(score, [NAN, 3.0])
    _same(compare_auroc(longer, other, positive_too), compare_auroc(score, -score, positive))


def test_complete_separation_has_an_area_and_no_interval() -> None:
    for found in (
        auroc([1.0, 2, 3, 4], [0, 0, 1, 1]),
        bootstrap_auroc([1.0, 2, 3, 4], [0, 0, 1, 1]),
    ):
        assert (found.estimate, round(found.p, 4)) == (1, 0.3333)
        assert np.isnan([found.se, found.ci_low, found.ci_high]).all()
        assert "separates" in found.reason
    assert auroc([4.0, 3, 2, 1], [0, 0, 1, 1]).estimate == 0


def test_too_little_to_tell() -> None:
    assert auroc([1.0, 2, 3], [0, 0, 1]).estimate == 1
    assert "one sample" in auroc([1.0, 2, 3], [0, 0, 1]).reason
    found = auroc([1.0, 2, 3], [0, 0, 0])
    assert np.isnan(found.estimate)
    assert "no sample" in found.reason
    found = auroc([1.0, 1, 1], [0, 1, 1])
    assert (found.estimate, found.reason) == (0.5, "the score does not vary")
    assert np.isnan(found.p)
    found = compare_auroc([1.0, 2, 3, 4], [2.0, 3, 4, 5], [0, 1, 0, 1])
    assert (found.estimate, np.isnan(found.p)) == (0, True)
    assert "no variance" in found.reason
    assert "fewer than two" in compare_auroc([1.0, 2, 3], [2.0, 3, 4], [0, 1, 1]).reason


def test_wrong_calls() -> None:
    with pytest.raises(DataError, match="positive holds 2, which is neither 0 nor 1"):
        auroc([1.0, 2], [1, 2])
    with pytest.raises(UsageError, match="unequal length"):
        compare_auroc([1.0, 2], [1.0], [0, 1])
    with pytest.raises(UsageError, match="n_draws is 0"):
        bootstrap_auroc([1.0, 2], [0, 1], n_draws=0)


def test_intervals_cover_and_equal_scores_seldom_differ() -> None:
    """Planted area .75 in 20 against 30; and two scores of one area, correlated .5."""
    rng = np.random.default_rng(12)
    positive = np.repeat([1, 0], [20, 30])
    apart = np.sqrt(2) * stats.norm.ppf(0.75)
    covered, drawn, differ = [], [], []
    for i in range(1000):
        shared = rng.normal(size=50)
        one, other = (
            apart * positive + np.sqrt(0.5) * (shared + rng.normal(size=50)) for _ in range(2)
        )
        found = auroc(one, positive)
        covered.append(found.ci_low < 0.75 < found.ci_high)
        differ.append(compare_auroc(one, other, positive).p < 0.05)
        if i % 3 == 0:
            found = bootstrap_auroc(one, positive, n_draws=500, rng=rng)
            drawn.append(found.ci_low < 0.75 < found.ci_high)
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.91 < np.mean(drawn) < 0.98
    assert 0.03 < np.mean(differ) < 0.07
