"""zscore: genes standardised over the observations, by numpy and scipy, then summed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse, stats

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Scores = Callable[..., pd.DataFrame]

N_CELLS, G = 36, 250
CHOSEN = np.random.default_rng(6).permutation(G)
UP, DOWN = CHOSEN[:14], CHOSEN[14:25]
BATCH, IS_CONTROL = np.arange(N_CELLS) % 3, np.arange(N_CELLS) % 4 < 2


@pytest.fixture
def cells(named: Callable[..., AnnData]) -> AnnData:
    """Sparse logged values in three batches; one gene of the sets is silent in all."""
    rng = np.random.default_rng(9)
    x = rng.exponential(1, (N_CELLS, G)) * (rng.random((N_CELLS, G)) < 0.4)
    x += 0.5 * BATCH[:, None] * (x > 0)
    x[:, UP[3]] = 0
    adata = named(sparse.csr_matrix(x))
    adata.obs["batch"], adata.obs["arm"] = BATCH.astype(str), np.where(IS_CONTROL, "no", "yes")
    return adata


@pytest.fixture
def sets(as_sets: Callable[..., dict]) -> dict:
    return as_sets(UP=(UP, []), BOTH=(UP, DOWN), DOWN=([], DOWN))


def _summed(z: np.ndarray) -> np.ndarray:
    """Σ z over √n for UP, BOTH and DOWN; a gene without variance counts in n and adds 0."""
    up, down = z[:, UP].sum(axis=1), z[:, DOWN].sum(axis=1)
    n, m = len(UP), len(DOWN)
    return np.stack([up / n**0.5, (up - down) / (n + m) ** 0.5, -down / m**0.5], axis=1)


def _matches(found: pd.DataFrame, z: np.ndarray) -> None:
    assert list(found.columns) == ["UP", "BOTH", "DOWN"]
    np.testing.assert_allclose(found, _summed(z), rtol=1e-8, atol=1e-10)


def test_genes_are_standardised_over_all_observations(
    cells: AnnData, sets: dict, scores: Scores
) -> None:
    x = cells.X.toarray()
    seen = x.std(axis=0) > 0
    z = np.zeros_like(x)
    z[:, seen] = stats.zscore(x[:, seen], ddof=1)
    _matches(scores(cells, sets, "zscore"), z)


def _usual(sd: np.ndarray) -> np.ndarray:
    """Where a gene does not vary, the median of those that do."""
    return np.where(sd > 0, sd, np.median(sd[sd > 0]))


def test_batches_have_a_mean_each_and_one_deviation(
    cells: AnnData, sets: dict, scores: Scores
) -> None:
    """The deviation inside batches, pooled over them."""
    x = cells.X.toarray()
    away = x - np.stack([x[batch == BATCH].mean(axis=0) for batch in BATCH])
    sd = np.sqrt((away**2).sum(axis=0) / (N_CELLS - 3))
    _matches(scores(cells, sets, "zscore", batch_key="batch"), away / _usual(sd))


def test_controls_alone_say_what_is_usual(cells: AnnData, sets: dict, scores: Scores) -> None:
    x = cells.X.toarray()
    x[IS_CONTROL, UP[5]] = 0  # varies among the others only
    cells.X = sparse.csr_matrix(x)
    control = x[IS_CONTROL]
    z = (x - control.mean(axis=0)) / _usual(control.std(axis=0, ddof=1))
    _matches(scores(cells, sets, "zscore", control=("arm", "no")), z)


def test_controls_inside_batches(cells: AnnData, sets: dict, scores: Scores) -> None:
    x = cells.X.toarray()
    z, squares = np.empty_like(x), np.zeros(G)
    for batch in range(3):
        control = x[(batch == BATCH) & IS_CONTROL]
        z[batch == BATCH] = x[batch == BATCH] - control.mean(axis=0)
        squares += ((control - control.mean(axis=0)) ** 2).sum(axis=0)
    z /= _usual(np.sqrt(squares / (IS_CONTROL.sum() - 3)))
    _matches(scores(cells, sets, "zscore", control=("arm", "no"), batch_key="batch"), z)


def test_a_reference_says_what_is_usual(cells: AnnData, sets: dict, scores: Scores) -> None:
    """One cell alone is scored by it, and the same as in company."""
    first = cells[:20].copy()
    reference = cs.tl.fit_reference(first, normalize="none", n_jobs=1)
    x = first.X.toarray()
    z = (cells.X.toarray() - x.mean(axis=0)) / _usual(x.std(axis=0, ddof=1))
    _matches(scores(cells, sets, "zscore", reference=reference), z)
    _matches(scores(cells[30].copy(), sets, "zscore", reference=reference), z[30:31])


def test_scale_is_always_on(cells: AnnData, sets: dict, scores: Scores) -> None:
    plain, scaled = (scores(cells, sets, "zscore", scale=s) for s in (False, True))
    np.testing.assert_array_equal(plain, scaled)


def test_unrelated_genes_have_unit_variance(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scores: Scores
) -> None:
    """That is what the root of n is for, however many genes."""
    x = np.random.default_rng(2).normal(5, 2, (400, 300)) ** 2
    few, many = CHOSEN[:10], CHOSEN[10:160]
    found = scores(named(x), as_sets(FEW=(few, []), MANY=(many[:75], many[75:])), "zscore")
    np.testing.assert_allclose(found.std(ddof=1), 1, atol=4 / np.sqrt(800))


def test_one_observation_alone_is_refused(cells: AnnData, sets: dict, scores: Scores) -> None:
    with pytest.raises(cs.CytosigError, match="only one observation"):
        scores(cells[0].copy(), sets, "zscore")
