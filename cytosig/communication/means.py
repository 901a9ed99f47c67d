"""Tests of means over samples, for every cell type and feature at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.stats.estimate import never_zero
from cytosig.stats.moderated import variance_prior
from cytosig.stats.signflip import sign_flip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tested:
    """Means over samples, types × features each.

    ``p`` is one-sided, for a mean above 0, by the moderated t; ``p_exact`` by sign flips, which
    cannot fall below ``p_floor``.
    """

    n: NDArray[np.int64]
    estimate: Array
    se: Array
    low: Array
    high: Array
    p: Array
    p_exact: Array
    p_floor: Array

    def with_types(self, types: Sequence[int], other: Tested, /) -> Tested:
        """These types from another test, the rest as they are."""
        rows = np.isin(np.arange(len(self.p)), types)[:, None]
        parts = {
            field.name: np.where(rows, getattr(other, field.name), getattr(self, field.name))
            for field in fields(self)
        }
        return replace(self, **parts)


def means_above_zero(
    values: Array,
    /,
    *,
    moderated: NDArray[np.bool_],
    level: float,
    further: Array | None = None,
    exact: bool = True,
) -> Tested:
    """Test whether the mean over samples is above 0.

    Parameters
    ----------
    values
        Samples × types × features; NaN where a sample has none.
    moderated
        Types × features: which lend each other their variance, within a type (Smyth 2004).
    level
        Of the intervals.
    further
        Types × features: variance of the mean beyond that over samples. Degrees of freedom follow
        Satterthwaite, this part being known.
    exact
        Whether to flip signs; NaN where not, but for values without any spread.
    """
    from scipy.special import stdtr, stdtrit

    there = ~np.isnan(values)
    n = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=0) / np.where(n > 0, n, np.nan)
        rest = np.where(there, values - mean, 0.0)
        variance = (rest**2).sum(axis=0) / np.where(n > 1, n - 1, np.nan)
        posterior, df = _moderated(variance, n - 1.0, moderated & (variance > 0))
        square = posterior / n
        whole = square if further is None else square + further
        df = df if further is None else df * (whole / square) ** 2
        se = np.sqrt(whole)
        t = np.where(se > 0, mean / se, np.where(mean > 0, np.inf, -np.inf))
        t = np.where(np.isnan(se), np.nan, t)
        p = never_zero(stdtr(df, -t))
        reach = stdtrit(df, (1 + level) / 2) * se
    asked = (n > 1) & (exact | (se == 0))
    flipped = np.full(n.shape, np.nan)
    flipped[asked] = sign_flip(values[:, asked])[0]
    floor = np.where(n > 0, 0.5 ** n.astype(np.float64), np.nan)
    # no spread at all: nothing to judge a mean by but the signs
    p = np.where(n < 2, np.nan, np.where(se == 0, flipped, p))
    return Tested(n, mean, se, mean - reach, mean + reach, p, flipped, floor)


def _moderated(variance: Array, df: Array, lends: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Posterior variances and their degrees of freedom, one prior a type."""
    found, freedom = variance.copy(), df.copy()
    for own, known, mine, more in zip(variance, lends, found, freedom, strict=True):
        i = int(known.sum())
        if i < 2:
            continue
        d = more[known]
        prior_df, prior = variance_prior(own[known], d)
        if np.isinf(prior_df):
            mine[known] = prior
        elif prior_df > 0:
            mine[known] = (prior_df * prior + d * own[known]) / (prior_df + d)
        more[known] = np.minimum(prior_df + d, d.sum())
    return found, freedom


@dataclass(frozen=True)
class Bootstrap:
    """Samples drawn anew, the same draws for every number of a run.

    ``weights`` are draws × samples: how often each sample was drawn.
    """

    weights: Array
    level: float

    @classmethod
    def make(
        cls, rng: int | np.random.Generator, n_boot: int, n_samples: int, level: float, /
    ) -> Bootstrap:
        """Draw samples with return."""
        generator = np.random.default_rng(rng)
        each = np.full(n_samples, 1 / n_samples)
        return cls(generator.multinomial(n_samples, each, n_boot).astype(np.float64), level)

    def interval(self, values: Array, /) -> tuple[Array, Array, Array]:
        """Mean over samples with its percentile interval, of samples × anything.

        Samples without a value are left out; NaN intervals where fewer than 2 have one.
        """
        flat = values.reshape(len(values), -1)
        there = ~np.isnan(flat)
        n = there.sum(axis=0)
        zero = np.where(there, flat, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = zero.sum(axis=0) / np.where(n > 0, n, np.nan)
            drawn = (self.weights @ zero) / (self.weights @ there.astype(np.float64))
        drawn = np.where(np.isnan(drawn), mean, drawn)  # none of the drawn samples has a value
        ends = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        ends[:, n < 2] = np.nan
        shape = values.shape[1:]
        return mean.reshape(shape), ends[0].reshape(shape), ends[1].reshape(shape)
