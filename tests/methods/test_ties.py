"""Ties are met by expectation: against every order of tied genes, and against drawn ones."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

TINY = np.array(
    [
        [0, 0, 3, 0, 3, 0, 9.0],
        [2, 2, 2, 2, 0, 0, 0.0],
        [-1, 0, 0, -1, 4, 0, -1.0],
        [5, 4, 3, 2, 1, -1, 0.0],
        [1, 1, 1, 1, 1, 1, 0.0],
    ]
)
GENES = [0, 2, 5]


@pytest.fixture
def tiny(named: Callable[..., AnnData], as_sets: Callable[..., dict]) -> tuple[AnnData, dict]:
    """Five observations of seven genes, nearly all tied, and one set of three genes."""
    return named(TINY), as_sets(S=(GENES, []))


def _all_orders(row: np.ndarray) -> np.ndarray:
    """Place of every gene, from 1 at the top, in every order of all genes that sorts the row."""
    orders = np.array(list(permutations(range(len(row)))))
    orders = orders[(np.diff(row[orders], axis=1) <= 0).all(axis=1)]
    return np.argsort(orders, axis=1) + 1


def test_the_orders_are_all_there_are() -> None:
    found = [len(_all_orders(row)) for row in TINY]
    assert found == [24 * 2, 24 * 6, 6 * 6, 1, 720]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 1.0])
def test_aucell_is_the_mean_over_all_orders_of_tied_genes(
    tiny: tuple[AnnData, dict], scores: Callable[..., object], share: float
) -> None:
    """Area under the recovery curve, drawn as steps, over the largest there can be."""
    found = scores(*tiny, "aucell", settings={"aucell": {"top": share}})["S"]
    top = max(2, int(np.ceil(share * 7)))
    largest = sum(min(place, 3) for place in range(1, top))
    for i, row in enumerate(TINY):
        place = _all_orders(row)[:, GENES]
        recovered = [(place <= p).sum(axis=1) for p in range(1, top)]
        assert found.iloc[i] == pytest.approx(np.sum(recovered, axis=0).mean() / largest, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 2.0])
def test_ssgsea_is_the_mean_over_all_orders_of_tied_genes(
    tiny: tuple[AnnData, dict], scores: Callable[..., object], alpha: float
) -> None:
    """Of the sum of the running difference; tied genes weigh the same in every order."""
    found = scores(*tiny, "ssgsea", settings={"ssgsea": {"alpha": alpha}})["S"]
    for i, row in enumerate(TINY):
        weight = stats.rankdata(row) ** alpha
        sums = []
        for place in _all_orders(row):
            order = np.argsort(place)
            hit = np.isin(order, GENES)
            inside = np.cumsum(weight[order] * hit) / weight[GENES].sum()
            sums.append((inside - np.cumsum(~hit) / 4).sum())
        assert found.iloc[i] == pytest.approx(np.mean(sums), rel=1e-12, abs=1e-12)


def test_singscore_and_ucell_are_means_over_all_orders_too(
    tiny: tuple[AnnData, dict], scores: Callable[..., object]
) -> None:
    """Both are linear in the place where nothing is cut off."""
    sing, u = (scores(*tiny, name)["S"] for name in ("singscore", "ucell"))
    for i, row in enumerate(TINY):
        mean = _all_orders(row)[:, GENES].mean()
        assert sing.iloc[i] == pytest.approx((8 - mean - 2) / 4 - 0.5, rel=1e-12, abs=1e-12)
        assert u.iloc[i] == pytest.approx(1 - (3 * mean - 6) / (3 * 7 - 6), rel=1e-12)


def test_aucell_of_a_sparse_cell_is_what_random_orders_average_to(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scores: Callable[..., object]
) -> None:
    """3,200 genes, 100 of them seen: the places down to 160 are mostly of zeros."""
    rng = np.random.default_rng(2)
    x = np.zeros((3, 3200))
    genes = rng.choice(3200, 40, replace=False)
    for row, seen in zip(x, (4, 8, 0), strict=True):
        others = rng.choice(np.setdiff1d(np.arange(3200), genes), 100 - seen, replace=False)
        row[[*others, *genes[:seen]]] = np.ceil(rng.exponential(2, 100))
    found = scores(named(x), as_sets(S=(genes, [])), "aucell")["S"]
    largest = np.arange(159, 119, -1).sum()
    for i, row in enumerate(x):
        drawn = []
        for _ in range(400):
            order = np.lexsort([rng.random(3200), -row])
            place = np.argsort(order)[genes] + 1
            drawn.append(np.maximum(160 - place, 0).sum() / largest)
        assert abs(found.iloc[i] - np.mean(drawn)) < 0.002
        assert np.std(drawn) > 0.004  # one order alone would not do
