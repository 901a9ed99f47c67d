"""One regression a signature: the slope of the observation on its weights."""

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
