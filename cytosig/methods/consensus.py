"""Several methods as one: the mean of an observation's ranks under each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from cytosig.methods._consensus import Consensus, ConsensusMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def _combine(scores: Sequence[Array], /) -> Consensus:
    """Mean and standard deviation over the methods of the rank, put on 0 to 1.

    Every method ranks the observations, signature by signature: scores of two signatures are on
    scales of their own under most methods, those of two observations are not. A method that
    did not score a signature has no say in it.
    """
    ranks = np.stack([_ranks(one) for one in scores])
    speaks = np.isfinite(ranks).any(axis=1, keepdims=True)
    n = speaks.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(speaks, ranks, 0.0).sum(axis=0) / n
        apart = np.where(speaks, (ranks - mean) ** 2, 0.0).sum(axis=0)
        return Consensus(mean, np.where(n > 1, np.sqrt(apart / (n - 1)), np.nan))


def _ranks(scores: Array) -> Array:
    """(rank − 1/2) / n of every observation among those scored; tied ones share the mean."""
    ranks = rankdata(scores, axis=0, nan_policy="omit") - 0.5
    n = np.isfinite(scores).sum(axis=0)
    return np.asarray(np.divide(ranks, n, out=np.full(scores.shape, np.nan), where=n > 0))


METHOD = ConsensusMethod(
    name="consensus",
    title="consensus: mean over several methods of each observation's rank, 0 to 1",
    reference="this package, docs/other_methods.md",
    unit="mean rank",
    about_zero=False,
    combine=_combine,
    members=("hlm", "ucell", "singscore", "zscore"),
)
