"""Survival: Cox regression on a score, and the concordance of a score with survival.

The regression is ``statsmodels.duration.hazard_regression.PHReg`` with Efron's treatment of
tied times. Proportional hazards are tested in :mod:`cytosig.stats.hazards`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.stats.estimate import NAN, Estimate, never_zero, tail, unknown
from cytosig.stats.followup import FollowUp, follow_up, why_no_regression

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

# A log hazard ratio, or its error, of this size for one SD: the likelihood has no maximum.
DIVERGED = 10.0
UNBOUNDED = "the score orders the events so completely that no finite hazard ratio is likeliest"
# Pairs of samples compared at once (8 MB for each of three tables).
AT_ONCE = 10**6


@dataclass(frozen=True, slots=True)
class Cox:
    """A hazard ratio for one standard deviation (``sd``) of the score.

    ``log_hazard_ratio`` and ``se`` belong together, as do ``hazard_ratio`` and its interval;
    ``statistic`` (z) and ``p`` are Wald's, ``likelihood_p`` is that of the likelihood ratio.
    """

    hazard_ratio: float
    ci_low: float
    ci_high: float
    log_hazard_ratio: float
    se: float
    statistic: float
    p: float
    likelihood_p: float
    sd: float
    n: int
    n_events: int
    reason: str = ""


def cox(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    /,
    *,
    covariates: pd.DataFrame | None = None,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> Cox:
    """Cox regression of survival on a score (statsmodels), tied times after Efron.

    Parameters
    ----------
    time
        Follow-up of each sample, above 0.
    event
        1 or True for an event at that time, 0 or False for the end of follow-up.
    score
        One value a sample.
    covariates
        Samples × covariates to hold constant; text and booleans are categories.
    strata
        A label a sample: each stratum has a baseline hazard of its own (cohorts, centres).
    level
        Of the confidence interval.

    Returns
    -------
    The hazard ratio for one SD of the score among the samples used. A sample that lacks any
    value is left out. NaN with a reason where fewer than 5 events, or no more events than
    coefficients, remain, the score does not vary or follows from the covariates, or it orders
    the events so completely that no finite hazard ratio is likeliest.

    Raises
    ------
    DataError
        If a time is not above 0, an event neither 0 nor 1, or a value infinite.

    Examples
    --------
    >>> time, event = [5, 8, 3, 9, 12, 4, 15, 7], [1, 0, 1, 1, 1, 1, 0, 1]
    >>> found = cox(time, event, [2.1, 1.0, 1.9, 0.4, 1.1, 1.6, 0.2, 0.3])
    >>> round(found.hazard_ratio, 2), round(found.p, 3), found.n_events
    (3.0, 0.072, 6)
    """
    from scipy.special import chdtrc, ndtr, ndtri

    z = float(-ndtri(tail(level)))
    data = follow_up(time, event, score, covariates=covariates, strata=strata)
    sd, n, n_events = float(data.sd[0]), len(data.time), int(data.event.sum())
    reason = why_no_regression(data)
    if reason:
        return _no_cox(reason, sd, n, n_events)
    model = cox_model(data)
    coefficients, reason = most_likely(model)
    beta, se = float(coefficients[0]), NAN if reason else _error_of_first(model, coefficients)
    if reason or abs(beta) > DIVERGED or se > DIVERGED:
        return _no_cox(UNBOUNDED, sd, n, n_events)
    gain = 2 * float(model.loglike(coefficients) - model.loglike(_without_first(data)))
    return Cox(
        hazard_ratio=float(np.exp(beta)),
        ci_low=float(np.exp(beta - z * se)),
        ci_high=float(np.exp(beta + z * se)),
        log_hazard_ratio=beta,
        se=se,
        statistic=beta / se,
        p=float(never_zero(2 * ndtr(-abs(beta / se)))),
        likelihood_p=float(never_zero(chdtrc(1, max(gain, 0.0)))),
        sd=sd,
        n=n,
        n_events=n_events,
    )


def _no_cox(reason: str, sd: float, n: int, n_events: int) -> Cox:
    return Cox(NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, sd, n, n_events, reason)


def cox_model(data: FollowUp) -> Any:
    """The regression model of statsmodels over these samples."""
    from statsmodels.duration.hazard_regression import PHReg

    status = data.event.astype(np.float64)
    return PHReg(data.time, data.columns, status=status, strata=data.strata, ties="efron")


def most_likely(model: Any) -> tuple[Array, str]:
    """Coefficients at the largest likelihood, and why there are none.

    Whether the search succeeded is read off the gradient: a rare category without events makes
    its own coefficient run away, and Newton's method complain, while the others are found.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = np.asarray(model.fit(disp=0, maxiter=100).params, dtype=np.float64)
        except (np.linalg.LinAlgError, ValueError):
            return np.full(model.exog.shape[1], NAN), UNBOUNDED
        gradient = np.asarray(model.score(found), dtype=np.float64)
    reached = np.isfinite(gradient).all() and np.abs(gradient).max() < 1e-4
    return found, "" if reached else UNBOUNDED


def _error_of_first(model: Any, coefficients: Array) -> float:
    """Standard error of the first coefficient, the others profiled out."""
    information = -np.asarray(model.hessian(coefficients), dtype=np.float64)
    others = np.linalg.pinv(information[1:, 1:], hermitian=True)
    kept = information[0, 0] - information[0, 1:] @ others @ information[1:, 0]
    return float(1 / np.sqrt(kept)) if kept > 0 else float("inf")


def _without_first(data: FollowUp) -> Array:
    """The likeliest coefficients where that of the score is 0; NaN where there are none."""
    if data.columns.shape[1] == 1:
        return np.zeros(1)
    found, reason = most_likely(cox_model(data._replace(columns=data.columns[:, 1:])))
    return np.concatenate([[0.0], found * NAN if reason else found])


def concordance_index(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    /,
    *,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Harrell's C: how often the sample with the higher score has its event first.

    A pair counts where the earlier time is an event (a time shared by an event and an end of
    follow-up counts as the event first); equal scores count one half. The standard error is
    the infinitesimal jackknife's, as in R's survival package; interval and test are normal on
    the logit scale.

    Parameters
    ----------
    time, event, score
        As in :func:`cox`: the higher score should go with the earlier event.
    strata
        A label a sample: only pairs within one stratum count.
    level
        Of the confidence interval.

    Returns
    -------
    ``estimate`` C, one half without any relation; ``statistic`` is z against one half and
    ``p`` its two-sided p; ``n`` samples and events.

    Examples
    --------
    >>> found = concordance_index([5, 8, 3, 9], [1, 0, 1, 1], [2.1, 1.0, 1.9, 0.4])
    >>> round(found.estimate, 3), found.n
    (0.8, (4, 3))
    """
    from scipy.special import expit, logit, ndtr, ndtri

    z = float(-ndtri(tail(level)))
    data = follow_up(time, event, score, strata=strata)
    n = (len(data.time), int(data.event.sum()))
    won, counted = _pairs(data)
    if not counted.sum():
        return unknown("no pair of samples can be ordered by their times", n)
    c = float(won.sum() / counted.sum())
    if data.sd[0] == 0 or np.isnan(data.sd[0]):
        return unknown("the score does not vary", n, estimate=c)
    if c in (0.0, 1.0):
        return unknown("the score orders all pairs, which shows no variance", n, estimate=c)
    se = float(np.sqrt(((won - c * counted) ** 2).sum()) / (counted.sum() / 2))
    if se <= 1e-12:  # as where all pairs that count are ties
        return unknown("every sample orders its pairs alike: no variance", n, estimate=c)
    width = se / (c * (1 - c))
    low, high = (float(expit(logit(c) + side)) for side in (-z * width, z * width))
    statistic = float(logit(c) / width)
    p = float(never_zero(2 * ndtr(-abs(statistic))))
    return Estimate(c, se, low, high, statistic, NAN, p, n)


def _pairs(data: FollowUp) -> tuple[Array, Array]:
    """For each sample its pairs in the right order (ties half), and all pairs that count."""
    score, time = data.columns[:, 0], data.time
    won, counted = np.zeros(len(time)), np.zeros(len(time))
    events = np.flatnonzero(data.event)
    for part in np.array_split(events, max(1, len(events) * len(time) // AT_ONCE)):
        later = time > time[part, None]
        later |= (time == time[part, None]) & ~data.event
        later &= data.strata == data.strata[part, None]
        higher = score[part, None] > score
        wins = later * (higher + 0.5 * (score[part, None] == score))
        won[part] += wins.sum(axis=1)
        won += wins.sum(axis=0)
        counted[part] += later.sum(axis=1)
        counted += later.sum(axis=0)
    return won, counted
