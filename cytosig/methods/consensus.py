"""Several methods as one: the mean of an observation's ranks under each.

Every method ranks the n observations that it scored, signature by signature::

    score = mean over the methods of (rank − 1/2) / n

tied observations sharing the mean rank. ``obsm["cytosig_spread"]`` holds the standard deviation
over the methods, ``uns["cytosig"]["agreement"]`` Kendall's W of each signature. Alone it joins
``hlm``, ``ucell``, ``singscore`` and ``zscore``; beside others, those. Methods that read the same
genes agree for that reason alone: agreement is no evidence that a cytokine acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from cytosig.methods._consensus import Consensus, ConsensusMethod

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def _combine(scores: Array, /) -> Consensus:
    """Mean and standard deviation over the methods of the rank, put on 0 to 1.

    Every method ranks the observations, signature by signature: scores of two signatures are on
    scales of their own under most methods, those of two observations are not. (rank − 1/2) / n
    among the n observations that the method scored, tied ones sharing the mean. A method that
    did not score an observation has no say in it.
    """
    ranks = rankdata(scores, axis=1, nan_policy="omit") - 0.5
    speaks = np.isfinite(scores)
    n = speaks.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ranks /= speaks.sum(axis=1, keepdims=True)
        mean = np.where(speaks, ranks, 0.0).sum(axis=0) / n
        apart = np.where(speaks, (ranks - mean) ** 2, 0.0).sum(axis=0)
        return Consensus(mean, np.where(n > 1, np.sqrt(apart / (n - 1)), np.nan))


METHOD = ConsensusMethod(
    name="consensus",
    title="consensus: mean over several methods of each observation's rank, 0 to 1",
    reference="this package, docs/other_methods.md",
    unit="mean rank",
    about_zero=False,
    combine=_combine,
    members=("hlm", "ucell", "singscore", "zscore"),
)
