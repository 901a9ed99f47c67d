"""Weighted mean of the signature's genes."""

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
