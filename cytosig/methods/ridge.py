"""Ridge regression on all signatures together, as CytoSig does."""

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
