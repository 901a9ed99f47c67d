"""Which labels name malignant cells, read as a person would."""

from __future__ import annotations

import pytest

from cytosig.cells import is_malignant

MALIGNANT = (
    "Malignant", "malignant cell", "malignant_3", "Tumor", "Tumour cells", "TUMOR CELL", "Cancer",
    "cancer cells", "Cancer epithelial", "Cancer Epithelial LumA", "neoplastic cell",
    "malignant epithelial cells", "epithelial tumor", "Melanoma cells", "Glioma",
    "12_Malignant", "cancer stem cell", "c3: tumor", "Malignant cells (cycling)",
)  # fmt: skip
OTHERS = (
    "", "unknown", "T cell", "Macrophage", "epithelial", "normal epithelial", "fibroblast", "c7",
    "non-malignant", "not malignant", "Non-Malignant epithelial", "tumor-like", "TAM", "CAF",
    "tumor-associated macrophage", "tumour associated neutrophils", "cancer-associated fibroblast",
    "cancer associated fibroblasts", "tumor-infiltrating lymphocyte", "tumor infiltrating T cell",
    "tumor endothelium", "Tumor endothelial cells", "tumor-specific CD8 T cell", "tumor-derived EC",
    "tumor-adjacent epithelium", "Malignant/T doublet", "malignant?", "tumor macrophages",
    "tumour fibroblast",
)  # fmt: skip


@pytest.mark.parametrize("label", MALIGNANT)
def test_malignant(label: str) -> None:
    assert is_malignant(label)


@pytest.mark.parametrize("label", OTHERS)
def test_not_malignant(label: str) -> None:
    assert not is_malignant(label)


@pytest.mark.parametrize("label", ["Carcinoma", "adenocarcinoma cells", "CL:0001064"])
def test_other_names_of_malignant_cells(label: str) -> None:
    """CL:0001064 is *malignant cell* in the Cell Ontology."""
    assert is_malignant(label)
