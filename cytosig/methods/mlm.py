"""One regression on all signatures together, so that shared genes are shared out.

The estimate is Σ T(g)·(x(g) − x̄), x being one observation less its centre and x̄ its mean over the
G genes. T are the rows of the pseudo-inverse of all signatures, each centred over them (Wc)::

    T' = (Wc'Wc)⁻¹ Wc'

the slope on a signature given all others that are scored. Signatures that are nearly the same, or
a combination of others, on the genes present are refused: one regression cannot tell them apart.

Its z is put on the null that shuffles gene labels, whose mean and variance are known without
shuffling: z = √(G − 1) · Pearson(T, x) over all G genes; p is two-sided, by saddlepoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._linear import Design, LinearMethod, refuse_collinear

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _mix(design: Design, /, *, lam: float | None) -> NDArray[np.float64]:
    """T = rows of the pseudo-inverse of the centred signatures: M = (Wc'Wc)⁻¹."""
    gram = design.centred_gram
    refuse_collinear(gram, design.ids)
    return np.linalg.inv(gram).astype(np.float64)


METHOD = LinearMethod(
    name="mlm",
    title="multivariate linear model: all signatures in one regression",
    reference="Badia-i-Mompel P et al. Bioinformatics Advances 2022;2:vbac016",
    mix=_mix,
)
