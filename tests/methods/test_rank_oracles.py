"""The four rank methods, and the peers they can follow, against brute force on dense rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse, stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

G = 300
METHODS = ["ucell", "aucell", "singscore", "ssgsea"]
CHOSEN = np.random.default_rng(5).permutation(G)
SETS = {
    "UP": (CHOSEN[:12], CHOSEN[:0]),
    "BOTH": (CHOSEN[6:16], CHOSEN[16:25]),
    "LARGE": (CHOSEN[20:80], CHOSEN[90:130]),
    "DOWN": (CHOSEN[:0], CHOSEN[40:48]),
}
TUNED = {"ucell": {"max_rank": 70, "w_neg": 0.5}, "aucell": {"top": 0.2},
         "ssgsea": {"alpha": 1.5, "range": 3}}  # fmt: skip


def _sparse(rng: np.random.Generator, dtype: type) -> np.ndarray:
    """Ties among the positive values, and mostly zeros."""
    return (rng.random((6, G)) < 0.15) * np.ceil(rng.exponential(4, (6, G)))


def _contrasts(rng: np.random.Generator, dtype: type) -> np.ndarray:
    return np.round(rng.normal(size=(6, G)), 1)


def _full(rng: np.random.Generator, dtype: type) -> np.ndarray:
    return rng.lognormal(size=(6, G))


def _crowded(rng: np.random.Generator, dtype: type) -> np.ndarray:
    """Many distinct values next to each other, and one far away."""
    x = 1 + 1e-6 * np.stack([rng.permutation(G) for _ in range(6)])
    x[np.arange(6), rng.integers(0, G, 6)] = 1e6
    return x * np.where(np.arange(6) < 3, 1.0, -1.0)[:, None]


def _crowded_both_ways(rng: np.random.Generator, dtype: type) -> np.ndarray:
    x = _crowded(rng, dtype)
    x[rng.random((6, G)) < 0.4] *= -1
    x[rng.random((6, G)) < 0.2] = 0
    return x


def _negative(rng: np.random.Generator, dtype: type) -> np.ndarray:
    """No positive value; the last rows have zeros, at the top."""
    return -_full(rng, dtype) * (rng.random((6, G)) < np.where(np.arange(6) < 3, 1, 0.3)[:, None])


def _tiny(rng: np.random.Generator, dtype: type) -> np.ndarray:
    """Subnormal numbers of both signs, -0.0, the smallest normal ones, and 1e9; last, no zero."""
    unit = np.finfo(dtype).smallest_subnormal
    x = rng.integers(-9, 10, (6, G)).astype(dtype) * unit
    x[rng.random((6, G)) < 0.2] = -0.0
    x[rng.random((6, G)) < 0.1] = np.finfo(dtype).tiny
    x[rng.random((6, G)) < 0.05] = -1e9
    x[:, 7] = 1e9
    x[-1] = rng.integers(1, 9, G)
    return x


KINDS = {f.__name__[1:]: f for f in (
    _sparse, _contrasts, _full, _crowded, _crowded_both_ways, _negative, _tiny
)}  # fmt: skip
every_kind = pytest.mark.parametrize("kind", KINDS)
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _values(kind: str, dtype: type) -> np.ndarray:
    return KINDS[kind](np.random.default_rng(17), dtype).astype(dtype)


def _all_stored(x: np.ndarray) -> sparse.csr_matrix:
    """CSR in which zeros are stored like any other value."""
    columns = np.tile(np.arange(x.shape[1], dtype=np.int32), len(x))
    ends = np.arange(0, x.size + 1, x.shape[1], dtype=np.int32)
    return sparse.csr_matrix((x.ravel(), columns, ends), shape=x.shape)


def _found(scored: Callable[..., AnnData], adata: AnnData, sets: dict, **options: object) -> dict:
    done = scored(adata, sets, METHODS, **options)
    keys = {name: f"cytosig_{name}_score" for name in METHODS[1:]} | {"ucell": "cytosig_score"}
    return {name: done.obsm[key].to_numpy() for name, key in keys.items()}


def _each_set(one: Callable[[np.ndarray], float], row: np.ndarray) -> np.ndarray:
    """Of the raised and the lowered genes of every signature; an empty half gives 0."""
    return np.array([[one(half) if len(half) else 0.0 for half in pair] for pair in SETS.values()])


def _unread(scores: np.ndarray) -> np.ndarray:
    """DOWN has no raised gene."""
    scores[3] = np.nan
    return scores


# --- by their definitions -------------------------------------------------------------------------


def _ucell(row: np.ndarray, max_rank: int = 1500, w_neg: float = 1.0) -> np.ndarray:
    cap = min(max_rank, G)
    place = np.minimum(stats.rankdata(-row), cap)

    def u(genes: np.ndarray) -> float:
        n = len(genes)
        least = n * (n + 1) / 2
        return 1 - (place[genes].sum() - least) / (n * cap - least)

    both = _each_set(u, row)
    return _unread(np.maximum(both[:, 0] - w_neg * both[:, 1], 0))


def _aucell(row: np.ndarray, top: float = 0.05) -> np.ndarray:
    """Every gene of a tie gets the mean of what its places give."""
    end = int(np.ceil(top * G))
    gives = np.maximum(end - np.arange(1, G + 1), 0)
    first, last = (stats.rankdata(-row, method=m).astype(int) for m in ("min", "max"))
    mean = np.array([gives[f - 1 : t].mean() for f, t in zip(first, last, strict=True)])
    both = _each_set(lambda genes: mean[genes].sum() / gives[: len(genes)].sum(), row)
    return _unread(both[:, 0])


def _singscore(row: np.ndarray, method: str = "average") -> np.ndarray:
    rank = stats.rankdata(row, method=method)
    total = np.zeros(len(SETS))
    for k, pair in enumerate(SETS.values()):
        for genes, stands in zip(pair, (rank, G + 1 - rank), strict=True):
            n = len(genes)
            if n:
                low, high = np.arange(1, n + 1).mean(), np.arange(G - n + 1, G + 1).mean()
                total[k] += (stands[genes].mean() - low) / (high - low) - 0.5
    return total


def _ssgsea(row: np.ndarray, alpha: float = 0.25, range: float = 1.0) -> np.ndarray:
    """Running sums with genes in the order of any sort, ties weighing the same and met halfway."""
    rank = stats.rankdata(row)
    weight = rank**alpha

    def es(genes: np.ndarray) -> float:
        inside = (weight * rank)[genes].sum() / weight[genes].sum()
        rest = np.setdiff1d(np.arange(G), genes)
        return inside - rank[rest].mean()

    both = _each_set(es, row)
    return (both[:, 0] - both[:, 1]) / range


ORACLES = {"ucell": _ucell, "aucell": _aucell, "singscore": _singscore, "ssgsea": _ssgsea}


@every_kind
@every_type
@pytest.mark.parametrize(
    ("settings", "store"), [({}, np.asarray), (TUNED, _all_stored)], ids=["default", "tuned"]
)
def test_scores_are_those_of_the_definitions(
    scored: Callable[..., AnnData], named: Callable[..., AnnData], as_sets: Callable[..., dict],
    kind: str, dtype: type, settings: dict, store: Callable[[np.ndarray], object],
) -> None:  # fmt: skip
    x = _values(kind, dtype)
    found = _found(scored, named(store(x)), as_sets(**SETS), settings=settings)
    for name, oracle in ORACLES.items():
        expected = [oracle(row, **settings.get(name, {})) for row in x]
        np.testing.assert_allclose(found[name], expected, rtol=1e-11, atol=1e-11, err_msg=name)


def test_the_rows_hold_what_they_are_for() -> None:
    """Zeros of both signs, subnormals, negatives only, values that share a bucket."""
    for dtype in (np.float32, np.float64):
        tiny = _values("tiny", dtype)
        assert (np.signbit(tiny) & (tiny == 0)).any()
        assert (np.abs(tiny[tiny != 0]) < np.finfo(dtype).tiny).mean() > 0.5
        assert (_values("negative", dtype) <= 0).all()
        crowded = np.abs(_values("crowded", dtype))
        assert all(len(np.unique(row)) == G for row in crowded)
        assert (np.median(crowded) < 1.001) & (crowded.max() == 1e6)


# --- as peers do ----------------------------------------------------------------------------------


def _pyucell(row: np.ndarray) -> np.ndarray:
    """Ranked are values other than zero; max_rank stays 1,500 in data of 300 genes."""
    place = np.full(G, 1500.0)
    place[row != 0] = stats.rankdata(-row[row != 0])

    def u(genes: np.ndarray) -> float:
        n = len(genes)
        return 1 - (place[genes].sum() - n * (n + 1) / 2) / (n * 1500 - n * (n + 1) / 2)

    both = _each_set(u, row)
    return _unread(np.maximum(both[:, 0] - both[:, 1], 0))


def _decoupler(row: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Ties by the order in which it shuffles the genes that are not zero everywhere."""
    kept = np.flatnonzero(kept)
    order = kept[np.random.default_rng(0).choice(np.arange(len(kept)), len(kept), replace=False)]
    best = order[np.argsort(-row[order], kind="stable")]
    end = int(np.ceil(0.05 * len(kept)))
    gives = {gene: end - place for place, gene in enumerate(best[: end - 1], start=1)}

    def auc(genes: np.ndarray) -> float:
        n = min(np.isin(genes, kept).sum(), end - 1)
        return sum(gives.get(gene, 0) for gene in genes) / sum(end - i for i in range(1, n + 1))

    return _unread(_each_set(auc, row)[:, 0])


def _gseapy(row: np.ndarray) -> np.ndarray:
    """The later of two tied genes comes first; weights are of the tie-averaged rank."""
    order = np.argsort(row, kind="stable")[::-1]
    weight = stats.rankdata(row)[order] ** 0.25

    def es(genes: np.ndarray) -> float:
        hit = np.isin(order, genes)
        up, rest = np.cumsum(weight * hit) / weight[hit].sum(), np.cumsum(~hit) / (~hit).sum()
        return (up - rest).sum()

    both = _each_set(es, row)
    return both[:, 0] - both[:, 1]


@every_kind
@every_type
@pytest.mark.parametrize("peers", [("pyucell", "singscore"), ("decoupler", "gseapy")], ids="-".join)
def test_scores_are_those_of_peers(
    scored: Callable[..., AnnData], named: Callable[..., AnnData], as_sets: Callable[..., dict],
    kind: str, dtype: type, peers: tuple[str, ...],
) -> None:  # fmt: skip
    x = _values(kind, dtype)
    filled = (x != 0).any(axis=0)
    oracles: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
        "pyucell": ("ucell", _pyucell),
        "singscore": ("singscore", lambda row: _singscore(row, "min")),
        "decoupler": ("aucell", lambda row: _decoupler(row, filled)),
        "gseapy": ("ssgsea", _gseapy),
    }
    found = _found(scored, named(_all_stored(x)), as_sets(**SETS), compat=peers)
    for peer in peers:
        name, oracle = oracles[peer]
        expected = [oracle(row.astype(float)) for row in x]
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-9, err_msg=peer)


# --- what scipy knows -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sparse", "contrasts", "full"])
def test_ucell_is_the_mann_whitney_u(
    scores: Callable[..., object], named: Callable[..., AnnData], as_sets: Callable[..., dict],
    kind: str,
) -> None:  # fmt: skip
    """With max_rank at the number of genes nothing is cut off, and ties count a half."""
    x = _values(kind, np.float64)
    genes, _ = SETS["LARGE"]
    found = scores(named(x), as_sets(LARGE=(genes, [])), "ucell")["LARGE"]
    n, rest = len(genes), np.setdiff1d(np.arange(G), genes)
    won = np.array([stats.mannwhitneyu(row[genes], row[rest]).statistic for row in x])
    lost = n * (G - n) - won
    np.testing.assert_allclose(found, 1 - lost / (n * G - n * (n + 1) / 2), rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.25, 0.0, 1.0, 2.5])
def test_ssgsea_is_the_sum_of_the_running_difference(
    scores: Callable[..., object], named: Callable[..., AnnData], as_sets: Callable[..., dict],
    alpha: float,
) -> None:  # fmt: skip
    """Place by place down the list, on values without ties."""
    x = _values("full", np.float64)
    genes, _ = SETS["LARGE"]
    settings = {"ssgsea": {"alpha": alpha}}
    found = scores(named(x), as_sets(LARGE=(genes, [])), "ssgsea", settings=settings)["LARGE"]
    for i, row in enumerate(x):
        inside = outside = total = 0.0
        hits = np.isin(np.argsort(-row), genes)
        weights = np.arange(G, 0, -1) ** alpha
        for weight, hit in zip(weights, hits, strict=True):
            inside += weight / weights[hits].sum() if hit else 0.0
            outside += 0.0 if hit else 1 / (G - len(genes))
            total += inside - outside
        assert found.iloc[i] == pytest.approx(total, rel=1e-10)
