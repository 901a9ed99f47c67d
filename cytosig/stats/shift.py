"""How far two groups, or the halves of pairs, lie apart: Hodges–Lehmann shifts and Hedges' g."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.stats.estimate import (
    NAN,
    Estimate,
    complete,
    does_not_vary,
    present,
    tail,
    two_sided,
    unknown,
)
from cytosig.stats.exact import (
    outermost,
    rank_sum_is_cheap,
    rank_sum_untied,
    signed_rank_is_cheap,
    signed_rank_untied,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

# Pairs of values that are listed (8 MB); more are only counted.
MOST_LISTED = 10**6


def shift_of_groups(first: Array, second: Array, level: float) -> tuple[float, float, float]:
    """Hodges–Lehmann shift of ``first`` over ``second`` with its confidence interval.

    The shift is the median of all differences between a value of each group; the interval
    holds the differences that the Mann–Whitney test does not refuse (Moses 1965; Hollander and
    Wolfe, Nonparametric Statistical Methods, section 4.3), exactly for small groups, by the
    normal limit for large ones. With ties it covers at least as often as stated (Noether
    1967). An end is infinite where so few samples can exclude nothing.

    Examples
    --------
    >>> shift_of_groups(np.array([1.0, 2.0, 3.0]), np.array([0.0]), 0.5)
    (2.0, 1.0, 3.0)
    """
    m, n = len(first), len(second)
    if rank_sum_is_cheap(m, n):
        out = outermost(rank_sum_untied(m, n), tail(level))
    else:
        out = _outermost_normal(m * n / 2, m * n * (m + n + 1) / 12, level)
    if m * n <= MOST_LISTED:
        listed = np.sort(np.subtract.outer(first, second), axis=None)
        return _middle_and_ends(lambda k: float(listed[k - 1]), m * n, out)
    ordered = np.sort(second)
    ends = (float(first.min() - second.max()), float(first.max() - second.min()))

    def at_most(value: float) -> int:
        return int((n - np.searchsorted(ordered, first - value, side="left")).sum())

    return _middle_and_ends(lambda k: _kth(at_most, ends, k), m * n, out)


def shift_of_pairs(differences: Array, level: float) -> tuple[float, float, float]:
    """Hodges–Lehmann estimate of the median difference with its confidence interval.

    The median of the means of every two differences, each with itself too (Walsh averages);
    the interval inverts Wilcoxon's signed rank test (Tukey 1949; Hollander and Wolfe, section
    3.3).

    Examples
    --------
    >>> shift_of_pairs(np.array([1.0, 2.0, 6.0]), 0.5)
    (2.75, 1.5, 4.0)
    """
    n = len(differences)
    pairs = n * (n + 1) // 2
    if signed_rank_is_cheap(n):
        out = outermost(signed_rank_untied(n), tail(level))
    else:
        out = _outermost_normal(pairs / 2, n * (n + 1) * (2 * n + 1) / 24, level)
    ordered = np.sort(differences)
    if pairs <= MOST_LISTED:
        i, j = np.triu_indices(n)
        listed = np.sort((ordered[i] + ordered[j]) / 2)
        return _middle_and_ends(lambda k: float(listed[k - 1]), pairs, out)

    def at_most(value: float) -> int:
        count = np.searchsorted(ordered, 2 * value - ordered, side="right").sum()
        return int(count + (ordered <= value).sum()) // 2

    ends = (float(ordered[0]), float(ordered[-1]))
    return _middle_and_ends(lambda k: _kth(at_most, ends, k), pairs, out)


def _outermost_normal(mean: float, variance: float, level: float) -> int:
    from scipy.special import ndtri

    return max(0, int(mean + 0.5 + ndtri(tail(level)) * np.sqrt(variance)))


def _middle_and_ends(
    smallest: Callable[[int], float], count: int, out: int
) -> tuple[float, float, float]:
    """The median of ``count`` values, and those ``out`` from either end; k counts from 1."""
    middle = (smallest((count + 1) // 2) + smallest(count // 2 + 1)) / 2
    if out < 1:
        return middle, -np.inf, np.inf
    return middle, smallest(out), smallest(count + 1 - out)


def _kth(at_most: Callable[[float], int], ends: tuple[float, float], k: int) -> float:
    """The k-th smallest of values that only counting reaches, by halving the range.

    The values are sums of pairs: their list would grow with the square of the samples.
    """
    low, high = ends
    if at_most(low) >= k:
        return low
    scale = max(abs(low), abs(high))
    while high - low > 1e-15 * scale:
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if at_most(middle) >= k:
            high = middle
        else:
            low = middle
    return high


def hedges_g(
    first: ArrayLike, second: ArrayLike, /, *, paired: bool = False, level: float = 0.95
) -> Estimate:
    """Standardised mean difference without the bias of small samples.

    Of two groups: the difference over the pooled standard deviation; of pairs: the mean
    difference over the standard deviation of the differences. Both times Γ(f/2) / (√(f/2)
    Γ((f−1)/2)), f the degrees of freedom (Hedges, J. Educ. Stat. 1981;6:107). The interval is
    the exact one, from the noncentral t (Steiger and Fouladi 1997), and is one for the
    population's difference; the standard error is the large-sample one.

    Parameters
    ----------
    first, second
        One value a sample; NaN is left out, in pairs with its partner.
    paired
        Whether the two are the same samples, in order.
    level
        Of the confidence interval.

    Returns
    -------
    ``estimate`` g, ``se``, the interval; ``statistic``, ``df`` and ``p`` are Student's t.

    Examples
    --------
    >>> g = hedges_g([3.0, 4, 5, 6], [1.0, 2, 3, 4])
    >>> round(g.estimate, 3), round(g.ci_low, 2), round(g.ci_high, 2)
    (1.346, -0.12, 3.13)
    """
    tail(level)
    if paired:
        one, other = complete({"first": first, "second": second})
        n: tuple[int, ...] = (len(one),)
        difference, df, size = one - other, len(one) - 1, float(len(one))
        spread = float(difference.std(ddof=1)) if df > 0 else NAN
        still = does_not_vary(difference)
        mean = float(difference.mean()) if df >= 0 else NAN
    else:
        one, other = present(first, "first"), present(second, "second")
        n = (len(one), len(other))
        if min(n) < 1:
            return unknown("a group has no sample", n)
        df, size = sum(n) - 2, 1 / (1 / n[0] + 1 / n[1])
        squares = ((one - one.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum()
        spread = float(np.sqrt(squares / df)) if df > 0 else NAN
        still = does_not_vary(one) and does_not_vary(other)
        mean = float(one.mean() - other.mean())
    if df < 2:
        return unknown("too few samples for a standardised difference", n)
    if still:
        return unknown("the values do not vary, so nothing can be standardised", n)
    return _standardised(mean / spread, size, df, n, level)


def _standardised(d: float, size: float, df: int, n: tuple[int, ...], level: float) -> Estimate:
    from scipy.special import gammaln

    t = float(d * np.sqrt(size))
    unbiased = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    g = float(d * unbiased)
    # Borenstein et al., Introduction to Meta-Analysis (2009), eq. 4.20 and 4.24
    se = float(unbiased * np.sqrt(1 / size + d**2 / (2 * (df + len(n)))))
    low, high = (_noncentrality(t, df, q) for q in (1 - tail(level), tail(level)))
    p = float(two_sided(t, df))
    return Estimate(
        g, se, float(low / np.sqrt(size)), float(high / np.sqrt(size)), t, float(df), p, n
    )


def _noncentrality(t: float, df: int, quantile: float) -> float:
    """The noncentrality under which a t as large as this lies at that quantile.

    scipy's solution takes ever longer, and loses digits, as t grows; beyond 20 the law
    P(T ≤ t) = E P(χ²/f ≥ ((z + δ)/t)²) over a normal z is smooth enough to be solved as it is.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtrc, nctdtrinc

    if abs(t) <= 20:
        return float(nctdtrinc(df, quantile, t))
    if t < 0:
        return -_noncentrality(-t, df, 1 - quantile)
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    weight /= weight.sum()

    def miss(noncentrality: float) -> float:
        reached = np.maximum(z + noncentrality, 0) / t
        return float(weight @ chdtrc(df, df * reached**2)) - quantile

    return float(brentq(miss, -40.0, 40 * t))
