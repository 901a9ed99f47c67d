"""Area under the ROC curve: how often a positive sample scores above a negative one.

The standard errors are DeLong's (DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837)
from mid-ranks (Sun and Xu, IEEE Signal Process. Lett. 2014;21:1389), so that ties count one
half and the cost is that of sorting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import (
    NAN,
    Estimate,
    complete,
    does_not_vary,
    from_normal,
    tail,
    unknown,
)
from cytosig.stats.exact import rank_sum_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

SEPARATED = (
    "the score separates the two classes completely, so its standard error cannot be estimated"
)


def auroc(score: ArrayLike, positive: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Area under the ROC curve with DeLong's standard error.

    The interval is normal on the logit scale, so that it stays inside 0 to 1.

    Parameters
    ----------
    score
        One value a sample, higher for positive ones where the area is above one half.
    positive
        True or 1, False or 0 for each sample. A sample without score or class is left out.
    level
        Of the confidence interval.

    Returns
    -------
    ``estimate`` the area; ``statistic`` the number of concordant pairs (Mann–Whitney U);
    ``p`` that of the Mann–Whitney test, exact for small groups; ``n`` positives, negatives.
    Complete separation has an area of 0 or 1 and a p, but no standard error or interval.

    Examples
    --------
    >>> found = auroc([0.1, 0.4, 0.35, 0.8, 0.9, 0.2], [0, 0, 1, 1, 1, 0])
    >>> round(found.estimate, 4), round(found.se, 4), found.n
    (0.8889, 0.1571, (3, 3))
    """
    tail(level)
    above, below = _classes(score, positive)
    n = (len(above), len(below))
    if min(n) < 1:
        return unknown("one of the two classes has no sample", n)
    if does_not_vary(np.concatenate([above, below])):
        return unknown("the score does not vary", n, estimate=0.5)
    u, p = rank_sum_test(above, below)
    area = u / (n[0] * n[1])
    reason = _why_no_error(area, n)
    if reason:
        return Estimate(area, NAN, NAN, NAN, u, NAN, p, n, reason)
    of_positives, of_negatives = _placements(above, below)
    se = float(np.sqrt(of_positives.var(ddof=1) / n[0] + of_negatives.var(ddof=1) / n[1]))
    low, high = _logit_interval(area, se, level)
    return Estimate(area, se, low, high, u, NAN, p, n)


def compare_auroc(
    first: ArrayLike, second: ArrayLike, positive: ArrayLike, /, *, level: float = 0.95
) -> Estimate:
    """Difference of the areas of two scores on the same samples (DeLong's paired test).

    Samples that lack either score or the class are left out.

    Returns
    -------
    ``estimate`` the area of ``first`` less that of ``second``, its standard error, normal
    interval, z and p. NaN with a reason where the two place every sample alike.

    Examples
    --------
    >>> positive = [0, 0, 1, 1, 1, 0]
    >>> found = compare_auroc(
    ...     [0.1, 0.4, 0.35, 0.8, 0.9, 0.2], [0.3, 0.1, 0.2, 0.5, 0.1, 0.4], positive
    ... )
    >>> round(found.estimate, 4), round(found.p, 3)
    (0.3889, 0.291)
    """
    tail(level)
    one, other, truth = complete({"first": first, "second": second, "positive": positive})
    is_positive = _as_classes(truth)
    n = (int(is_positive.sum()), int((~is_positive).sum()))
    if min(n) < 2:
        return unknown("a class has fewer than two samples", n)
    places = [_placements(x[is_positive], x[~is_positive]) for x in (one, other)]
    difference = float(places[0][0].mean() - places[1][0].mean())
    away = [a - b for a, b in zip(*places, strict=True)]
    variance = sum(float(x.var(ddof=1)) / len(x) for x in away)
    if variance <= 1e-24:
        reason = "the difference of the two scores has no variance over these samples"
        return unknown(reason, n, estimate=difference)
    return from_normal(difference, float(np.sqrt(variance)), n, level=level)


def bootstrap_auroc(
    score: ArrayLike,
    positive: ArrayLike,
    /,
    *,
    level: float = 0.95,
    n_draws: int = 2000,
    rng: int | np.random.Generator = 0,
) -> Estimate:
    """Area under the ROC curve with a bootstrap interval (percentiles), drawn by class.

    Every draw holds as many positives and negatives as the data. The standard error is that
    of the draws; ``statistic`` and ``p`` are those of :func:`auroc`.

    Parameters
    ----------
    score, positive, level
        As in :func:`auroc`.
    n_draws
        Bootstrap draws.
    rng
        A seed or a generator.

    Examples
    --------
    >>> found = bootstrap_auroc([0.1, 0.4, 0.35, 0.8, 0.9, 0.2], [0, 0, 1, 1, 1, 0], rng=1)
    >>> round(found.estimate, 4), found.ci_high
    (0.8889, 1.0)
    """
    if n_draws < 1:
        message = f"n_draws is {n_draws}: a bootstrap needs at least one draw, better 2000."
        raise UsageError(message)
    tail(level)
    above, below = _classes(score, positive)
    plain = auroc(score, positive, level=level)
    if plain.reason:
        return plain
    wins = np.greater.outer(above, below) + 0.5 * np.equal.outer(above, below)
    generator = np.random.default_rng(rng)
    counts = [
        generator.multinomial(size, np.full(size, 1 / size), size=n_draws).astype(np.float64)
        for size in wins.shape
    ]
    areas = ((counts[0] @ wins) * counts[1]).sum(axis=1) / wins.size
    low, high = np.quantile(areas, [tail(level), 1 - tail(level)])
    se = float(areas.std(ddof=1)) if n_draws > 1 else NAN
    return Estimate(
        plain.estimate, se, float(low), float(high), plain.statistic, NAN, plain.p, plain.n
    )


def _classes(score: ArrayLike, positive: ArrayLike) -> tuple[Array, Array]:
    """Scores of the positive and of the negative samples."""
    values, truth = complete({"score": score, "positive": positive})
    is_positive = _as_classes(truth)
    return values[is_positive], values[~is_positive]


def _as_classes(truth: Array) -> NDArray[np.bool_]:
    odd = set(np.unique(truth)) - {0.0, 1.0}
    if odd:
        message = (
            f"positive holds {min(odd):g}, which is neither 0 nor 1: pass True or 1 for positive "
            "samples, False or 0 for the others."
        )
        raise DataError(message)
    positive: NDArray[np.bool_] = truth == 1
    return positive


def _why_no_error(area: float, n: tuple[int, int]) -> str:
    if min(n) < 2:
        return "a class of one sample shows no variance"
    return SEPARATED if area in (0.0, 1.0) else ""


def _placements(above: Array, below: Array) -> tuple[Array, Array]:
    """For each positive the share of negatives below it, for each negative the reverse."""
    from scipy.stats import rankdata

    m, n = len(above), len(below)
    ranks = rankdata(np.concatenate([above, below]))
    of_positives = (ranks[:m] - rankdata(above)) / n
    of_negatives = 1 - (ranks[m:] - rankdata(below)) / m
    return of_positives, of_negatives


def _logit_interval(area: float, se: float, level: float) -> tuple[float, float]:
    from scipy.special import expit, logit, ndtri

    reach = float(-ndtri(tail(level))) * se / (area * (1 - area))
    return float(expit(logit(area) - reach)), float(expit(logit(area) + reach))
