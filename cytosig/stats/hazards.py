"""Whether hazards are proportional: the test of Grambsch and Therneau.

Biometrika 1994;81:515. A coefficient that changes with time, β + θ·g(t), is tested for θ = 0 by
the score test at the fitted β. Its score is the sum of g times the Schoenfeld residuals; its
variance is taken at every event time, not from the average over the events (as R's cox.zph
does since survival 3.0), with Efron's weights where times are tied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cytosig._errors import UsageError
from cytosig.stats.estimate import NAN, never_zero
from cytosig.stats.followup import FollowUp, follow_up, why_no_regression
from cytosig.stats.survival import DIVERGED, cox_model, most_likely

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

Clock = Literal["rank", "km", "identity", "log"]
GLOBAL = "global"


class _AtEvents(NamedTuple):
    """One row an event: its time, Schoenfeld residual and information."""

    time: Array
    residual: Array
    information: Array


def proportional_hazards(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    /,
    *,
    covariates: pd.DataFrame | None = None,
    strata: ArrayLike | None = None,
    clock: Clock = "rank",
) -> pd.DataFrame:
    """Test of proportional hazards for a Cox regression on a score.

    Parameters
    ----------
    time, event, score, covariates, strata
        As in :func:`cytosig.stats.survival.cox`.
    clock
        The g(t) along which a hazard ratio may change: ``"rank"`` of the event times, ``"km"``
        (1 − Kaplan–Meier before the event), ``"identity"`` or ``"log"`` of the time.

    Returns
    -------
    One row a coefficient (``score`` first) and one ``global``: ``correlation`` of the scaled
    Schoenfeld residuals with g (above 0: the hazard ratio rises with time), ``statistic`` (χ²),
    ``df``, ``p``, ``reason``. NaN with a reason where the regression has none.

    Examples
    --------
    >>> time, event = [5, 8, 3, 9, 12, 4, 15, 7], [1, 0, 1, 1, 1, 1, 0, 1]
    >>> found = proportional_hazards(time, event, [2.1, 1.0, 1.9, 0.4, 1.1, 1.6, 0.2, 0.3])
    >>> found.loc["score", ["statistic", "p"]].astype(float).round(3).tolist()
    [0.422, 0.516]
    """
    from scipy.special import chdtrc

    if clock not in ("rank", "km", "identity", "log"):
        message = f"There is no clock {clock!r}: use 'rank', 'km', 'identity' or 'log'."
        raise UsageError(message)
    data = follow_up(time, event, score, covariates=covariates, strata=strata)
    reason = why_no_regression(data)
    coefficients = np.zeros(len(data.names))
    if not reason:
        coefficients, reason = most_likely(cox_model(data))
    if not reason and abs(coefficients[0]) > DIVERGED:
        reason = "the regression has no finite hazard ratio"
    if reason:
        return _table(data, [NAN] * (len(data.names) + 1), [NAN] * len(data.names), reason)
    at = _at_events(data, coefficients)
    g = _clock(data, at.time, clock)
    g = g - g.mean()
    if not g.any():
        same = "all events have one time"
        return _table(data, [NAN] * (len(data.names) + 1), [NAN] * len(data.names), same)
    statistics = _score_tests(at, g)
    p = [float(never_zero(chdtrc(1, x))) for x in statistics[:-1]]
    p.append(float(never_zero(chdtrc(len(data.names), statistics[-1]))))
    table = _table(data, statistics, _correlations(at, g), "")
    table["p"] = p
    return table


def _table(
    data: FollowUp, statistics: list[float], correlations: list[float], reason: str
) -> pd.DataFrame:
    import pandas as pd

    count = len(data.names)
    return pd.DataFrame(
        {
            "correlation": [*correlations, NAN],
            "statistic": statistics,
            "df": [1] * count + [count],
            "p": NAN,
            "reason": reason,
        },
        index=[*data.names, GLOBAL],
    )


def _at_events(data: FollowUp, coefficients: Array) -> _AtEvents:
    """Schoenfeld residuals and information of every event, stratum by stratum."""
    times, residuals, informations = [], [], []
    for stratum in np.unique(data.strata):
        own = np.flatnonzero(data.strata == stratum)
        own = own[np.argsort(-data.time[own], kind="stable")]
        x, t, dead = data.columns[own], data.time[own], data.event[own]
        weight = np.exp(np.clip(x @ coefficients, -500, 500))
        sums = [
            np.cumsum(weight),
            np.cumsum(weight[:, None] * x, axis=0),
            np.cumsum(weight[:, None, None] * x[:, :, None] * x[:, None, :], axis=0),
        ]
        for moment in np.unique(t[dead]):
            last = int(np.searchsorted(-t, -moment, side="right")) - 1
            now = dead & (t == moment)
            mean, spread = _efron([s[last] for s in sums], weight[now], x[now])
            count = int(now.sum())
            times += [moment] * count
            residuals.append(x[now] - mean)
            informations += [spread] * count
    return _AtEvents(np.array(times), np.concatenate(residuals), np.array(informations))


def _efron(sums: list[Array], weight: Array, x: Array) -> tuple[Array, Array]:
    """Mean of the covariates at risk and their covariance, averaged over the tied events."""
    own = [
        weight.sum(),
        weight @ x,
        (weight[:, None, None] * x[:, :, None] * x[:, None, :]).sum(axis=0),
    ]
    means, spreads = [], []
    for share in np.arange(len(x)) / len(x):
        s0, s1, s2 = (s - share * o for s, o in zip(sums, own, strict=True))
        mean = s1 / s0
        means.append(mean)
        spreads.append(s2 / s0 - np.outer(mean, mean))
    return np.mean(means, axis=0), np.mean(spreads, axis=0)


def _clock(data: FollowUp, times: Array, clock: Clock) -> Array:
    from scipy.stats import rankdata

    if clock == "rank":
        ranks: Array = rankdata(times)
        return ranks
    if clock == "identity":
        return times
    if clock == "log":
        return np.log(times)
    moments = np.unique(data.time[data.event])
    at_risk = (data.time >= moments[:, None]).sum(axis=1)
    died = ((data.time == moments[:, None]) & data.event).sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - died / at_risk)[:-1]])
    lost: Array = 1 - before[np.searchsorted(moments, times)]
    return lost


def _score_tests(at: _AtEvents, g: Array) -> list[float]:
    """χ² of every coefficient alone, and of all together."""
    score = g @ at.residual
    plain = at.information.sum(axis=0)
    once = np.einsum("i,ijk->jk", g, at.information)
    twice = np.einsum("i,ijk->jk", g**2, at.information)
    variance = twice - once @ np.linalg.pinv(plain, hermitian=True) @ once
    alone = [
        float(u**2 / v) if v > 0 else NAN for u, v in zip(score, np.diag(variance), strict=True)
    ]
    return [*alone, float(score @ np.linalg.pinv(variance, hermitian=True) @ score)]


def _correlations(at: _AtEvents, g: Array) -> list[float]:
    scaled = at.residual @ np.linalg.pinv(at.information.sum(axis=0), hermitian=True)
    away = scaled - scaled.mean(axis=0)
    length = np.sqrt((away**2).sum(axis=0) * (g**2).sum())
    return [float(a / b) if b > 0 else NAN for a, b in zip(g @ away, length, strict=True)]
