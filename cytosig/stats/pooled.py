"""Several cohorts in one estimate: a random-effects meta-analysis.

The variance between cohorts τ² is that of Paule and Mandel (1982) or of DerSimonian and Laird
(1986), the standard error that of Hartung and Knapp (2001) with t of k − 1 degrees of freedom:
where cohorts are few and differ, the plain normal interval is far too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import NAN, Estimate, from_normal, never_zero, tail, unknown, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

METHODS = {"paule-mandel": "iterated", "dersimonian-laird": "chi2"}


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect.

    ``tau2`` is the variance between cohorts, ``i2`` the share of the spread that is not chance
    (0 to 1), ``q`` Cochran's Q with ``q_p``; a new cohort's true effect lies between
    ``prediction_low`` and ``prediction_high``. ``n_cohorts`` went in, ``n_left_out`` had no
    effect or standard error.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p: float
    tau2: float
    i2: float
    q: float
    q_p: float
    prediction_low: float
    prediction_high: float
    n_cohorts: int
    n_left_out: int
    reason: str = ""


def pool(
    estimates: ArrayLike,
    ses: ArrayLike,
    /,
    *,
    method: Literal["paule-mandel", "dersimonian-laird"] = "paule-mandel",
    guard: bool = True,
    level: float = 0.95,
) -> Pooled:
    """Random-effects mean of effects from independent cohorts (statsmodels).

    Parameters
    ----------
    estimates, ses
        Effect and standard error of each cohort. One that lacks either (NaN) is left out and
        counted: mind that cohorts which separate completely are of that kind.
    method
        How τ² is estimated.
    guard
        Where a few cohorts happen to agree, Hartung and Knapp's interval can be absurdly
        narrow. True takes the normal random-effects interval wherever that is the wider
        (Wiksten, Rücker and Schwarzer, Stat. Med. 2016;35:2503); False never does.
    level
        Of the confidence and the prediction interval.

    Returns
    -------
    The pooled effect, its interval, statistic and p (t with k − 1 degrees of freedom, or z
    with ``df`` NaN where the guard chose), and the spread between cohorts. The prediction
    interval has t with k − 2 (Higgins, Thompson and Spiegelhalter, J. R. Stat. Soc. A
    2009;172:137) and needs 3 cohorts. One cohort alone keeps its own normal interval.

    Raises
    ------
    DataError
        If a standard error is not above 0.

    Examples
    --------
    >>> found = pool([0.1, 0.5, 0.4, 0.9], [0.2, 0.2, 0.1, 0.3])
    >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.427, -0.026, 0.881)
    """
    from scipy.special import chdtrc
    from statsmodels.stats.meta_analysis import combine_effects

    tail(level)
    if method not in METHODS:
        message = f"There is no method {method!r} to pool with: use {' or '.join(METHODS)}."
        raise UsageError(message)
    effects, variances, left_out = _checked(estimates, ses)
    k = len(effects)
    if k < 2:
        return _too_few(effects, variances, left_out, level)
    weights = 1 / variances
    q = float((weights * (effects - (weights @ effects) / weights.sum()) ** 2).sum())
    with np.errstate(divide="ignore"):  # cohorts of one effect: Q is 0
        # with Q below its expectation nothing lies between cohorts, whatever the method
        if method == "dersimonian-laird" and q > k - 1:
            found = combine_effects(effects, variances, method_re="chi2")
        else:
            options = {"atol": 1e-9 * k, "maxiter": 1000}
            found = combine_effects(effects, variances, method_re="iterated", **options)
    tau2, normal = max(float(found.tau2), 0.0), float(found.sd_eff_w_re)
    effect, hartung_knapp = float(found.mean_effect_re), float(found.sd_eff_w_re_hksj)
    mean = _mean(effect, hartung_knapp, normal, k, guard=guard, level=level)
    low, high = _prediction(mean.estimate, tau2 + normal**2, k, level)
    i2 = max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0
    return Pooled(
        mean.estimate, mean.se, mean.ci_low, mean.ci_high, mean.statistic, mean.df, mean.p,
        tau2, i2, q, float(never_zero(chdtrc(k - 1, q))), low, high, k, left_out,
        "; ".join(filter(None, [mean.reason, _left_out(left_out)])),
    )  # fmt: skip


def _mean(
    effect: float, hartung_knapp: float, normal: float, k: int, *, guard: bool, level: float
) -> Estimate:
    alike = hartung_knapp <= 1e-12 * normal
    if alike and not guard:
        reason = "all cohorts have the same effect, which shows no variance"
        return unknown(reason, (k,), estimate=effect)
    plain = from_normal(effect, normal, (k,), level=level)
    if alike:
        return plain
    found = from_normal(effect, hartung_knapp, (k,), level=level, df=k - 1)
    return plain if guard and plain.ci_high > found.ci_high else found


def pool_auroc(
    aurocs: ArrayLike,
    ses: ArrayLike,
    /,
    *,
    method: Literal["paule-mandel", "dersimonian-laird"] = "paule-mandel",
    guard: bool = True,
    level: float = 0.95,
) -> Pooled:
    """Random-effects mean of areas under ROC curves, on the logit scale.

    Areas and DeLong standard errors go to the logit by the delta method, are pooled by
    :func:`pool`, and the area with both intervals goes back. ``se``, ``tau2`` and
    ``statistic`` stay on the logit scale; p tests an area of one half.

    Examples
    --------
    >>> found = pool_auroc([0.7, 0.75, 0.6], [0.06, 0.05, 0.08])
    >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.695, 0.495, 0.841)
    """
    from scipy.special import expit, logit

    areas, errors = vector(aurocs, "aurocs"), vector(ses, "ses")
    if ((areas < 0) | (areas > 1)).any():
        message = "An area under the ROC curve lies outside 0 to 1: pass areas, not their logits."
        raise DataError(message)
    inside = (areas > 0) & (areas < 1)
    areas = np.where(inside, areas, NAN)
    if len(areas) == len(errors):
        errors = errors / (areas * (1 - areas))
    found = pool(logit(areas), errors, method=method, guard=guard, level=level)
    return replace(
        found,
        estimate=float(expit(found.estimate)),
        ci_low=float(expit(found.ci_low)),
        ci_high=float(expit(found.ci_high)),
        prediction_low=float(expit(found.prediction_low)),
        prediction_high=float(expit(found.prediction_high)),
    )


def _checked(estimates: ArrayLike, ses: ArrayLike) -> tuple[Array, Array, int]:
    effects, errors = vector(estimates, "estimates"), vector(ses, "ses")
    if len(effects) != len(errors):
        message = (
            f"{len(effects)} estimates and {len(errors)} standard errors were given: pass one of "
            "each a cohort."
        )
        raise UsageError(message)
    kept = ~(np.isnan(effects) | np.isnan(errors))
    if (errors[kept] <= 0).any():
        message = (
            f"Cohort {int(np.flatnonzero(kept & (errors <= 0))[0]) + 1} has a standard error that "
            "is not above 0: pass NaN to leave it out."
        )
        raise DataError(message)
    return effects[kept], errors[kept] ** 2, int((~kept).sum())


def _left_out(count: int) -> str:
    if not count:
        return ""
    return f"{count} cohorts left out: no finite effect and standard error"


def _too_few(effects: Array, variances: Array, left_out: int, level: float) -> Pooled:
    why = "no cohort has an effect and a standard error"
    nothing = Pooled(
        NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, len(effects), left_out, why
    )
    if not len(effects):
        return nothing
    only = from_normal(float(effects[0]), float(np.sqrt(variances[0])), (1,), level=level)
    return replace(
        nothing,
        estimate=only.estimate,
        se=only.se,
        ci_low=only.ci_low,
        ci_high=only.ci_high,
        statistic=only.statistic,
        p=only.p,
        reason="one cohort alone: nothing to pool, its own normal interval",
    )


def _prediction(mean: float, variance: float, k: int, level: float) -> tuple[float, float]:
    from scipy.special import stdtrit

    if k < 3:
        return NAN, NAN
    reach = float(stdtrit(k - 2, 1 - tail(level)) * np.sqrt(variance))
    return mean - reach, mean + reach
