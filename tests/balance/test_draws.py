"""Draws: five streams of one seed, none of which depends on the length of another."""

from __future__ import annotations

import numpy as np
from scipy import stats

from cytosig.balance.draws import Draws

IDS = ["A", "B", "C"]


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = (Draws.make(7, 50, 11, IDS, 2) for _ in range(2))
    for name in ("genes", "roles", "variances", "outlying", "slopes"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert Draws.make(8, 50, 11, IDS, 2).genes.tobytes() != one.genes.tobytes()


def test_a_stream_does_not_know_how_long_the_others_are() -> None:
    one, two = Draws.make(7, 50, 11, IDS, 2), Draws.make(7, 50, 500, IDS, 0)
    for name in ("roles", "variances", "outlying"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    three = Draws.make(7, 50, 11, [*IDS, "D"], 2)
    np.testing.assert_array_equal(one.genes, three.genes)
    np.testing.assert_array_equal(one.slopes, three.slopes)


def test_distributions() -> None:
    found = Draws.make(0, 4000, 5, IDS, 2)
    assert (found.genes.shape, found.roles.shape) == ((5, 4000), (4000, 3))
    assert stats.kstest(found.genes.ravel(), "expon").pvalue > 0.001
    assert stats.kstest(found.roles.ravel(), "norm").pvalue > 0.001
    assert stats.kstest(found.slopes.ravel(), "norm").pvalue > 0.001
    for name in ("variances", "outlying"):
        assert getattr(found, name).shape == (4000, 3)
        assert stats.kstest(getattr(found, name).ravel(), "uniform").pvalue > 0.001
    both = np.hstack([found.genes.T, found.roles, found.variances, found.outlying, found.slopes])
    away = np.corrcoef(both, rowvar=False) - np.eye(both.shape[1])
    assert np.abs(away).max() < 5 / np.sqrt(4000)  # independent of one another


def test_roles_are_drawn_around_their_means_and_cut() -> None:
    found = Draws.make(3, 200, 4, IDS, 0)
    drawn = found.roles_of(["C", "A"], np.array([0.9, -0.2]), np.array([0.4, 0.1]))
    noise = found.roles[:, [2, 0]]
    by_hand = [[min(1, max(-1, 0.9 + 0.4 * c)), -0.2 + 0.1 * a] for c, a in noise]
    np.testing.assert_allclose(drawn, by_hand, rtol=1e-14)
    assert drawn.max() == 1


def test_places_are_columns_in_the_order_asked_for() -> None:
    found = Draws.make(3, 100, 4, IDS, 0)
    assert found.places(["C", "A"]).tolist() == [2, 0]
    assert found.places([]).tolist() == []
