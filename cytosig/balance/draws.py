"""Random draws behind the intervals: genes counted anew, roles drawn from their priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Draws shared by all samples, so that differences between samples are not chance.

    Parameters
    ----------
    genes
        Genes of the reference × draws: exponential, mean 1 (Bayesian bootstrap, Rubin, Ann. Stat.
        1981;9:130). A gene has one number for all sets that hold it.
    roles
        Draws × cytokines of the catalogue: standard normal.
    variances, outlying
        Draws × cytokines of the catalogue: uniform, for what the reference tells of them.
    slopes
        Draws × covariates: standard normal, for the error of an adjustment.
    ids
        Cytokines, as in ``roles``.
    """

    genes: Array
    roles: Array
    variances: Array
    outlying: Array
    slopes: Array
    ids: tuple[str, ...]

    @classmethod
    def make(
        cls,
        rng: int | np.random.Generator,
        n_draws: int,
        n_genes: int,
        ids: Sequence[str],
        n_covariates: int,
        /,
    ) -> Draws:
        """Streams that do not depend on one another's length."""
        one, two, three, four, five = np.random.default_rng(rng).spawn(5)
        return cls(
            one.standard_exponential((n_genes, n_draws)),
            two.standard_normal((n_draws, len(ids))),
            three.random((n_draws, len(ids))),
            four.random((n_draws, len(ids))),
            five.standard_normal((n_draws, n_covariates)),
            tuple(ids),
        )

    def roles_of(self, ids: Sequence[str], mean: Array, sd: Array, /) -> Array:
        """Draws × cytokines: roles around their means, cut to -1 to 1."""
        return np.clip(mean + sd * self.roles[:, self.places(ids)], -1.0, 1.0)

    def places(self, ids: Sequence[str], /) -> NDArray[np.int64]:
        """Columns of these cytokines."""
        return np.array([self.ids.index(id) for id in ids], dtype=np.int64)
