"""Closed-form permutation moments against every permutation there is."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from cytosig.stats.permutation import central_power_sums, moments


def _central_sums(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean()
    return np.array([(centred**k).sum() for k in (2, 3, 4)])


@pytest.mark.parametrize("seed", range(4))
def test_moments_equal_those_over_all_permutations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.where(rng.random(7) < 0.5, 0.0, rng.standard_t(2, 7))
    x = rng.standard_t(1.5, 7) * 10
    t[0], x[3] = 1.7, 40.0
    every = np.array(list(permutations(x)))
    assert len(every) == 5040
    scores = (every - x.mean()) @ (t - t.mean())
    found = moments(*_central_sums(t), *_central_sums(x), 7)
    size = np.abs(scores)
    for k, value in zip((2, 3, 4), found, strict=True):
        brute = np.mean(scores**k)
        # relative to the absolute moment: the third one may cancel to almost nothing
        assert abs(float(value) - brute) <= 1e-12 * np.mean(size**k)


@pytest.mark.parametrize("n_genes", [4, 5, 6])
def test_moments_hold_for_the_smallest_universes(n_genes: int) -> None:
    rng = np.random.default_rng(n_genes)
    t, x = rng.exponential(size=n_genes) ** 3, rng.exponential(size=n_genes) ** 3
    scores = (np.array(list(permutations(x))) - x.mean()) @ (t - t.mean())
    found = moments(*_central_sums(t), *_central_sums(x), n_genes)
    np.testing.assert_allclose(found, [np.mean(scores**k) for k in (2, 3, 4)], rtol=1e-11)


def test_moments_broadcast_outputs_against_observations() -> None:
    rng = np.random.default_rng(1)
    a = np.array([_central_sums(rng.exponential(size=9)) for _ in range(3)])
    b = np.array([_central_sums(rng.exponential(size=9)) for _ in range(5)])
    together = np.stack(moments(*a.T[:, None], *b.T[:, :, None], 9))
    assert together.shape == (3, 5, 3)
    for i in range(5):
        for j in range(3):
            np.testing.assert_array_equal(together[:, i, j], np.stack(moments(*a[j], *b[i], 9)))


def test_gaussian_limit_of_the_kurtosis() -> None:
    rng = np.random.default_rng(2)
    a, b = (_central_sums(rng.normal(size=20_000)) for _ in range(2))
    second, third, fourth = moments(*a, *b, 20_000)
    assert fourth / second**2 == pytest.approx(3, abs=0.01)
    assert third / second**1.5 == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("shift", [0.0, 3.0, -20.0])
def test_central_power_sums_equal_numpy(shift: float) -> None:
    x = np.random.default_rng(5).gamma(0.4, 2.0, (6, 200)) + shift
    raw = [(x**k).sum(axis=1) for k in (1, 2, 3, 4)]
    expected = [200 * stats.moment(x, k, axis=1) for k in (2, 3, 4)]
    np.testing.assert_allclose(central_power_sums(*raw, 200), expected, rtol=1e-7)


def test_central_power_sums_of_a_constant_are_zero() -> None:
    x = np.full(1000, 0.1)
    found = central_power_sums(*[(x**k).sum() for k in (1, 2, 3, 4)], 1000)
    np.testing.assert_allclose(found, 0, atol=1e-12)
