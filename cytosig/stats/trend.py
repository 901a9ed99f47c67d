"""A score along a continuous covariate: Spearman's correlation and a slope."""

from __future__ import annotations

from functools import cache
from itertools import chain, permutations
from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig._errors import UsageError
from cytosig.stats.estimate import (
    NAN,
    Estimate,
    complete,
    does_not_vary,
    from_normal,
    never_zero,
    tail,
    unknown,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

# Up to this many samples the p of a rank correlation counts every order (9! = 362,880): with 9
# the usual t still refuses 5.8 % instead of 5.
MOST_ORDERED = 9


def spearman(first: ArrayLike, second: ArrayLike, /, *, level: float = 0.95) -> Estimate:
    """Spearman's rank correlation with the interval of Bonett and Wright.

    The interval is normal on Fisher's z with variance (1 + r²/2) / (n − 3) (Bonett and Wright,
    Psychometrika 2000;65:23). The p is exact up to 9 samples, ties included, and scipy's t
    beyond.

    Parameters
    ----------
    first, second
        One value a sample; a sample that lacks either is left out.
    level
        Of the confidence interval.

    Returns
    -------
    ``estimate`` the correlation, ``se`` that on Fisher's z, ``statistic`` the t of the
    correlation with its ``df``. A perfect correlation has no interval, and neither has one of
    fewer than 4 samples.

    Examples
    --------
    >>> found = spearman([1.0, 2, 3, 4, 5, 6], [2.0, 1, 4, 3, 6, 5])
    >>> round(found.estimate, 4), round(found.ci_low, 3), round(found.p, 4)
    (0.8286, -0.127, 0.0583)
    """
    from scipy import stats
    from scipy.special import ndtri

    tail(level)
    one, other = complete({"first": first, "second": second})
    n = len(one)
    if n < 3:
        return unknown("fewer than three samples have both values", (n,))
    if does_not_vary(one) or does_not_vary(other):
        return unknown("one of the two does not vary", (n,))
    found = stats.spearmanr(one, other)
    r = float(np.clip(found.statistic, -1, 1))
    p = _p_of_all_orders(one, other) if n <= MOST_ORDERED else float(never_zero(found.pvalue))
    if n < 4 or abs(r) > 1 - 1e-12:
        why = "fewer than four samples" if n < 4 else "the ranks agree perfectly"
        return Estimate(r, NAN, NAN, NAN, NAN, n - 2.0, p, (n,), f"{why}: no interval")
    se = float(np.sqrt((1 + r**2 / 2) / (n - 3)))
    reach = float(-ndtri(tail(level))) * se
    low, high = (float(np.tanh(np.arctanh(r) + side)) for side in (-reach, reach))
    t = r * float(np.sqrt((n - 2) / (1 - r**2)))
    return Estimate(r, se, low, high, t, n - 2.0, p, (n,))


@cache
def _orders(n: int) -> NDArray[np.int8]:
    return np.fromiter(chain.from_iterable(permutations(range(n))), np.int8).reshape(-1, n)


def _p_of_all_orders(one: Array, other: Array) -> float:
    """Share of all orders that correlate at least as far from 0."""
    from scipy.stats import rankdata

    ranks = [rankdata(x) for x in (one, other)]
    a, b = (x - x.mean() for x in ranks)
    every = b[_orders(len(b))] @ a
    return float((np.abs(every) >= abs(a @ b) - 1e-9).mean())


def slope(
    covariate: ArrayLike,
    score: ArrayLike,
    /,
    *,
    adjust: ArrayLike | None = None,
    errors: Literal["hc3", "classical"] = "hc3",
    level: float = 0.95,
) -> Estimate:
    """Change of the score for each unit of a covariate, by least squares (statsmodels).

    Parameters
    ----------
    covariate, score
        One value a sample; a sample that lacks a value anywhere is left out.
    adjust
        Further covariates to hold constant: samples × columns, numbers only.
    errors
        ``"hc3"``: standard errors that hold for unequal variances (MacKinnon and White 1985);
        ``"classical"``: those for equal ones. Both with t of n less the columns.
    level
        Of the confidence interval.

    Returns
    -------
    The slope with its standard error, interval, t and p. NaN with a reason where the
    covariate follows from the others, or one sample alone decides a coefficient.

    Examples
    --------
    >>> found = slope([1.0, 2, 3, 4, 5], [2.0, 4, 5, 4, 6], errors="classical")
    >>> round(found.estimate, 3), round(found.se, 3), found.df
    (0.8, 0.283, 3.0)
    """
    from statsmodels.regression.linear_model import OLS

    tail(level)
    if errors not in ("hc3", "classical"):
        message = f"There are no {errors!r} standard errors: use 'hc3' or 'classical'."
        raise UsageError(message)
    x, y, others = _rows(covariate, score, adjust)
    n = len(y)
    design = np.column_stack([x, np.ones(n), others])
    reason = _why_no_slope(x, y, design)
    if reason:
        return unknown(reason, (n,))
    leverage = (np.linalg.qr(design)[0] ** 2).sum(axis=1)
    if errors == "hc3" and leverage.max() > 1 - 1e-8:
        return unknown("one sample alone decides a coefficient", (n,))
    fit = OLS(y, design).fit(cov_type="nonrobust" if errors == "classical" else "HC3", use_t=True)
    if fit.ssr <= 1e-24 * float(y @ y):
        reason = "the fit is perfect, so it shows no variance"
        return unknown(reason, (n,), estimate=float(fit.params[0]))
    df = float(fit.df_resid)
    return from_normal(float(fit.params[0]), float(fit.bse[0]), (n,), level=level, df=df)


def _rows(
    covariate: ArrayLike, score: ArrayLike, adjust: ArrayLike | None
) -> tuple[Array, Array, Array]:
    columns = {"covariate": covariate, "score": score}
    if adjust is None:
        x, y = complete(columns)
        return x, y, np.empty((len(x), 0))
    try:
        table = np.asarray(adjust, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"adjust holds values that are no numbers ({error}): pass numbers."
        raise UsageError(message) from error
    if table.ndim != 2:
        message = f"adjust has {table.ndim} dimensions: pass samples × columns."
        raise UsageError(message)
    more = {f"adjust column {i + 1}": table[:, i] for i in range(table.shape[1])}
    x, y, *others = complete(columns | more)
    return x, y, np.column_stack(others) if others else np.empty((len(x), 0))


def _why_no_slope(x: Array, y: Array, design: Array) -> str:
    if len(y) <= design.shape[1]:
        return f"{len(y)} complete samples are too few for {design.shape[1]} coefficients"
    if does_not_vary(x):
        return "the covariate does not vary"
    if does_not_vary(y):
        return "the score does not vary"
    size = np.linalg.norm(design, axis=0)
    if np.linalg.matrix_rank(design / np.where(size > 0, size, 1), tol=1e-8) < design.shape[1]:
        return "the covariates follow from each other, so their slopes cannot be told apart"
    return ""
