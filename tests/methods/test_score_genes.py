"""score_genes: genes against those of like mean expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    Scores = Callable[..., pd.DataFrame]

N_CELLS, G = 40, 3000
GENES, LOWERED = np.random.default_rng(12).choice(G, (2, 18), replace=False)


def _expression() -> np.ndarray:
    """Logged counts; levels from silent to loud, every gene seen."""
    random = np.random.default_rng(21)
    level = random.lognormal(-1, 1.5, G)
    x = np.log1p(random.poisson(level, (N_CELLS, G)) + random.random((N_CELLS, G)) * 1e-3)
    x[:, GENES] += 0.3 * random.random((N_CELLS, 1))
    return x


@pytest.fixture
def cells(named: Callable[..., AnnData]) -> AnnData:
    return named(_expression())


def _bins(mean: np.ndarray, n_bins: int) -> list[np.ndarray]:
    """Genes cut into equal parts by their mean, where no two means are the same; 100 at least."""
    assert len(np.unique(mean)) == len(mean)
    return np.array_split(np.argsort(mean), min(n_bins, max(len(mean) // 100, 1)))


def _against_bins(x: np.ndarray, genes: np.ndarray, bins: list[np.ndarray]) -> np.ndarray:
    """Mean over the genes of each one's value less the mean of the others of its bin."""
    mine = [np.setdiff1d(next(b for b in bins if gene in b), genes) for gene in genes]
    return np.mean(
        [x[:, g] - x[:, b].mean(axis=1) for g, b in zip(genes, mine, strict=True)], axis=0
    )


@pytest.mark.parametrize("n_bins", [25, 2, 100])
def test_a_gene_is_compared_with_all_others_of_its_bin(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict], n_bins: int
) -> None:
    """Raised genes less lowered ones."""
    x = cells.X
    sets = as_sets(UP=(GENES, []), DOWN=([], LOWERED), BOTH=(GENES, LOWERED))
    found = scores(cells, sets, "score_genes", settings={"score_genes": {"n_bins": n_bins}})
    bins = _bins(x.mean(axis=0), n_bins)
    up, down = (_against_bins(x, genes, bins) for genes in (GENES, LOWERED))
    expected = np.stack([up, -down, up - down], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_it_is_what_drawn_controls_average_to(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict]
) -> None:
    """Tirosh et al. draw 100 genes for every gene from its bin of 120; here 300 times."""
    x = cells.X
    found = scores(cells, as_sets(S=(GENES, [])), "score_genes")["S"].to_numpy()
    bins = _bins(x.mean(axis=0), 25)
    random = np.random.default_rng(0)
    draws = np.zeros((300, N_CELLS))
    for gene in GENES:
        bin = np.setdiff1d(next(b for b in bins if gene in b), GENES)
        for draw in draws:
            control = random.choice(bin, 100, replace=False)
            draw += (x[:, gene] - x[:, control].mean(axis=1)) / len(GENES)
    error = draws.std(axis=0, ddof=1) / np.sqrt(300)
    away = (found - draws.mean(axis=0)) / error
    assert np.abs(away).max() < 4
    assert 0.7 < away.std() < 1.3


def test_genes_of_the_same_mean_share_a_bin(
    scores: Scores, named: Callable[..., AnnData], as_sets: Callable[..., dict]
) -> None:
    """400 of 1,000 genes have the mean 1: ranks 351 to 750 share the third of five bins.

    At their lowest or highest rank they would share a bin with others.
    """
    mean = np.concatenate([np.linspace(0.1, 0.9, 350), np.ones(400), np.linspace(2, 3, 250)])
    swing = np.random.default_rng(3).normal(size=(4, 1000)) / 16
    swing = np.round(swing * 1024) / 1024  # sums without rounding: the means stay the same
    swing[:, mean != 1] = 0
    x = mean + np.vstack([swing, -swing])
    found = scores(named(x), as_sets(S=([400, 500, 600], [])), "score_genes",
                   settings={"score_genes": {"n_bins": 5}})["S"]  # fmt: skip
    others = np.setdiff1d(np.flatnonzero(mean == 1), [400, 500, 600])
    expected = x[:, [400, 500, 600]].mean(axis=1) - x[:, others].mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_bins_come_from_the_reference_where_there_is_one(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict]
) -> None:
    """And then a cell scores the same on its own."""
    cells.X = _expression()[:, np.random.default_rng(1).permutation(G)]
    reference = cs.tl.fit_reference(cells, normalize="none", n_jobs=1)
    mean = cells.X.mean(axis=0)
    other = cells.copy()
    other.X = _expression()
    sets = as_sets(S=(GENES, []))
    found = scores(other, sets, "score_genes", reference=reference)["S"]
    expected = _against_bins(other.X, GENES, _bins(mean, 25))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    alone = scores(other[7].copy(), sets, "score_genes", reference=reference)["S"]
    assert alone.iloc[0] == pytest.approx(expected[7], rel=1e-9)
    with pytest.raises(cs.CytosigError, match="mean of one observation is itself"):
        scores(other[7].copy(), sets, "score_genes")


@pytest.mark.parametrize("n_genes", [20, 30, 60, 199])
def test_a_small_universe_is_one_bin(
    scores: Scores, named: Callable[..., AnnData], as_sets: Callable[..., dict], n_genes: int
) -> None:
    """With a gene a bin every gene would be its own control, and every score 0."""
    x = np.random.default_rng(n_genes).exponential(1, (12, n_genes))
    found = scores(named(x), as_sets(S=(range(6), [])), "score_genes")["S"]
    np.testing.assert_allclose(found, x[:, :6].mean(axis=1) - x[:, 6:].mean(axis=1), rtol=1e-9)


def test_a_set_that_takes_up_a_bin_is_compared_with_all_genes_outside_it(
    scores: Scores, named: Callable[..., AnnData], as_sets: Callable[..., dict]
) -> None:
    """Three bins of 100; the set is the lowest one and 20 genes of the highest."""
    x = np.random.default_rng(0).random((6, 300)) + np.repeat([1.0, 3.0, 5.0], 100)
    genes = np.r_[0:100, 200:220]
    found = scores(named(x), as_sets(S=(genes, [])), "score_genes")["S"]
    outside = x[:, np.r_[100:200, 220:300]].mean(axis=1)
    control = (100 * outside + 20 * x[:, 220:].mean(axis=1)) / 120
    np.testing.assert_allclose(found, x[:, genes].mean(axis=1) - control, rtol=1e-9)


# --- as scanpy ------------------------------------------------------------------------------------


def _scanpy(x: np.ndarray, genes: np.ndarray, n_bins: int, ctrl_size: int, seed: int) -> np.ndarray:
    """sc.tl.score_genes, re-written: one pool for the whole set."""
    random = np.random.RandomState(seed)
    own = pd.Series(x.mean(axis=0)).rank(method="min") // round(G / (n_bins - 1))
    pool: set[int] = set()
    for bin in sorted(set(own[genes])):
        there = own.index[own == bin].to_numpy()
        if ctrl_size < len(there):
            there = random.choice(there, ctrl_size, replace=False)
        pool |= set(there)
    pool -= set(genes)
    return x[:, genes].mean(axis=1) - x[:, sorted(pool)].mean(axis=1)


@pytest.mark.parametrize("tuning", [{}, {"n_bins": 10, "ctrl_size": 7, "seed": 5},
                                    {"ctrl_size": 5000}])  # fmt: skip
def test_scanpys_pool_is_drawn_as_asked(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict], tuning: dict
) -> None:
    sets = as_sets(UP=(GENES, []), BOTH=(GENES, LOWERED))
    found = scores(cells, sets, "score_genes", compat="scanpy", settings={"score_genes": tuning})
    asked = {"n_bins": 25, "ctrl_size": 50, "seed": 0} | tuning
    up, down = (_scanpy(cells.X, genes, **asked) for genes in (GENES, LOWERED))
    np.testing.assert_allclose(found, np.stack([up, up - down], axis=1), rtol=1e-9)


def test_a_set_that_is_all_of_its_bins_is_refused_as_by_scanpy(
    named: Callable[..., AnnData], scores: Scores, as_sets: Callable[..., dict]
) -> None:
    """Without a control there is nothing to subtract; scanpy 1.11 raises a RuntimeError."""
    x = np.sort(np.random.default_rng(0).exponential(1, (6, 48)), axis=1)
    own = pd.Series(x.mean(axis=0)).rank(method="min") // 2
    genes = np.flatnonzero(own.isin([5, 9, 11]))
    assert len(genes) == 6
    with pytest.raises(cs.CytosigError, match="control"):
        scores(named(x), as_sets(S=(genes, [])), "score_genes", compat="scanpy")


def test_settings_of_scanpys_draw_do_not_touch_the_definition(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict]
) -> None:
    """The definition draws nothing."""
    sets = as_sets(S=(GENES, []))
    expected = _against_bins(cells.X, GENES, _bins(cells.X.mean(axis=0), 25))
    for tuning in ({"ctrl_size": 3}, {"seed": 9}):
        found = scores(cells, sets, "score_genes", settings={"score_genes": tuning})["S"]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
