"""Ridge regression on all signatures together, as CytoSig does.

The estimate is Σ T(g)·(x(g) − x̄), x being one observation less its centre and x̄ its mean over the
G genes. T are the rows of::

    T' = (W'W + λI)⁻¹ W'

with W as it is, without intercept. λ is ``lam``; when not given, the mean squared length of the
signatures. ``lam=1e4, background="signatures"`` with CytoSig's matrix gives CytoSig's z up to the
error of its 1,000 permutations.

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
    """T = rows of (W'W + λI)⁻¹W': M = (W'W + λI)⁻¹, without intercept."""
    gram = design.gram
    if lam is None:
        lam = float(np.trace(gram)) / len(gram)
    return np.linalg.inv(gram + lam * np.eye(len(gram))).astype(np.float64)


METHOD = LinearMethod(
    name="ridge",
    title="ridge regression; lam=1e4 with CytoSig's matrix gives CytoSig's z",
    reference="Jiang P et al. Nature Methods 2021;18:1181-1191",
    mix=_mix,
    takes_lam=True,
)
