"""Activities drawn towards the reference, as far as they may be noise of their genes.

How much a cytokine varies from sample to sample is learnt from the reference (empirical Bayes):
where its activities differ no more than their genes' noise makes them, they count little. A
sample that stands out from all that is believed, since a reference need not have its like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.balance.draws import Draws

    Array = NDArray[np.float64]

OUTLYING = 0.05
"""Prior probability that a sample is unlike the reference in a cytokine."""
OUTLYING_VARIANCE = 1.0
"""Variance, beyond the reference's, of activities that are unlike it: one standard deviation of
a gene, a strong response."""
QUANTILES = (np.arange(64) + 0.5) / 64
"""Where the distribution of a variance is looked at."""


@dataclass(frozen=True)
class Shrinkage:
    """What the reference says of each cytokine.

    Parameters
    ----------
    variance
        Of the activities over the reference samples.
    noise
        Mean square of their standard errors.
    df
        Degrees of freedom of the variance.

    Notes
    -----
    Given τ², the variance of true activities, a is normal around a true activity that is normal
    with variance τ² (probability .95) or τ² + 1 (.05); its posterior mean is the mixture of
    a·t/(t + SE²) over both t. τ² is not known either: the variance found is (τ² + noise)·χ²/df, so
    τ² = max(0, df·variance/χ² − noise), over which everything is averaged.
    """

    variance: Array
    noise: Array
    df: int

    @classmethod
    def over(cls, activity: Array, error: Array, /) -> Shrinkage:
        """From reference samples × cytokines; samples without values are left out."""
        used = ~np.isnan(activity).all(axis=1)
        variance = activity[used].var(axis=0, ddof=1)
        return cls(variance, (error[used] ** 2).mean(axis=0), int(used.sum()) - 1)

    @property
    def reliability(self) -> Array:
        """Share of the variance over the reference that is not noise, between 0 and 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(self.variance > 0, 1 - self.noise / self.variance, 0.0)
        return np.clip(found, 0.0, 1.0)

    def means(self, activity: Array, error: Array, /) -> Array:
        """Posterior means of activities, samples × cytokines."""
        total = np.zeros_like(activity)
        for quantile in QUANTILES:
            near, far, chance = self._parts(self._between(quantile), activity, error)
            total += activity * (chance * far + (1 - chance) * near)
        return total / len(QUANTILES)

    def between(self, draws: Draws, places: NDArray[np.int64], /) -> Array:
        """Variances of true activities in every draw, draws × cytokines.

        ``places`` are the columns of the cytokines in the draws.
        """
        return self._between(draws.variances[:, places])

    def drawn(
        self, activity: Array, error: Array, genes: Array, between: Array, outlying: Array, /
    ) -> Array:
        """Draws of one sample's true activities, draws × cytokines.

        Parameters
        ----------
        activity, error
            Of the sample.
        genes
            Its activities with genes drawn anew, draws × cytokines.
        between, outlying
            Variances of true activities, and uniform numbers, in every draw.
        """
        near, far, chance = self._parts(between, activity, error)
        share = np.where(outlying < chance, far, near)
        found: Array = share * activity + np.sqrt(share) * (genes - activity)
        return found

    def _between(self, quantile: float | Array) -> Array:
        """Variance of true activities where the variance found lies at this quantile of its χ²."""
        from scipy.special import gammaincinv

        chi2 = 2 * gammaincinv(self.df / 2, quantile)
        return np.maximum(self.df * self.variance / chi2 - self.noise, 0.0)

    @staticmethod
    def _parts(between: Array, activity: Array, error: Array) -> tuple[Array, Array, Array]:
        """Shrinkage of samples like the reference and unlike it, and the chance of the latter."""
        square = error**2
        like, unlike = between + square, between + OUTLYING_VARIANCE + square
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            near = np.where(like > 0, between / like, 0.0)
            odds = (1 - OUTLYING) / OUTLYING * np.sqrt(unlike / like)
            odds = odds * np.exp(-0.5 * activity**2 * (1 / like - 1 / unlike))
            chance = np.where(like > 0, 1 / (1 + odds), np.where(activity == 0, 0.0, 1.0))
        return near, (between + OUTLYING_VARIANCE) / unlike, chance
