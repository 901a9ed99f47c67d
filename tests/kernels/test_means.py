"""Weighted means of gene sets against loops, closed forms and a large bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from cytosig.kernels.means import drawn_sums, set_means


@dataclass(frozen=True)
class Sets:
    """Five sets of signed weights over 80 genes, end to end; the fourth is empty."""

    start: np.ndarray
    gene: np.ndarray
    weight: np.ndarray

    @classmethod
    def make(cls) -> Sets:
        rng = np.random.default_rng(4)
        sizes = [1, 40, 7, 0, 25]
        genes = [rng.choice(80, n, replace=False) for n in sizes]
        weight = rng.uniform(0.1, 1, sum(sizes)) * rng.choice([1, 1, -1], sum(sizes))
        start = np.cumsum([0, *sizes]).astype(np.int64)
        return cls(start, np.concatenate(genes).astype(np.int64), weight)

    def part(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        inside = slice(self.start[k], self.start[k + 1])
        return self.gene[inside], self.weight[inside]


@pytest.fixture(scope="module")
def sets() -> Sets:
    return Sets.make()


def _means(values: np.ndarray, sets: Sets) -> tuple[np.ndarray, np.ndarray]:
    mean, square = np.empty((2, len(values), len(sets.start) - 1))
    set_means(values, sets.start, sets.gene, sets.weight, mean, square)
    return mean, square


def test_means_and_errors_against_a_loop(sets: Sets) -> None:
    values = np.random.default_rng(1).normal(1, 2, (6, 80))
    mean, square = _means(values, sets)
    for i, row in enumerate(values):
        for k in (0, 1, 2, 4):
            gene, weight = sets.part(k)
            signed, size = np.sign(weight) * row[gene], np.abs(weight)
            a = np.average(signed, weights=size)
            np.testing.assert_allclose(mean[i, k], a, rtol=1e-13)
            by_hand = np.sum((size / size.sum()) ** 2 * (signed - a) ** 2)
            np.testing.assert_allclose(square[i, k], by_hand, rtol=1e-10, atol=1e-30)
    assert np.isnan(mean[:, 3]).all()
    assert np.isnan(square[:, 3]).all()


def test_a_gene_under_down_counts_with_its_sign_turned() -> None:
    """A set whose genes do what its weights say has that mean and no error."""
    weight = np.array([1.0, -1.0, 0.5, -0.25])
    start, gene = np.array([0, 4]), np.arange(4)
    mean, square = _means(3 * np.sign(weight)[None], Sets(start, gene, weight))
    assert mean.tolist() == [[3.0]]
    assert square.tolist() == [[0.0]]


def test_equal_weights_have_the_error_of_the_ordinary_bootstrap() -> None:
    """n genes drawn with return: the variance of their mean is the population variance over n."""
    x = np.random.default_rng(2).normal(size=(1, 30))
    sets = Sets(np.array([0, 30]), np.arange(30), np.ones(30))
    _, square = _means(x, sets)
    np.testing.assert_allclose(square[0, 0], x.var() / 30, rtol=1e-12)


def test_the_error_is_that_of_a_large_bootstrap(sets: Sets) -> None:
    """Weights of both signs, genes counted by exponentials, 400 genes so that n + 1 is n."""
    rng = np.random.default_rng(3)
    n, draws = 400, 20_000
    weight = rng.uniform(0.2, 1, n) * rng.choice([1, 1, -1], n)
    x = rng.normal(0.5, 1, n)
    times = rng.standard_exponential((draws, n))
    drawn = (times @ (weight * x)) / (times @ np.abs(weight))
    _, square = _means(x[None], Sets(np.array([0, n]), np.arange(n), weight))
    assert np.sqrt(square[0, 0]) == pytest.approx(drawn.std(), rel=0.02)


def test_drawn_sums_against_numpy(sets: Sets) -> None:
    rng = np.random.default_rng(5)
    term, times = rng.normal(size=len(sets.gene)), rng.standard_exponential((80, 50))
    out = np.full((5, 50), 7.0)
    drawn_sums(times, sets.start, sets.gene, term, out)
    for k in range(5):
        inside = slice(sets.start[k], sets.start[k + 1])
        expected = term[inside] @ times[sets.gene[inside]]
        np.testing.assert_allclose(out[k], expected, rtol=1e-11, atol=1e-13)
    assert out[3].tolist() == [0.0] * 50  # a set without genes


def test_genes_counted_once_give_the_mean_itself(sets: Sets) -> None:
    values = np.random.default_rng(6).normal(size=(1, 80))
    top, bottom = np.empty((2, 5, 1))
    once = np.ones((80, 1))
    drawn_sums(once, sets.start, sets.gene, sets.weight * values[0, sets.gene], top)
    drawn_sums(once, sets.start, sets.gene, np.abs(sets.weight), bottom)
    mean, _ = _means(values, sets)
    kept = [0, 1, 2, 4]
    np.testing.assert_allclose(top[kept, 0] / bottom[kept, 0], mean[0, kept], rtol=1e-13)
