"""Cell types: which compartment (epithelial, stromal, myeloid, T_NK, B) a label stands for."""

from __future__ import annotations

from cytosig.cells.labels import GENERIC, Cells, check_overrides, compartment_of, map_labels

__all__ = ["GENERIC", "Cells", "check_overrides", "compartment_of", "map_labels"]
