"""Weighted mean of the signature's genes.

The estimate is Σ T(g)·(x(g) − x̄), x being one observation less its centre and x̄ its mean over the
G genes. With the weights w of one signature, 0 for genes it does not name::

    T = w / Σ|w|

the weighted mean of the genes beyond that of random ones, in the units of the data. T is that of
``ulm`` times a number, so the z is the same.

Its z is put on the null that shuffles gene labels, whose mean and variance are known without
shuffling: z = √(G − 1) · Pearson(T, x) over all G genes; p is two-sided, by saddlepoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._linear import Design, LinearMethod

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _mix(design: Design, /, *, lam: float | None) -> NDArray[np.float64]:
    """T = w / Σ|w|: the estimate is in the units of the data."""
    return np.diag(1.0 / np.abs(design.weights).sum(axis=0))


METHOD = LinearMethod(
    name="wmean",
    title="weighted mean of the genes; same z as ulm, estimate in units of the data",
    reference="Badia-i-Mompel P et al. Bioinformatics Advances 2022;2:vbac016",
    mix=_mix,
)
