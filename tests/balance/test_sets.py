"""Genes standardised, and gene sets as weighted means of those that are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.balance.sets import GeneSets, Standard, measured_in

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_gene_is_scaled_by_its_own_or_the_median_deviation() -> None:
    values = np.array([[0.0, 1, 5, 2], [2, 1, 9, 4], [4, 1, 1, 6]])  # SDs 2, 0, 4, 2
    found = Standard.over(values)
    assert found.centre.tolist() == [2, 1, 5, 4]
    assert found.spread.tolist() == [2, 2, 4, 2]  # the median is over genes that vary
    assert found.of(np.array([[6.0, 3, 5, 0]])).tolist() == [[2, 1, 0, -2]]


def test_samples_without_values_do_not_make_the_standard() -> None:
    values = np.random.default_rng(0).normal(size=(6, 5))
    gone = np.insert(values, 2, np.nan, axis=0)
    gone[:, 3] = np.nan  # a gene that is not measured
    found = Standard.over(gone)
    sd = values.std(axis=0, ddof=1)
    kept = [0, 1, 2, 4]
    np.testing.assert_allclose(found.centre[kept], values.mean(axis=0)[kept])
    np.testing.assert_allclose(found.spread[kept], np.maximum(sd, np.median(sd[kept]))[kept])
    assert np.isnan([found.centre[3], found.spread[3]]).all()


@pytest.mark.parametrize("n", [0, 1])
def test_one_sample_makes_no_standard(n: int) -> None:
    values = np.full((3, 2), np.nan)
    values[:n] = 1.0
    found = Standard.over(values)
    assert np.isnan(found.of(np.ones((2, 2)))).all()


def test_genes_that_vary_by_rounding_alone_do_not_vary() -> None:
    """A floor of 0.1 in every sample has a mean that is not 0.1 to the last digit."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(24, 9))
    constant = np.full((24, 20), 0.1)
    with_floor = Standard.over(np.hstack([values, constant]))
    np.testing.assert_allclose(with_floor.spread[:9], Standard.over(values).spread, rtol=1e-12)


def _widening(weights: list[float]) -> float:
    n = max(2.0, sum(map(abs, weights)) ** 2 / sum(w**2 for w in weights))
    return ((n + 1) / (n - 1)) ** 0.5


SETS = {"A": {"a": 1.0, "b": -0.5, "zz": 0.5}, "B": {"c": 2.0, "a": 2.0}, "NONE": {"yy": 1.0}}


def test_sets_keep_the_genes_that_are_there_and_measured() -> None:
    found = GeneSets.of(SETS, ["c", "a", "b"], np.array([False, True, True]))
    assert found.start.tolist() == [0, 2, 3, 3]
    assert found.gene.tolist() == [1, 2, 1]
    assert found.weight.tolist() == [1.0, -0.5, 2.0]
    assert found.share.tolist() == [0.75, 0.5, 0.0]


def test_means_are_those_of_the_genes_that_are_left() -> None:
    found = GeneSets.of(SETS, ["c", "a", "b"], np.ones(3, dtype=bool))
    mean, error = found.means(np.array([[4.0, 1.0, -2.0]]))
    assert mean[0, :2].tolist() == [(1.0 + 1.0) / 1.5, (8.0 + 2.0) / 4.0]
    a = 2 / 1.5
    by_hand = [np.hypot(1 - a, 1 - 0.5 * a) / 1.5, np.hypot(8 - 2 * 2.5, 2 - 2 * 2.5) / 4]
    wide = [_widening([1.0, 0.5]), _widening([2.0, 2.0])]
    np.testing.assert_allclose(error[0, :2], np.multiply(by_hand, wide), rtol=1e-14)
    assert np.isnan([mean[0, 2], error[0, 2]]).all()


def test_a_choice_of_sets_is_in_the_order_asked_for() -> None:
    genes, rng = [f"g{i}" for i in range(30)], np.random.default_rng(2)
    sets = {
        id: dict(zip(rng.choice(genes, 7, replace=False), rng.normal(size=7), strict=True))
        for id in "PQRS"
    }
    measured = rng.random(30) < 0.7
    asked = ["S", "P", "R"]
    some = GeneSets.of(sets, genes, measured).only(asked)
    alone = GeneSets.of({id: sets[id] for id in asked}, genes, measured)
    for name in ("start", "gene", "weight", "share"):
        np.testing.assert_array_equal(getattr(some, name), getattr(alone, name))
    assert some.ids == ("S", "P", "R")


def test_draws_are_means_with_genes_counted(mean_and_error: Callable) -> None:
    """Each away from the mean by what few genes need."""
    genes = ["c", "a", "b"]
    found = GeneSets.of(SETS, genes, np.ones(3, dtype=bool))
    values, times = np.array([4.0, 1.0, -2.0]), np.array([[1.0, 1, 1], [0, 3, 0.5], [2, 0, 0]])
    out = found.drawn(values, times.T, found.totals(times.T))
    there = dict(zip(genes, values, strict=True))
    for d, row in enumerate(times):
        count = dict(zip(genes, row, strict=True))
        for k, weights in enumerate(SETS.values()):
            kept = {g: w * count[g] for g, w in weights.items() if count.get(g)}
            if not kept:
                assert np.isnan(out[d, k])
                continue
            drawn, _ = mean_and_error(there, kept)
            mean, _ = mean_and_error(there, weights)
            wide = _widening([w for g, w in weights.items() if g in there])
            np.testing.assert_allclose(out[d, k], mean + wide * (drawn - mean), rtol=1e-13)


def test_sets_are_widened_by_the_genes_that_they_are_worth() -> None:
    """8 equal weights are 8 genes; one that outweighs all others is worth two, the fewest."""
    sets = {
        "equal": {f"g{i}": -0.4 for i in range(8)},
        "graded": {"g0": 1.0, "g1": -0.5, "g2": 0.5},  # (2)² over 1.5
        "one": {"g0": 5.0, **{f"g{i}": 1e-6 for i in range(1, 8)}},
        "alone": {"g3": 2.0},
        "none": {"zz": 1.0},
    }
    found = GeneSets.of(sets, [f"g{i}" for i in range(8)], np.ones(8, dtype=bool)).widening
    n = 4 / 1.5
    by_hand = [(9 / 7) ** 0.5, ((n + 1) / (n - 1)) ** 0.5, 3**0.5, 3**0.5, 3**0.5]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_errors_of_equal_weights_are_those_of_a_mean(n: int) -> None:
    """s/√n but for √((n + 1)/n), which the bootstrap of exponentials asks for."""
    x = np.random.default_rng(n).normal(size=n)
    genes = [f"g{i}" for i in range(n)]
    found = GeneSets.of({"A": dict.fromkeys(genes, 0.3)}, genes, np.ones(n, dtype=bool))
    expected = x.std(ddof=1) / n**0.5 * ((n + 1) / n) ** 0.5
    np.testing.assert_allclose(found.means(x[None])[1][0, 0], expected, rtol=1e-12)


def test_totals_are_sums_of_counted_weights() -> None:
    found = GeneSets.of(SETS, ["c", "a", "b"], np.ones(3, dtype=bool))
    times = np.array([[1.0, 0.0], [3.0, 0.5], [2.0, 4.0]])  # c, a, b
    by_hand = [[3 * 1 + 2 * 0.5, 1 * 2 + 3 * 2, 0], [0.5 * 1 + 4 * 0.5, 0 * 2 + 0.5 * 2, 0]]
    np.testing.assert_allclose(found.totals(times), by_hand, rtol=1e-14)


@pytest.mark.parametrize("n", [3, 6, 40])
def test_draws_scatter_as_a_mean_of_few_genes_does(n: int) -> None:
    """With equal weights as the standard error of a mean, s/√n, however few the genes are."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    found = GeneSets.of(
        {"A": {f"g{i}": 1.0 for i in range(n)}}, [f"g{i}" for i in range(n)], x > -9
    )
    times = rng.standard_exponential((n, 40_000))
    drawn = found.drawn(x, times, found.totals(times))[:, 0]
    assert drawn.std() == pytest.approx(x.std(ddof=1) / n**0.5, rel=0.02)
    assert drawn.mean() == pytest.approx(x.mean(), abs=0.02)


def test_genes_count_where_both_have_a_value() -> None:
    one = np.array([[1.0, np.nan, np.nan, 1.0], [np.nan, np.nan, 2.0, 1.0]])
    two = np.array([[1.0, 1.0, 1.0, np.nan]])
    assert measured_in(one, two).tolist() == [True, False, True, False]
