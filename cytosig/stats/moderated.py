"""Moderated t: many features, few samples, variances that borrow from each other.

Smyth, Stat. Appl. Genet. Mol. Biol. 2004;3:3 (limma's eBayes). The variance s² of a feature
with d residual degrees of freedom is taken as drawn from a scaled inverse χ² with d₀ degrees of
freedom around s₀²; its posterior mean (d₀s₀² + ds²) / (d₀ + d) replaces it, and the t then has
d₀ + d degrees of freedom, at most those of all features together.

The features should be alike in kind (one table of scores). Two groups, covariates, batches
and pairs all come through the design (:func:`cytosig.stats.design.design_matrix`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import NAN, tail, two_sided

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

COLUMNS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "n", "reason")
TOO_FEW = "too few samples with a value for this design"
STILL = "the values do not vary"


@dataclass(frozen=True, slots=True)
class Moderated:
    """What :func:`moderated_t` found.

    ``table`` has one row a feature: estimate, se, ci_low, ci_high, statistic (t), df, p, n,
    reason. ``prior_df`` is d₀ (0: nothing borrowed, infinite: one variance for all) and
    ``prior_variance`` s₀².
    """

    table: pd.DataFrame
    prior_df: float
    prior_variance: float


class _Fit(NamedTuple):
    """Least squares of every feature, for one coefficient."""

    estimate: Array
    unscaled: Array  # standard error over residual standard deviation
    variance: Array
    df: Array
    n: NDArray[np.int64]
    constant: NDArray[np.bool_]


def moderated_t(
    values: pd.DataFrame,
    design: pd.DataFrame,
    /,
    *,
    coefficient: str,
    level: float = 0.95,
    moderate: bool = True,
) -> Moderated:
    """Moderated t of one coefficient of a linear model, for every feature.

    Parameters
    ----------
    values
        Samples × features. A sample without a value (NaN) is left out of that feature alone.
    design
        Samples × columns, rows as in ``values``, complete; with an intercept where one is
        meant. For paired samples a column a patient.
    coefficient
        The column of the design that is tested.
    level
        Of the confidence interval.
    moderate
        False keeps every feature's own variance: ordinary least squares.

    Returns
    -------
    The table and the prior. A feature that does not vary, or that lacks the samples for this
    design, has no p (NaN) but a reason, and takes no part in the prior.

    Raises
    ------
    UsageError
        If the rows differ or the coefficient is no column.
    DataError
        If values or design are not finite, or the coefficient follows from the other columns
        (groups that are batches).

    Examples
    --------
    >>> import pandas as pd
    >>> design = pd.DataFrame({"intercept": 1.0, "treated": [0, 0, 0, 1, 1, 1]})
    >>> values = pd.DataFrame({"IFNG": [0, 1, 2, 4, 5, 6.0], "IL6": [3, 1, 2, 4, 3, 0.0]})
    >>> found = moderated_t(values, design, coefficient="treated")
    >>> found.table[["estimate", "statistic", "df"]].round(2)
          estimate  statistic   df
    IFNG      4.00       3.62  8.0
    IL6       0.33       0.30  8.0
    """
    tail(level)
    matrix, columns = _checked(values, design, coefficient)
    fit = _fit(matrix, columns, list(design.columns).index(coefficient))
    usable = (fit.df > 0) & ~fit.constant & np.isfinite(fit.estimate)
    prior_df, prior_variance = 0.0, NAN
    if moderate and usable.any():
        prior_df, prior_variance = variance_prior(fit.variance[usable], fit.df[usable])
    return Moderated(
        _table(fit, usable, prior_df, prior_variance, level).set_index(values.columns),
        prior_df,
        prior_variance,
    )


def variance_prior(variances: ArrayLike, df: ArrayLike, /) -> tuple[float, float]:
    """Degrees of freedom d₀ and scale s₀² of the prior, from moments of log s².

    With e = log s² − ψ(d/2) + log(d/2), d₀ solves ψ′(d₀/2) = var(e) − mean ψ′(d/2), and
    log s₀² = mean(e) + ψ(d₀/2) − log(d₀/2) (Smyth 2004, section 6.2). d₀ is infinite where the
    variances differ no more than chance makes them, s₀² then being their pooled mean; fewer
    than 2 features give d₀ = 0. Variances below 1e-5 of their median are raised to that.

    Examples
    --------
    >>> d0, s0 = variance_prior([0.5, 2.0, 8.0], [4, 4, 4])
    >>> round(d0, 2), round(s0, 2)
    (2.39, 1.63)
    """
    from scipy.special import polygamma, psi

    s2, d = np.broadcast_arrays(
        np.asarray(variances, dtype=np.float64), np.asarray(df, dtype=np.float64)
    )
    if len(s2) < 2 or not s2.any():
        return 0.0, NAN
    positive = np.median(s2) or float(s2[s2 > 0].min())
    s2 = np.maximum(s2, 1e-5 * positive)
    e = np.log(s2) - psi(d / 2) + np.log(d / 2)
    excess = float(e.var(ddof=1) - polygamma(1, d / 2).mean())
    if excess <= 0:
        return float("inf"), float((d * s2).sum() / d.sum())
    half = float(trigamma_inverse(excess))
    return 2 * half, float(np.exp(e.mean() + psi(half) - np.log(half)))


def trigamma_inverse(value: ArrayLike, /) -> Array:
    """The x with ψ′(x) = value by Newton's method (Smyth 2004, appendix); NaN unless above 0.

    Examples
    --------
    >>> float(trigamma_inverse(np.pi**2 / 6).round(12))
    1.0
    """
    from scipy.special import polygamma

    y = np.asarray(value, dtype=np.float64)
    y = np.where(y > 0, y, NAN)
    x = np.asarray(0.5 + 1 / y)
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1 - trigamma / y) / polygamma(2, x)
        x = x + step
        if not (-step / x > 1e-10).any():
            break
    # both tails in closed form, where Newton's steps lose their digits
    return np.where(y > 1e7, 1 / np.sqrt(y), np.where(y < 1e-6, 1 / y, x))


def _checked(values: pd.DataFrame, design: pd.DataFrame, coefficient: str) -> tuple[Array, Array]:
    if not values.index.equals(design.index):
        message = (
            f"The design has {len(design)} rows that are not the {len(values)} samples in their "
            "order: reindex it by the samples."
        )
        raise UsageError(message)
    if coefficient not in design.columns:
        found = ", ".join(str(column) for column in design.columns)
        message = f"The design has no column {coefficient!r}; it has {found}."
        raise UsageError(message)
    try:
        matrix = values.to_numpy(dtype=np.float64, na_value=np.nan)
        columns = design.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        message = f"values or design hold what is no number ({error}): pass numbers."
        raise UsageError(message) from error
    if np.isinf(matrix).any():
        message = f"{int(np.isinf(matrix).sum())} values are infinite: make them finite or NaN."
        raise DataError(message)
    if not np.isfinite(columns).all():
        message = "The design holds missing or infinite values: leave those samples out."
        raise DataError(message)
    j = list(design.columns).index(coefficient)
    if _away(columns, j) is None:
        message = (
            f"The column {coefficient!r} follows from the other columns of the design (groups "
            "that are batches, or pairs of one group): leave out the column that repeats it."
        )
        raise DataError(message)
    return matrix, columns


def _away(columns: Array, j: int) -> tuple[Array, Array] | None:
    """Column j less its projection on the others, and a basis of those; None if nothing is left."""
    others = np.delete(columns, j, axis=1)
    size = np.linalg.norm(others, axis=0)
    u, singular, _ = np.linalg.svd(others / np.where(size > 0, size, 1), full_matrices=False)
    basis = u[:, singular > 1e-9 * max(1.0, singular.max(initial=0.0))]
    rest = columns[:, j] - basis @ (basis.T @ columns[:, j])
    rest -= basis @ (basis.T @ rest)
    gone = rest @ rest <= 1e-12 * (columns[:, j] @ columns[:, j])
    return None if gone else (rest, basis)


def _fit(matrix: Array, columns: Array, j: int) -> _Fit:
    """Least squares, once for every pattern of samples that have a value."""
    there = ~np.isnan(matrix)
    patterns, which = np.unique(there.T, axis=0, return_inverse=True)
    k = matrix.shape[1]
    fit = _Fit(
        np.full(k, NAN),
        np.full(k, NAN),
        np.full(k, NAN),
        np.zeros(k),
        there.sum(axis=0),
        np.ones(k, dtype=bool),
    )
    for i, rows in enumerate(patterns):
        here = np.flatnonzero(which.ravel() == i)
        y = matrix[np.ix_(rows, here)]
        if not len(y):
            continue
        fit.constant[here] = np.ptp(y, axis=0) <= 1e-12 * np.abs(y).max(axis=0)
        found = _away(columns[rows], j)
        if found is None:
            continue
        rest, basis = found
        size = np.linalg.norm(rest)
        fit.estimate[here] = rest @ y / size**2
        fit.unscaled[here] = 1 / size
        basis = np.column_stack([basis, rest / size])
        residual = y - basis @ (basis.T @ y)
        df = len(y) - basis.shape[1]
        fit.df[here] = df
        if df > 0:
            squares = (residual**2).sum(axis=0)
            rounding = 1e-24 * (y**2).sum(axis=0)
            fit.variance[here] = np.where(squares > rounding, squares, 0) / df
    return fit


def _table(
    fit: _Fit, usable: NDArray[np.bool_], prior_df: float, prior_variance: float, level: float
) -> pd.DataFrame:
    import pandas as pd
    from scipy.special import stdtrit

    if np.isinf(prior_df):
        posterior = np.where(usable, prior_variance, NAN)
    elif prior_df > 0:
        posterior = (prior_df * prior_variance + fit.df * fit.variance) / (prior_df + fit.df)
    else:
        posterior = np.where(fit.variance > 0, fit.variance, NAN)
    df = np.minimum(prior_df + fit.df, fit.df[usable].sum())
    posterior, df = np.where(usable, posterior, NAN), np.where(usable, df, NAN)
    se = fit.unscaled * np.sqrt(posterior)
    t = fit.estimate / se
    reach = stdtrit(df, 1 - tail(level)) * se
    reason = np.select(
        [fit.constant & (fit.n > 1), ~usable, np.isnan(se)],
        [STILL, TOO_FEW, "the fit is perfect, so it shows no variance"],
        "",
    )
    ends = (fit.estimate - reach, fit.estimate + reach)
    cells = (fit.estimate, se, *ends, t, df, two_sided(t, df), fit.n, reason)
    return pd.DataFrame(dict(zip(COLUMNS, cells, strict=True)))
