"""What scenarios change: activities, the balance of every sample, and their mean over samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance.verdict import gone
from cytosig.balance.weigh import Sampler, row_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.balance.draws import Draws
    from cytosig.balance.measures import Gauge
    from cytosig.balance.weigh import Weighed
    from cytosig.blockade.plan import Plan

    Array = NDArray[np.float64]

LOWEST, HIGHEST = 0.05, 0.95
"""Quantiles of the reference that an activity can fall to, and rise to."""
FEW = 5
"""Samples below which a mean over them is marked."""


@dataclass(frozen=True)
class Ends:
    """Activities that a cytokine can be brought to, one a cytokine that votes."""

    floor: Array
    ceiling: Array

    @classmethod
    def of(cls, weighed: Weighed, gauge: Gauge, view: str, /) -> Ends:
        """Where the samples of the reference have each cytokine lowest and highest, as weighed."""
        _, stored, _ = gauge.standard(view)
        activity, error = weighed.sets.means(stored)
        if weighed.shrinkage is not None:
            activity = weighed.shrinkage.means(activity, error)
        known = activity[~np.isnan(activity).all(axis=1)]
        return cls(*np.quantile(known, [LOWEST, HIGHEST], axis=0))


def change(activity: Array, taken: Array, engaged: Array, floor: Array, ceiling: Array, /) -> Array:
    """What a touch adds to an activity.

    Of what an activity has above the floor, the share of the signal that is taken goes; of what
    is then missing to the ceiling, the share of the receptor that is set off comes.
    """
    fall = taken * np.maximum(activity - floor, 0.0)
    rise = engaged * np.maximum(ceiling - (activity - fall), 0.0)
    return rise - fall


@dataclass(frozen=True)
class Effects:
    """What mechanisms change in the balance.

    Parameters
    ----------
    change
        Of activities by touches, touches × samples.
    parts
        Of the balance by touches, touches × samples.
    usual, context
        Of the balance by mechanisms, mechanisms × samples: by the usual roles, and by those in
        context. NaN for samples without a balance.
    low, high, above
        Interval of ``usual`` over draws, and the share of draws above 0; NaN where no draw
        changes anything.
    drawn
        ``parts`` in every draw, the mean over samples: touches × draws.
    """

    change: Array
    parts: Array
    usual: Array
    context: Array
    low: Array
    high: Array
    above: Array
    drawn: Array


def effects_of(
    plan: Plan, weighed: Weighed, ends: Ends, draws: Draws, held: Array, /, *, level: float
) -> Effects:
    """Effects of every mechanism in every sample.

    ``held`` are the roles in context, samples × cytokines.
    """
    ballot, k = weighed.ballot, plan.cytokine
    floor, ceiling = ends.floor[k], ends.ceiling[k]
    taken, engaged, lost = plan.taken, plan.engaged, gone(weighed)
    moved = change(weighed.used.T[k], taken, engaged, floor[:, None], ceiling[:, None])
    moved[:, lost] = np.nan
    parts = moved * ballot.pull(ballot.role)[k, None]
    usual, context = plan.sums(parts), plan.sums(moved * ballot.pull(held).T[k])
    pulls = ballot.pull(draws.roles_of(ballot.ids, ballot.role, ballot.role_sd))[:, k]
    low, high, above = (np.full(usual.shape, np.nan) for _ in range(3))
    total = np.zeros((len(k), len(pulls)))
    sampler = Sampler(weighed, draws)
    for i in np.flatnonzero(~lost):
        acts = sampler.activities(int(i))[:, k]
        drawn = np.ascontiguousarray(
            (pulls * change(acts, taken[:, i], engaged[:, i], floor, ceiling)).T
        )
        total += drawn
        low[:, i], high[:, i], above[:, i] = interval(plan.sums(drawn), level)
    n = int((~lost).sum())
    mean = total / n if n else np.full(total.shape, np.nan)
    return Effects(moved, parts, usual, context, low, high, above, mean)


def interval(drawn: Array, level: float, /) -> tuple[Array, Array, Array]:
    """Ends of the interval of every row over draws, and the share of draws above 0.

    The share is NaN where every draw is 0: nothing is changed either way.
    """
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=1)
    told = drawn.any(axis=1) & ~np.isnan(low)
    return low, high, np.where(told, (drawn > 0).mean(axis=1), np.nan)


@dataclass(frozen=True)
class Pooled:
    """Means over samples with their intervals, one a scenario.

    The sample is the replicate: an interval holds the scatter of the samples (Student's t with
    one degree of freedom fewer than samples) and what genes and roles leave open, which samples
    share. NaN for a single sample.
    """

    value: Array
    low: Array
    high: Array
    above: Array


def chance_of(rng: np.random.Generator, n_samples: int, n_draws: int, /) -> Array:
    """Student's t for a mean over samples, one a draw: its quantiles in random order."""
    from scipy.special import stdtrit

    places = (rng.permutation(n_draws) + 0.5) / n_draws
    found: Array = stdtrit(n_samples - 1, places) if n_samples > 1 else np.full(n_draws, np.nan)
    return found


def pooled(values: Array, drawn: Array, chance: Array, /, *, level: float) -> Pooled:
    """Pool what was found in every sample.

    Parameters
    ----------
    values
        Scenarios × samples.
    drawn
        Mean over the samples in every draw, scenarios × draws.
    chance
        As of :func:`chance_of`.
    """
    n, mean = values.shape[1], means(values)
    if n < 2 or not len(values):
        nothing = np.full(len(values), np.nan)
        return Pooled(mean, nothing, nothing, nothing)
    error = np.sqrt(row_sums((values - mean[:, None]) ** 2) / (n - 1) / n)
    parts = [
        interval(drawn[rows] + error[rows, None] * chance, level)
        for rows in np.array_split(np.arange(len(values)), len(values) // 500 + 1)
    ]
    low, high, above = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Pooled(mean, low, high, above)


def means(values: Array, /) -> Array:
    """Means of rows, the same in any company; NaN where there are no columns."""
    n = values.shape[1]
    return row_sums(values) / n if n else np.full(len(values), np.nan)
