"""Groups of samples compared: two, paired or not, and more than two; false discoveries.

Differences and shifts are ``first`` less ``second``. The sample is the unit: several values
of one patient belong in pairs, or averaged.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import (
    NAN,
    Estimate,
    complete,
    does_not_vary,
    from_normal,
    never_zero,
    present,
    tail,
    unknown,
)
from cytosig.stats.exact import rank_sum_test, signed_rank_test
from cytosig.stats.shift import shift_of_groups, shift_of_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

STILL = "the values do not vary"


@dataclass(frozen=True, slots=True)
class OneWay:
    """A test that several groups are alike.

    ``explained`` is the share of the variance that lies between the groups (η²), of the values
    or, for Kruskal–Wallis, of their ranks; it is above 0 by chance alone.
    """

    statistic: float
    df_between: float
    df_within: float
    p: float
    explained: float
    n: tuple[int, ...]
    reason: str = ""


def welch(first: ArrayLike, second: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Difference of two means by Welch's t test (scipy), variances not taken as equal.

    Parameters
    ----------
    first, second
        One value a sample; NaN is left out.
    level
        Of the confidence interval.

    Returns
    -------
    The difference with its standard error and interval, t, Satterthwaite's degrees of freedom
    and the two-sided p. NaN with a reason where a group has fewer than 2 samples, or neither
    group varies.

    Examples
    --------
    >>> found = welch([5.0, 6, 7], [1.0, 3, 2, 4])
    >>> found.estimate, round(found.df, 2), round(found.p, 4)
    (3.5, 4.96, 0.0101)
    """
    from scipy import stats

    tail(level)
    one, other = present(first, "first"), present(second, "second")
    n = (len(one), len(other))
    if min(n) < 1:
        return unknown("a group has no sample", n)
    difference = float(one.mean() - other.mean())
    if min(n) < 2:
        return unknown("a group of one sample shows no variance", n, estimate=difference)
    if does_not_vary(one) and does_not_vary(other):
        return unknown(f"{STILL} within the groups", n, estimate=difference)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one group may be constant
        df = float(stats.ttest_ind(one, other, equal_var=False).df)
    se = float(np.sqrt(one.var(ddof=1) / n[0] + other.var(ddof=1) / n[1]))
    return from_normal(difference, se, n, level=level, df=df)


def mann_whitney(first: ArrayLike, second: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Shift between two groups by the Mann–Whitney U test, with the Hodges–Lehmann estimate.

    The p is exact where that is quick (two groups of 30, or 3 of 150), ties included: it is
    the permutation distribution of the tied ranks. Beyond, it is scipy's normal limit with
    corrections for ties and continuity.

    Parameters
    ----------
    first, second
        One value a sample; NaN is left out.
    level
        Of the confidence interval, which inverts the test without ties. Its ends are infinite
        where so few samples can exclude nothing, as 3 against 3 cannot at 95 %.

    Returns
    -------
    ``estimate`` the shift, ``statistic`` U of ``first``, ``p`` two-sided; ``se`` and ``df`` are
    NaN, as there are none.

    Examples
    --------
    >>> found = mann_whitney([5.0, 6, 7, 9], [1.0, 3, 2, 4])
    >>> found.estimate, found.ci_low, found.statistic, round(found.p, 4)
    (4.0, 1.0, 16.0, 0.0286)
    """
    tail(level)
    one, other = present(first, "first"), present(second, "second")
    m, n = len(one), len(other)
    if min(m, n) < 1:
        return unknown("a group has no sample", (m, n))
    if does_not_vary(np.concatenate([one, other])):
        return unknown(STILL, (m, n), estimate=0.0)
    u, p = rank_sum_test(one, other)
    shift, low, high = shift_of_groups(one, other, level)
    return Estimate(shift, NAN, low, high, u, NAN, p, (m, n))


def paired_t(first: ArrayLike, second: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Mean difference of pairs by Student's t; a pair that lacks a value is left out.

    Examples
    --------
    >>> found = paired_t([5.0, 6, 7, 9], [1.0, 3, 2, 4])
    >>> found.estimate, round(found.statistic, 3), found.df
    (4.25, 8.878, 3.0)
    """
    tail(level)
    one, other = complete({"first": first, "second": second})
    difference, n = one - other, len(one)
    if n < 2:
        only = float(difference.mean()) if n else NAN
        return unknown("fewer than two complete pairs", (n,), estimate=only)
    if _same_difference(one, other):
        return unknown("the differences of the pairs do not vary", (n,), estimate=difference.mean())
    se = float(difference.std(ddof=1) / np.sqrt(n))
    return from_normal(difference.mean(), se, (n,), level=level, df=n - 1)


def paired_wilcoxon(first: ArrayLike, second: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Shift within pairs by Wilcoxon's signed rank test, with the Hodges–Lehmann estimate.

    Pairs without a difference are left out of the test (Wilcoxon's own rule), though not of
    the estimate. The p is exact, ties included, up to about 200 pairs; beyond, scipy's normal
    limit. The smallest p that S pairs can give is 2^(1−S).

    Returns
    -------
    ``estimate`` the shift, ``statistic`` the sum of the positive ranks, ``p`` two-sided; ``n``
    counts the complete pairs, also those without a difference.

    Examples
    --------
    >>> found = paired_wilcoxon([5.0, 6, 7, 9], [1.0, 3, 2, 4])
    >>> found.estimate, found.statistic, found.p
    (4.25, 10.0, 0.125)
    """
    tail(level)
    one, other = complete({"first": first, "second": second})
    difference, n = one - other, len(one)
    if n < 1:
        return unknown("no complete pair", (0,))
    scale = max(np.abs(one).max(), np.abs(other).max())
    moved = difference[np.abs(difference) > 1e-12 * scale]
    if not len(moved):
        return unknown("no pair differs", (n,), estimate=0.0)
    positive, p = signed_rank_test(moved)
    shift, low, high = shift_of_pairs(difference, level)
    return Estimate(shift, NAN, low, high, positive, NAN, p, (n,))


def _same_difference(one: Array, other: Array) -> bool:
    """Whether all differences are one, but for the rounding of what they are between."""
    difference = one - other
    scale = max(np.abs(one).max(), np.abs(other).max())
    return bool(np.ptp(difference) <= 1e-12 * scale)


def welch_anova(groups: Sequence[ArrayLike], /) -> OneWay:
    """Welch's analysis of variance over two or more groups (statsmodels), variances unequal.

    Welch, Biometrika 1951;38:330. NaN is left out; NaN with a reason where a group has fewer
    than 2 samples or does not vary.

    Examples
    --------
    >>> found = welch_anova([[5.0, 6, 7], [1.0, 3, 2, 4], [2.0, 4, 3]])
    >>> round(found.statistic, 3), found.df_between, round(found.p, 4)
    (8.883, 2.0, 0.0266)
    """
    from statsmodels.stats.oneway import anova_oneway

    values = _several(groups)
    n = tuple(len(group) for group in values)
    if min(n) < 2:
        return _no_one_way("a group has fewer than two samples", n)
    if any(does_not_vary(group) for group in values):
        return _no_one_way("the values of a group do not vary", n)
    found = anova_oneway(values, use_var="unequal", welch_correction=True)
    within, between = (float(df) for df in (found.df_denom, found.df_num))
    return OneWay(
        float(found.statistic),
        between,
        within,
        float(never_zero(found.pvalue)),
        _explained(values),
        n,
    )


def kruskal(groups: Sequence[ArrayLike], /) -> OneWay:
    """Kruskal–Wallis test that groups come from one distribution (scipy), corrected for ties.

    The p is that of χ² and somewhat too large for very small groups. NaN is left out.

    Examples
    --------
    >>> found = kruskal([[5.0, 6, 7], [1.0, 3, 2, 4], [2.0, 4, 3]])
    >>> round(found.statistic, 3), found.df_between, round(found.p, 4)
    (5.979, 2.0, 0.0503)
    """
    from scipy import stats

    values = _several(groups)
    n = tuple(len(group) for group in values)
    if min(n) < 1:
        return _no_one_way("a group has no sample", n)
    everything = np.concatenate(values)
    if does_not_vary(everything):
        return _no_one_way(STILL, n)
    found = stats.kruskal(*values)
    ranks = np.split(stats.rankdata(everything), np.cumsum(n)[:-1])
    return OneWay(
        float(found.statistic),
        len(n) - 1.0,
        NAN,
        float(never_zero(found.pvalue)),
        _explained(ranks),
        n,
    )


def _several(groups: Sequence[ArrayLike]) -> list[Array]:
    if len(groups) < 2:
        message = f"{len(groups)} group was given: a comparison needs two or more."
        raise UsageError(message)
    return [present(group, f"group {i + 1}") for i, group in enumerate(groups)]


def _no_one_way(reason: str, n: tuple[int, ...]) -> OneWay:
    return OneWay(NAN, len(n) - 1.0, NAN, NAN, NAN, n, reason)


def _explained(values: Sequence[Array]) -> float:
    everything = np.concatenate(values)
    middle = everything.mean()
    between = sum(len(group) * (group.mean() - middle) ** 2 for group in values)
    return float(between / ((everything - middle) ** 2).sum())


def fdr(p: ArrayLike, /, *, method: Literal["bh", "by"] = "bh") -> Array:
    """P values adjusted for the false discovery rate (scipy); NaN stays NaN, uncounted.

    ``bh`` is Benjamini and Hochberg 1995, ``by`` Benjamini and Yekutieli 2001, which holds
    under any dependence.

    Examples
    --------
    >>> fdr([0.01, float("nan"), 0.04, 0.03])
    array([0.03,  nan, 0.04, 0.04])
    """
    from scipy.stats import false_discovery_control

    if method not in ("bh", "by"):
        message = f"There is no method {method!r} for the false discovery rate: use 'bh' or 'by'."
        raise UsageError(message)
    values = np.asarray(p, dtype=np.float64)
    there = ~np.isnan(values)
    if ((values[there] < 0) | (values[there] > 1)).any():
        message = "A p value lies outside 0 to 1: pass p values, NaN where there is none."
        raise DataError(message)
    adjusted = np.full(values.shape, NAN)
    if there.any():
        adjusted[there] = false_discovery_control(values[there], method=method)
    return adjusted
