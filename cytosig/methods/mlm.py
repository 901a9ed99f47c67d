"""One regression on all signatures together, so that shared genes are shared out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.methods._base import Design, LinearMethod

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST_CONDITION = 1e8


def _mix(design: Design, /, *, lam: float | None) -> NDArray[np.float64]:
    """T = rows of the pseudo-inverse of the centred signatures: M = (Wc'Wc)⁻¹."""
    gram = design.centred_gram
    if np.linalg.cond(_correlation(gram)) > _LARGEST_CONDITION:
        raise DataError(_explain(gram, design.ids))
    return np.linalg.inv(gram).astype(np.float64)


def _correlation(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    norm = np.sqrt(np.diag(gram))
    return np.asarray(gram / np.outer(norm, norm))


def _explain(gram: NDArray[np.float64], ids: tuple[str, ...]) -> str:
    alike = np.abs(_correlation(gram))
    np.fill_diagonal(alike, 0.0)
    i, j = np.unravel_index(int(alike.argmax()), alike.shape)
    return (
        f"On the genes present, signatures {ids[i]} and {ids[j]} are nearly the same (correlation"
        f" {alike[i, j]:.4f}) or a combination of others, so mlm cannot tell them apart. Leave one"
        ' out (signatures=catalogue.subset(...)) or use method="ulm" or "ridge".'
    )


METHOD = LinearMethod(
    name="mlm",
    title="multivariate linear model: all signatures in one regression",
    reference="Badia-i-Mompel P et al. Bioinformatics Advances 2022;2:vbac016",
    mix=_mix,
)
