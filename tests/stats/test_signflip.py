"""Sign flips against every choice of signs there is, against scipy, and against limits."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import DataError
from cytosig.stats.signflip import MOST_EXACT, sign_flip

# What is drawn, by how one value a sample comes about.
DRAWS = {
    "normal": lambda rng, n: rng.normal(0.4, 1.0, n),
    "far": lambda rng, n: rng.normal(1.2, 1.0, n),
    "heavy tails": lambda rng, n: rng.standard_t(2, n) + 0.5,
    "skewed": lambda rng, n: rng.exponential(1.0, n) - 0.7,
    "one of great size": lambda rng, n: np.append(rng.normal(0.3, 1.0, n - 1), 10.0),
}


def every_sum(d: np.ndarray) -> np.ndarray:
    """The 2^n sums of the sizes under all signs."""
    sums = np.zeros(1)
    for size in np.abs(d):
        sums = np.concatenate([sums - size, sums + size])
    return sums


def counted(d: np.ndarray) -> float:
    """Share of sign choices whose sum is at least the one seen."""
    return float((every_sum(d) >= d.sum() - 1e-9 * np.abs(d).sum()).mean())


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("decimals", [0, 8])
def test_p_is_the_share_of_all_sign_choices(n: int, decimals: int) -> None:
    """Rounded to whole numbers there are ties and zeros."""
    d = np.round(np.random.default_rng(n).normal(0.5, 1.5, (n, 40)), decimals)
    expected = [
        np.mean([np.dot(s, np.abs(x)) >= x.sum() - 1e-9 for s in product([-1, 1], repeat=n)])
        for x in d.T
    ]
    p, floor = sign_flip(d)
    np.testing.assert_allclose(p, expected, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(floor, np.full(40, 2.0**-n))


@pytest.mark.parametrize("seed", range(3))
def test_p_is_that_of_scipy(seed: int) -> None:
    d = np.random.default_rng(seed).standard_t(3, 9) + 0.4
    found = stats.permutation_test(
        (d,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert sign_flip(d)[0][0] == pytest.approx(found.pvalue, abs=1e-15)


@pytest.mark.parametrize("n", [12, 13, MOST_EXACT])
def test_up_to_fourteen_samples_all_are_counted(n: int) -> None:
    d = np.random.default_rng(n).normal(0.5, 1, (n, 300))
    np.testing.assert_allclose(sign_flip(d)[0], [counted(x) for x in d.T], rtol=1e-12)


def test_missing_samples_count_for_nothing() -> None:
    rng = np.random.default_rng(4)
    d = rng.normal(0.3, 1, (17, 30))
    d[rng.random(d.shape) < 0.3] = np.nan
    d[:, 0] = np.nan
    d[:, 1] = np.where(np.arange(17) == 5, 2.0, np.nan)
    p, floor = sign_flip(d)
    assert np.isnan([p[0], floor[0]]).all()
    assert (p[1], floor[1]) == (0.5, 0.5)
    for k in range(2, 30):
        here = d[~np.isnan(d[:, k]), k]
        alone, lowest = sign_flip(here)
        assert p[k] == pytest.approx(alone[0], rel=1e-12)
        assert floor[k] == lowest[0] == 2.0 ** -len(here)


@pytest.mark.parametrize("n", [15, 16, 17, 18])
@pytest.mark.parametrize("kind", DRAWS)
def test_the_saddlepoint_is_near_the_count(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    d = np.stack([DRAWS[kind](rng, n) for _ in range(25)], axis=1)
    exact = np.array([counted(x) for x in d.T])
    p, floor = sign_flip(d)
    off = np.abs(np.log(p / exact))
    assert (p >= floor).all()
    # few choices make up the last part of the tail, which then goes in steps
    assert off[exact >= 100 * floor].max(initial=0.0) < 0.4
    assert off[exact >= 20 * floor].mean() < 0.15
    assert off.max() <= math.log(2) + 0.05


@pytest.mark.parametrize("n", [2, 14, 15, 18, 60])
def test_all_samples_above_zero_reach_the_floor(n: int) -> None:
    d = np.random.default_rng(n).lognormal(0, 1, n)
    p, floor = sign_flip(np.stack([d, -d], axis=1))
    np.testing.assert_allclose(p, [0.5**n, 1.0], rtol=1e-12)
    np.testing.assert_array_equal(floor, 0.5**n)


@pytest.mark.parametrize("n", [5, 20])
def test_zeros_take_either_sign(n: int) -> None:
    nothing = np.zeros(n)
    some = np.where(np.arange(n) < 3, 1.5, 0.0)
    balanced = np.where(np.arange(n) < 4, [1.0, -1.0, 2.0, -2.0] + [0.0] * (n - 4), 0.0)
    p, _ = sign_flip(np.stack([nothing, some, balanced], axis=1))
    assert p[:2].tolist() == [1.0, 2.0**-3]
    # half of the choices, and half of those that make the sum 0
    assert counted(balanced[:4]) == 10 / 16
    assert p[2] == pytest.approx(10 / 16 if n == 5 else 0.5, abs=1e-12)


@pytest.mark.parametrize("n", [15, 25, 80])
def test_both_tails_add_up_to_one(n: int) -> None:
    d = np.random.default_rng(n).normal(0.2, 1, (n, 200))
    np.testing.assert_allclose(sign_flip(d)[0] + sign_flip(-d)[0], 1.0, atol=2e-3)


@pytest.mark.parametrize("n", [9, 21])
def test_neither_scale_nor_order_matters(n: int) -> None:
    rng = np.random.default_rng(n)
    d = rng.normal(0.3, 1, (n, 20))
    p, _ = sign_flip(d)
    for other in (d * 1e-7, d * 1e9, d[rng.permutation(n)]):
        np.testing.assert_allclose(sign_flip(other)[0], p, rtol=1e-9)


def test_one_more_sample_without_a_difference_changes_nothing() -> None:
    """Across the number of samples at which counting ends."""
    d = np.random.default_rng(8).normal(0.5, 1, (MOST_EXACT, 100))
    exact, _ = sign_flip(d)
    near, _ = sign_flip(np.vstack([d, np.full(100, 1e-7)]))
    there = exact > 0.001
    assert np.abs(np.log(near / exact))[there].max() < 0.35
    assert np.abs(np.log(near / exact))[there].mean() < 0.05


def test_many_samples_come_to_the_normal_limit() -> None:
    d = np.random.default_rng(9).normal(0.02, 1, (3000, 20))
    expected = stats.norm.sf(d.sum(axis=0) / np.sqrt((d**2).sum(axis=0)))
    np.testing.assert_allclose(sign_flip(d)[0], expected, rtol=0.05)


@pytest.mark.parametrize("n", [8, 20])
def test_the_level_is_kept_where_nothing_differs(n: int) -> None:
    d = np.random.default_rng(n).standard_t(3, (n, 10_000))
    p, _ = sign_flip(d)
    for alpha in (0.05, 0.01):
        reachable = np.floor(alpha * 2**n) / 2**n
        error = 4 * np.sqrt(reachable * (1 - reachable) / 10_000)
        assert (p <= alpha).mean() == pytest.approx(reachable, abs=error + 0.03 * alpha)


def test_infinite_differences_are_refused() -> None:
    with pytest.raises(DataError, match="2 differences are infinite"):
        sign_flip([[1.0, np.inf], [-np.inf, 0.0]])
