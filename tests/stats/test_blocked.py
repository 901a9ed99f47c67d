"""Blocked permutation: closed formula, all permutations there are, Friedman's test, calibration."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from cytosig.stats.blocked import blocked_permutation


def p_of(values: np.ndarray) -> float:
    return float(blocked_permutation(values[:, :, None])[0])


def by_all_permutations(values: np.ndarray) -> float:
    """χ² of the groups' sums, their covariance taken over every permutation inside blocks."""
    rest = values - np.nanmean(values, axis=1, keepdims=True)
    shuffled = []
    for block in rest:
        there = np.flatnonzero(~np.isnan(block))
        rows = np.zeros((len(list(permutations(there))), len(block)))
        for row, order in zip(rows, permutations(there), strict=True):
            row[there] = block[list(order)]
        shuffled.append(rows)
    sums = np.array([np.sum(rows, axis=0) for rows in product(*shuffled)])
    np.testing.assert_allclose(sums.mean(axis=0), 0, atol=1e-12)
    covariance = sums.T @ sums / len(sums)
    total = np.nansum(rest, axis=0)
    q = total @ np.linalg.pinv(covariance, rcond=1e-9) @ total
    return float(stats.chi2.sf(q, np.linalg.matrix_rank(covariance, tol=1e-9)))


@pytest.mark.parametrize(("blocks", "groups"), [(2, 2), (6, 4), (12, 7)])
def test_complete_blocks_follow_the_closed_formula(blocks: int, groups: int) -> None:
    a = np.random.default_rng(blocks).standard_t(3, (blocks, groups)) + np.arange(groups) / 4
    rest = a - a.mean(axis=1, keepdims=True)
    v = (rest**2).sum() / groups
    q = (groups - 1) / (groups * v) * (rest.sum(axis=0) ** 2).sum()
    assert p_of(a) == pytest.approx(stats.chi2.sf(q, groups - 1), rel=1e-9)


@pytest.mark.parametrize("ties", [False, True])
def test_of_ranks_it_is_friedmans_test(ties: bool) -> None:
    a = np.random.default_rng(3).normal(size=(9, 5)) + np.arange(5) / 3
    a = np.round(a) if ties else a
    expected = stats.friedmanchisquare(*a.T).pvalue
    assert p_of(stats.rankdata(a, axis=1)) == pytest.approx(expected, rel=1e-9)


def test_of_two_groups_it_is_the_squared_sum_of_differences() -> None:
    d = np.random.default_rng(4).normal(0.5, 1, 11)
    a = np.stack([d, np.zeros(11)], axis=1) + np.arange(11)[:, None]
    expected = stats.chi2.sf(d.sum() ** 2 / (d**2).sum(), 1)
    assert p_of(a) == pytest.approx(expected, rel=1e-9)


INCOMPLETE = {
    "one missing": [(0, 3)],
    "two in one block": [(0, 0), (0, 2)],
    "different ones": [(0, 3), (1, 0), (2, 1)],
    "a block of one": [(1, 0), (1, 1), (1, 2)],
    "a group that is nowhere": [(0, 1), (1, 1), (2, 1)],
}


@pytest.mark.parametrize("missing", INCOMPLETE.values(), ids=INCOMPLETE)
def test_incomplete_blocks_have_the_covariance_of_all_permutations(
    missing: list[tuple[int, int]],
) -> None:
    a = np.random.default_rng(len(missing)).exponential(1, (3, 4)) + np.arange(4)
    for place in missing:
        a[place] = np.nan
    assert p_of(a) == pytest.approx(by_all_permutations(a), rel=1e-8)


def test_groups_that_never_meet_lose_a_degree_of_freedom() -> None:
    """Groups 1 and 2 in one half of the blocks, 3 and 4 in the other: two comparisons."""
    rng = np.random.default_rng(6)
    a = np.full((8, 4), np.nan)
    a[:4, :2], a[4:, 2:] = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    one, two = a[:4, 0] - a[:4, 1], a[4:, 2] - a[4:, 3]
    q = one.sum() ** 2 / (one**2).sum() + two.sum() ** 2 / (two**2).sum()
    assert p_of(a) == pytest.approx(stats.chi2.sf(q, 2), rel=1e-9)


def test_levels_of_blocks_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    a = rng.normal(size=(10, 5, 3))
    a[2, 4] = a[7, 0] = np.nan
    shifted = a + rng.normal(0, 50, (10, 1, 1))
    np.testing.assert_allclose(blocked_permutation(shifted), blocked_permutation(a), rtol=1e-9)


def test_features_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(8)
    a = rng.normal(size=(7, 4, 6))
    a[rng.random(a.shape) < 0.15] = np.nan
    together = blocked_permutation(a)
    np.testing.assert_allclose(together, [p_of(a[:, :, k]) for k in range(6)], rtol=1e-12)


def test_order_of_blocks_and_groups_does_not_matter() -> None:
    rng = np.random.default_rng(9)
    a = rng.normal(size=(9, 5, 4))
    a[3, 2] = np.nan
    other = a[rng.permutation(9)][:, rng.permutation(5)]
    np.testing.assert_allclose(blocked_permutation(other), blocked_permutation(a), rtol=1e-9)


def test_without_anything_to_compare_there_is_no_p() -> None:
    alone = np.full((4, 3), np.nan)
    alone[:, 1] = [1.0, 2.0, 3.0, 4.0]
    assert np.isnan(p_of(alone))
    assert np.isnan(p_of(np.full((4, 3), np.nan)))
    assert np.isnan(p_of(np.ones((4, 3))))
    assert np.isnan(p_of(np.array([[1.0, 2.0, 5.0]])))  # one block shows no chance


@pytest.mark.parametrize("missing", [0.0, 0.25])
def test_rounding_is_no_difference(missing: float) -> None:
    """As of a gene that no cell has: log2(0 + 10) in all groups."""
    rng = np.random.default_rng(0)
    alike = np.full((9, 6, 200), np.log(10) / np.log(2))
    alike[rng.random(alike.shape) < missing] = np.nan
    assert np.isnan(blocked_permutation(alike)).all()


@pytest.mark.parametrize("kind", ["complete", "incomplete"])
def test_the_level_is_kept_where_groups_do_not_differ(kind: str) -> None:
    """12 blocks of 6 groups, blocks of unlike level and spread."""
    rng = np.random.default_rng(10)
    n = 4000
    a = rng.gamma(2.0, 1.0, (12, 6, n)) * rng.lognormal(0, 0.3, (12, 1, 1))
    a += rng.normal(0, 3, (12, 1, n))
    if kind == "incomplete":
        a[rng.random((12, 6)) < 0.2] = np.nan
    p = blocked_permutation(a)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert p.mean() == pytest.approx(0.5, abs=0.02)


def test_a_group_that_differs_is_found() -> None:
    a = np.random.default_rng(11).normal(size=(8, 5, 200))
    a[:, 2] += 2.0
    assert (blocked_permutation(a) < 0.05).mean() > 0.9
