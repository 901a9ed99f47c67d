"""One regression a signature: the slope of the observation on its weights.

The estimate is Σ T(g)·(x(g) − x̄), x being one observation less its centre and x̄ its mean over the
G genes. With the weights w of one signature, 0 for genes it does not name::

    T = w / Σ(w − w̄)²

so that the estimate is the least-squares slope, with intercept, of x on w. Other signatures do not
matter.

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
    """T = w / Σ(w − mean w)²: the least-squares slope with intercept."""
    return np.diag(1.0 / np.diag(design.centred_gram))


METHOD = LinearMethod(
    name="ulm",
    title="univariate linear model: each signature on its own",
    reference="Badia-i-Mompel P et al. Bioinformatics Advances 2022;2:vbac016",
    mix=_mix,
)
