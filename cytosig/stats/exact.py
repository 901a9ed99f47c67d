"""Exact null distributions of rank sums, ties included.

Every rank is doubled, so that tied (half) ranks are whole numbers. Nothing is enumerated: the
distributions grow one rank at a time (the shift algorithm of Streitberg and Röhmel 1986), in
probabilities, so that no count overflows. scipy has these for data without ties only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cytosig.stats.estimate import never_zero

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]

# Additions one distribution may cost: about 20 ms.
MOST_WORK = 10**7


def rank_sum_is_cheap(first: int, second: int) -> bool:
    """Whether the exact distribution for two groups of these sizes is quickly had.

    Examples
    --------
    >>> rank_sum_is_cheap(30, 30), rank_sum_is_cheap(100, 100)
    (True, False)
    """
    return min(first, second) * (first + second) ** 3 <= MOST_WORK


def signed_rank_is_cheap(n: int) -> bool:
    """Whether the exact distribution for n differences is quickly had.

    Examples
    --------
    >>> signed_rank_is_cheap(150), signed_rank_is_cheap(1000)
    (True, False)
    """
    return n**3 <= MOST_WORK


def doubled_ranks(values: Array) -> Counts:
    """Twice the ranks, tied values at their mean rank.

    Examples
    --------
    >>> doubled_ranks(np.array([0.5, 2.0, 0.5]))
    array([3, 6, 3])
    """
    from scipy.stats import rankdata

    return np.rint(2 * rankdata(values)).astype(np.int64)


def rank_sum_null(ranks: Counts, size: int) -> Array:
    """Probability of each sum of ``size`` ranks drawn at random without return.

    Examples
    --------
    >>> rank_sum_null(np.array([2, 4, 6]), 2).nonzero()[0]
    array([ 6,  8, 10])
    """
    total = int(ranks.sum())
    chance = np.zeros((size + 1, total + 1))
    chance[0, 0] = 1.0
    left = len(ranks)
    for drawn, rank in enumerate(ranks.tolist()):
        # taken with probability (size − taken so far) / left, which makes every set equal
        take = (size - np.arange(size + 1)) / (left - drawn)
        take = np.clip(take, 0.0, 1.0)[:, None]
        moved = chance * take
        chance *= 1 - take
        chance[1:, rank:] += moved[:-1, : total + 1 - rank]
    found: Array = chance[size]
    return found


@lru_cache(maxsize=64)
def rank_sum_untied(first: int, second: int) -> Array:
    """Probability of each value of U for two groups of these sizes, without ties.

    Examples
    --------
    >>> rank_sum_untied(2, 2).round(4).tolist()
    [0.1667, 0.1667, 0.3333, 0.1667, 0.1667]
    """
    size = min(first, second)
    chance = rank_sum_null(np.arange(1, first + second + 1), size)
    lowest = size * (size + 1) // 2
    return chance[lowest : lowest + first * second + 1]


@lru_cache(maxsize=64)
def signed_rank_untied(n: int) -> Array:
    """Probability of each sum of positive ranks of n differences, without ties.

    Examples
    --------
    >>> signed_rank_untied(2).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return signed_rank_null(np.arange(1, n + 1))


def signed_rank_null(ranks: Counts) -> Array:
    """Probability of each sum of the ranks with a positive sign, all signs alike.

    Examples
    --------
    >>> signed_rank_null(np.array([2, 4])).tolist()
    [0.25, 0.0, 0.25, 0.0, 0.25, 0.0, 0.25]
    """
    chance = np.zeros(int(ranks.sum()) + 1)
    chance[0] = 1.0
    for rank in ranks.tolist():
        half = chance / 2
        chance = half.copy()
        chance[rank:] += half[: len(half) - rank]
    return chance


def two_sided(chance: Array, found: int) -> float:
    """Twice the smaller tail that holds the sum found, at most 1.

    Examples
    --------
    >>> two_sided(np.array([0.25, 0.25, 0.25, 0.25]), 0)
    0.5
    """
    smaller = min(chance[: found + 1].sum(), chance[found:].sum())
    return min(1.0, 2 * float(smaller))


def outermost(chance: Array, alpha: float) -> int:
    """How many of the lowest sums hold at most ``alpha`` together.

    Examples
    --------
    >>> outermost(np.array([0.02, 0.02, 0.96]), 0.025)
    1
    """
    return int(np.searchsorted(np.cumsum(chance), alpha * (1 + 1e-9), side="right"))


def rank_sum_test(first: Array, second: Array) -> tuple[float, float]:
    """Mann–Whitney U of ``first`` and its two-sided p: exact where cheap, else scipy's limit.

    Examples
    --------
    >>> u, p = rank_sum_test(np.array([3.0, 4.0]), np.array([1.0, 2.0, 2.0]))
    >>> u, round(p, 6)
    (6.0, 0.2)
    """
    from scipy.stats import mannwhitneyu

    m, n = len(first), len(second)
    ranks = doubled_ranks(np.concatenate([first, second]))
    u = float(ranks[:m].sum() / 2 - m * (m + 1) / 2)
    if not rank_sum_is_cheap(m, n):
        return u, float(never_zero(mannwhitneyu(first, second, method="asymptotic").pvalue))
    if len(np.unique(ranks)) == m + n:
        return u, two_sided(rank_sum_untied(m, n), int(u))
    smaller = ranks[:m] if m <= n else ranks[m:]
    return u, two_sided(rank_sum_null(ranks, len(smaller)), int(smaller.sum()))


def signed_rank_test(differences: Array) -> tuple[float, float]:
    """Sum of the positive ranks of differences, none of them 0, and its two-sided p.

    Examples
    --------
    >>> signed_rank_test(np.array([1.0, 2.0, 3.0, 3.0]))
    (10.0, 0.125)
    """
    from scipy.stats import wilcoxon

    ranks = doubled_ranks(np.abs(differences))
    positive = int(ranks[differences > 0].sum())
    if not signed_rank_is_cheap(len(differences)):
        return positive / 2, float(never_zero(wilcoxon(differences).pvalue))
    return positive / 2, two_sided(signed_rank_null(ranks), positive)
