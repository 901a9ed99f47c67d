"""Cell types: which compartment (epithelial, stromal, myeloid, T_NK, B) a label stands for."""

from __future__ import annotations

from cytosig.cells.labels import (
    Cells,
    check_overrides,
    compartment_of,
    is_malignant,
    map_labels,
)
from cytosig.signatures.model import GENERIC

__all__ = ["GENERIC", "Cells", "check_overrides", "compartment_of", "is_malignant", "map_labels"]
