"""False discoveries in two levels: the procedure written out, level by level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from cytosig.stats.families import crossed, two_levels


def passes(p: np.ndarray, level: float) -> np.ndarray:
    """Benjamini and Hochberg by their definition: the largest k with p(k) ≤ k·level/m."""
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= level * np.arange(1, len(p) + 1) / len(p) + 1e-15)
    return p <= ordered[below[-1]] if len(below) else np.zeros(len(p), dtype=bool)


def found_at(p: np.ndarray, family: np.ndarray, level: float) -> np.ndarray:
    """Benjamini and Bogomolov: families by Simes' p, then their members at level·R/m."""
    names = [name for name in np.unique(family) if not np.isnan(p[family == name]).all()]
    simes = []
    for name in names:
        mine = np.sort(p[(family == name) & ~np.isnan(p)])
        simes.append(min(mine * len(mine) / np.arange(1, len(mine) + 1)))
    chosen = passes(np.array(simes), level)
    found = np.zeros(len(p), dtype=bool)
    for name in np.array(names)[chosen]:
        here = np.flatnonzero((family == name) & ~np.isnan(p))
        found[here] = passes(p[here], level * chosen.sum() / len(names))
    return found


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Families of unlike size, some with something in them, p in steps and gaps in two seeds."""
    rng = np.random.default_rng(seed)
    family = np.repeat(list("ABCDEF"), [1, 2, 3, 5, 8, 4])
    p = rng.random(len(family)) ** np.where(np.isin(family, ["B", "E"]), 4, 1)
    p = np.round(p, 2) if seed % 2 else p
    p[rng.random(len(p)) < (0.2 if seed > 3 else 0)] = np.nan
    order = rng.permutation(len(p))
    return p[order], family[order]


@pytest.mark.parametrize("seed", range(8))
def test_q_is_the_least_level_at_which_a_test_is_found(seed: int) -> None:
    p, family = draw(seed)
    q = two_levels(p, family)
    levels = np.unique(np.concatenate([np.linspace(0.0005, 0.9995, 200), q[~np.isnan(q)]]))
    for level in levels:
        near = np.abs(q - level) < 1e-9  # found at its own q, up to rounding
        found = found_at(p, family, level + 1e-12)
        np.testing.assert_array_equal(found[~near], (q < level)[~near], err_msg=str(level))
        assert found[near & (q < 1)].all()


@pytest.mark.parametrize("seed", range(4))
def test_one_family_is_plain_benjamini_hochberg(seed: int) -> None:
    p, _ = draw(seed)
    expected = false_discovery_control(p)
    np.testing.assert_allclose(two_levels(p, ["X"] * len(p)), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_family_for_each_test_is_plain_benjamini_hochberg(seed: int) -> None:
    p, _ = draw(seed)
    expected = false_discovery_control(p)
    np.testing.assert_allclose(two_levels(p, np.arange(len(p))), expected, rtol=1e-12)


def test_missing_p_are_no_tests() -> None:
    p, family = draw(5)
    there = ~np.isnan(p)
    q = two_levels(p, family)
    assert np.isnan(q[~there]).all()
    np.testing.assert_array_equal(q[there], two_levels(p[there], family[there]))
    # nor are families without any
    more = two_levels(np.append(p, [np.nan, np.nan]), np.append(family, ["Y", "Z"]))
    np.testing.assert_array_equal(more[: len(p)], q)


def test_order_and_names_do_not_matter() -> None:
    p, family = draw(2)
    q = two_levels(p, family)
    order = np.random.default_rng(0).permutation(len(p))
    np.testing.assert_array_equal(two_levels(p[order], family[order]), q[order])
    renamed = np.array([f"cytokine {ord('Z') - ord(name)}" for name in family])
    np.testing.assert_array_equal(two_levels(p, renamed), q)


def test_nothing_to_test() -> None:
    assert two_levels([], []).size == 0
    assert np.isnan(two_levels([np.nan, np.nan], ["A", "B"])).all()


def test_q_lies_between_p_and_one() -> None:
    for seed in range(8):
        p, family = draw(seed)
        q = two_levels(p, family)
        there = ~np.isnan(p)
        assert ((q >= p * (1 - 1e-12)) & (q <= 1))[there].all()


def test_the_chance_of_finding_anything_where_nothing_is() -> None:
    rng = np.random.default_rng(12)
    family = np.repeat(np.arange(10), 6)
    runs = [two_levels(rng.random(60), family).min() <= 0.05 for _ in range(400)]
    assert np.mean(runs) == pytest.approx(0.05, abs=0.03)


def test_false_discoveries_averaged_over_the_chosen_families() -> None:
    """Three of ten families hold three true ones each; the level is 10 %."""
    rng = np.random.default_rng(13)
    family = np.repeat(np.arange(10), 6)
    true = (family < 3) & (np.arange(60) % 6 < 3)
    shares = []
    for _ in range(250):
        p = np.where(true, rng.random(60) ** 8, rng.random(60))
        found = two_levels(p, family) <= 0.1
        chosen = np.unique(family[found])
        wrong = [(found & ~true & (family == f)).sum() / (found & (family == f)).sum()
                 for f in chosen]  # fmt: skip
        shares.append(np.mean(wrong) if wrong else 0.0)
    assert 0.03 < np.mean(shares) <= 0.105


# --- pairs of two ends ----------------------------------------------------------------------


def simes(p: np.ndarray) -> float:
    known = np.sort(p[~np.isnan(p)])
    return float((known * len(known) / np.arange(1, len(known) + 1)).min())


def passing(p: np.ndarray, level: float) -> np.ndarray:
    """Benjamini-Hochberg of what is known, any shape."""
    found = np.zeros(p.shape, dtype=bool)
    found[~np.isnan(p)] = passes(p[~np.isnan(p)], level)
    return found


def pairs_at(first: np.ndarray, second: np.ndarray, level: float, *, apart: bool) -> np.ndarray:
    """Families by the larger of two Simes p; pairs whose ends both pass at half the level."""
    known = [k for k in range(len(first)) if not np.isnan(first[k][:, None] + second[k]).all()]
    ends = [second[k] if apart else second[k][:1] for k in known]
    whole = np.array([max(simes(first[k]), simes(e)) for k, e in zip(known, ends, strict=True)])
    chosen = passes(whole, level)
    found = np.zeros(second.shape, dtype=bool)
    inside = level * chosen.sum() / len(known) / 2
    for k, ok, e in zip(known, chosen, ends, strict=True):
        if ok:
            found[k] = passing(first[k], inside)[:, None] & passing(e, inside)
    return found & ~np.isnan(first[:, :, None] + second)


def ends_of(seed: int, *, apart: bool) -> tuple[np.ndarray, np.ndarray]:
    """Five families of four first and three second ends; ``apart``: these depend on the first."""
    rng = np.random.default_rng(seed)
    power = rng.choice([1, 5], (5, 1))
    first, second = rng.random((5, 4)) ** power, rng.random((5, 1, 3)) ** power[:, :, None]
    second = np.repeat(second, 4, axis=1)
    if apart:
        second = np.maximum(second, rng.random((5, 4, 3)) * rng.choice([0, 1], (5, 4, 1)))
    if seed % 2:
        first[2, 1] = second[1, :, 2] = np.nan
        first[4] = np.nan
    return first, second


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_q_of_pairs_is_the_least_level_at_which_both_ends_pass(seed: int, apart: bool) -> None:
    first, second = ends_of(seed, apart=apart)
    q = crossed(first, second)
    np.testing.assert_array_equal(np.isnan(q), np.isnan(first[:, :, None] + second))
    levels = np.concatenate([np.linspace(0.001, 0.999, 150), np.unique(q[~np.isnan(q)])])
    for level in levels:
        near = np.abs(q - level) < 1e-9
        found = pairs_at(first, second, level + 1e-12, apart=apart)
        np.testing.assert_array_equal(found[~near], (q < level)[~near], err_msg=str(level))
        assert found[near & (q < 1)].all()


def test_a_pair_is_no_surer_than_its_ends() -> None:
    for seed in range(6):
        first, second = ends_of(seed, apart=False)
        q, p = crossed(first, second), np.maximum(first[:, :, None], second)
        there = ~np.isnan(q)
        assert (q >= np.minimum(2 * p, 1) * (1 - 1e-12))[there].all()


@pytest.mark.parametrize("true_first", [False, True])
def test_pairs_where_no_second_end_is_true_are_hardly_found(true_first: bool) -> None:
    """Also where every first end is: the chance of finding any pair."""
    rng = np.random.default_rng(14)
    found = 0
    for _ in range(250):
        first = rng.random((8, 4)) ** (20 if true_first else 1)
        second = np.repeat(rng.random((8, 1, 4)), 4, axis=1)
        found += crossed(first, second).min() <= 0.1
    assert found / 250 <= 0.1 + 0.04
