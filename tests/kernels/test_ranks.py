"""The rank sums of sets against scipy's ranks, on random rows and on rows made to break them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse, stats

from cytosig.kernels import ranks

if TYPE_CHECKING:
    from collections.abc import Callable

INTEGERS = {np.float32: np.int32, np.float64: np.int64}
every_type = pytest.mark.parametrize("dtype", INTEGERS)


def _run(
    x: sparse.csr_matrix, sets: np.ndarray, how: tuple[float, int, float] = (10.0, 5, 0.25)
) -> tuple[np.ndarray, np.ndarray]:
    """Sums and states; ``how`` is max_rank, top and alpha. Sets are genes × sets, 0/1."""
    member = sparse.csr_matrix(sets)
    whole = INTEGERS[x.dtype.type]
    sums = np.zeros((x.shape[0], sets.shape[1], ranks.N_SUMS))
    state = np.zeros(x.shape[0], dtype=np.int8)
    max_rank, top, alpha = how
    ranks.rank_sums(
        x.indptr.astype(np.int64), x.indices.astype(np.int32), x.data.view(whole),
        int(np.array(np.inf, x.dtype).view(whole)),
        member.indptr.astype(np.int64), member.indices.astype(np.int32),
        sets.sum(axis=0).astype(np.int64),
        ranks.Tuning(x.shape[1], float(max_rank), int(top), float(alpha)), sums, state,
    )  # fmt: skip
    return sums, state


def _stored(x: np.ndarray, everything: bool = True) -> sparse.csr_matrix:
    """CSR, zeros of both signs stored like other values or left out."""
    keep = np.ones(x.shape, dtype=bool) if everything else x != 0
    ends = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
    return sparse.csr_matrix((x[keep], np.nonzero(keep)[1], ends), shape=x.shape)


def _brute(
    row: np.ndarray, sets: np.ndarray, how: tuple[float, int, float]
) -> dict[int, np.ndarray]:
    """Every sum of a row, gene by gene."""
    max_rank, top, alpha = how
    n = len(row)
    rank, lowest = stats.rankdata(row), stats.rankdata(row, method="min")
    first, last = (stats.rankdata(-row, method=m).astype(int) for m in ("min", "max"))
    place = (first + last) / 2
    gives = np.maximum(top - np.arange(1, n + 1), 0.0)
    before = np.concatenate([[0.0], np.cumsum(gives)])
    terms = {
        ranks.FILLED: (row != 0).astype(float),
        ranks.CAPPED: np.minimum(place, max_rank),
        ranks.RECOVERED: (before[last] - before[first - 1]) / (last - first + 1),
        ranks.RANK: rank,
        ranks.LOWEST: lowest,
        ranks.POWER: rank**alpha,
        ranks.WEIGHTED: rank ** (1 + alpha),
    }
    if (row >= 0).all():  # where some are negative ucell's tests say what it is
        terms[ranks.CAPPED_FILLED] = np.where(row != 0, np.minimum(place, max_rank), 0.0)
    return {k: term @ sets for k, term in terms.items()}


def _compare(
    x: np.ndarray, sets: np.ndarray, how: tuple[float, int, float], *, everything: bool = True
) -> int:
    """How many rows were scored and are right."""
    sums, state = _run(_stored(x, everything), sets, how)
    for row, found, wrong in zip(x, sums, state, strict=True):
        filled, flat = (row != 0).any(), (row == row[0]).all()
        assert wrong == (0 if filled and not flat else 2 if filled else 1)
        for k, expected in _brute(row, sets, how).items() if wrong == 0 else ():
            np.testing.assert_allclose(found[:, k], expected, rtol=1e-12, err_msg=f"sum {k}")
    return int((state == 0).sum())


def _some_sets(rng: np.random.Generator, n_genes: int) -> np.ndarray:
    """Overlapping sets; one of all genes, and one of none."""
    sets = (rng.random((n_genes, 5)) < rng.choice([0.05, 0.3, 0.8])).astype(float)
    sets[:, 3], sets[:, 4] = 1, 0
    return sets


def _whole_numbers(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.integers(-rng.integers(0, 4), 5, shape)


def _floats(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=shape) * 10.0 ** rng.integers(-30, 30)


def _all_sizes(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.uniform(-37, 37, shape)


def _neighbours(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Values a few bits apart in clumps that are far apart: many to a bucket."""
    clump = rng.choice([-1e20, -3.0, 1e-20, 2.0, 1e9], shape)
    return clump * (1 + rng.integers(0, 6, shape) * 1.2e-7)


@every_type
@pytest.mark.parametrize("draw", [_whole_numbers, _floats, _all_sizes, _neighbours])
def test_sums_are_those_of_scipy_on_random_rows(
    draw: Callable[..., np.ndarray], dtype: type
) -> None:
    """40 matrices each, some rows empty or of one sign, zeros stored or not."""
    scored = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        shape = int(rng.integers(1, 6)), int(rng.integers(4, 120))
        x = draw(rng, shape).astype(dtype)
        x[rng.random(shape) < rng.choice([0, 0.3, 0.9])] = rng.choice([0.0, -0.0])
        sign = rng.choice([-1, 0, 1], shape[0], p=[0.2, 0.6, 0.2])[:, None]
        x = np.where(sign == 0, x, np.abs(x) * sign).astype(dtype)
        how = (int(rng.integers(2, 150)), int(rng.integers(2, shape[1] + 1)),
               rng.choice([0.0, 0.25, 1.0, 1.7]))  # fmt: skip
        scored += _compare(x, _some_sets(rng, shape[1]), how, everything=bool(seed % 2))
    assert scored > 80


@every_type
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_value_far_away_leaves_the_others_in_one_bucket(dtype: type, sign: float) -> None:
    """1,000 neighbours and a number a million times as large; then half of them turned round."""
    rng = np.random.default_rng(4)
    unit = np.finfo(dtype).eps
    x = np.stack([1 + unit * rng.permutation(1000) for _ in range(3)]).astype(dtype)
    assert len(np.unique(x[0])) == 1000
    x[:, 123] = 1e6
    x *= sign
    x[2, ::2] *= -1
    for how in ((500, 50, 0.25), (2000, 1000, 1.0)):
        assert _compare(x, _some_sets(rng, 1000), how) == 3


@every_type
def test_more_values_than_there_are_buckets(dtype: type) -> None:
    """70,000 distinct values, the same with an outlier, and 70,000 of 50 values."""
    rng = np.random.default_rng(8)
    n = 70_000
    x = np.stack([rng.permutation(n) + 1.0, rng.permutation(n) + 1.0, rng.integers(1, 51, n)])
    x[1, 5] = -1e30
    sets = np.zeros((n, 2))
    sets[rng.choice(n, 300, replace=False), 0] = 1
    sets[:5000, 1] = 1
    assert _compare(x.astype(dtype), sets, (1500, 3500, 0.25)) == 3


@every_type
def test_smallest_and_largest_numbers(dtype: type) -> None:
    limits = np.finfo(dtype)
    unit = limits.smallest_subnormal
    values = [unit, 2 * unit, 3 * unit, limits.tiny, limits.tiny - unit, limits.max, 1.0, 0.0, -0.0]
    row = np.array([*values, *(-v for v in values)], dtype=dtype)
    rng = np.random.default_rng(0)
    x = np.stack([rng.permutation(row) for _ in range(20)])
    assert _compare(x, _some_sets(rng, len(row)), (9, 7, 0.25)) == 20


@every_type
def test_rows_that_cannot_be_ranked_say_why(dtype: type) -> None:
    row = np.arange(6, dtype=dtype)
    flat, nearly = np.full(6, 2, dtype), np.full(6, 2, dtype)
    nearly[3] = np.nextafter(nearly[3], dtype(3))
    with_zero = flat.copy()
    with_zero[0] = 0
    bad = []
    for value in (np.nan, -np.nan, np.inf, -np.inf):
        bad.append(row.copy())
        bad[-1][2] = value
    fine = [row, nearly, with_zero, -nearly, -with_zero]
    x = np.stack([*bad, 0 * row, -0.0 * row, flat, -flat, *fine])
    _, state = _run(_stored(x), np.ones((6, 1)))
    assert list(state) == [3, 3, 3, 3, 1, 1, 2, 2, 0, 0, 0, 0, 0]


@every_type
def test_no_rows_at_all(dtype: type) -> None:
    sums, state = _run(_stored(np.zeros((0, 6), dtype)), np.ones((6, 1)))
    assert sums.shape == (0, 1, ranks.N_SUMS)
    assert state.shape == (0,)
