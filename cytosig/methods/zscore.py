"""Combined z: genes standardised over the observations, then summed to unit variance.

Every gene is centred and divided by its standard deviation over the observations centred on. With
n genes of a set in the data::

    score = (Σ z(raised) − Σ z(lowered)) / √n

Contrasts, and anything with ``center=None``, are summed as they are. A stored reference fixes
centre and deviation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from cytosig.methods._weighted import WeightedMethod, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


def _weigh(sets: Sets, gene_mean: Array, how: How, /) -> Weights:
    """T = ±1/√n: Σ z / √n over the n genes, lowered genes with their sign turned."""
    sign = sets.raised.astype(float) - sets.lowered.astype(float)
    n = np.maximum(np.abs(sign).sum(axis=0), 1)
    return Weights(sp.csr_matrix(sign), np.diag(1 / np.sqrt(n)))


METHOD = WeightedMethod(
    name="zscore",
    title="combined z: genes standardised over the observations, summed over the root of n",
    reference="Lee E et al. PLoS Comput Biol 2008;4:e1000217",
    unit="combined z",
    centred=True,
    weigh=_weigh,
    standardised=True,
)
