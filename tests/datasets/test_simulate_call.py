"""What a call of simulate_cohort takes and refuses, on the curated catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from cytosig._errors import UsageError
from cytosig.datasets import Program, simulate_cohort


def test_a_generator_is_used_up_and_the_global_one_is_not() -> None:
    call = {"n_samples": 2, "cells_per_sample": 10, "n_genes": 3000}
    before = np.random.get_state()[1].copy()
    generator = np.random.default_rng(4)
    first = simulate_cohort(**call, rng=generator).adata.X
    second = simulate_cohort(**call, rng=generator).adata.X
    seeded = simulate_cohort(**call, rng=4).adata.X
    np.testing.assert_array_equal(before, np.random.get_state()[1])
    assert (first != seeded).nnz == 0
    assert (first != second).nnz > 0


def test_aliases_become_ids() -> None:
    planted = [Program("IFN-gamma", "T cell", "malignant")]
    cohort = simulate_cohort(n_samples=1, cells_per_sample=5, programs=planted)
    assert list(cohort.truth["cytokine"]) == ["IFNG"]
    assert list(cohort.activity.columns) == ["IFNG"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"programs": [Program("CXCL9", "T cell", "malignant")]}, "cannot plant CXCL9:.*IFNG"),
        ({"programs": [Program("NOPE", "T cell", "malignant")]}, "cannot plant NOPE"),
        ({"programs": [Program("TNF", "B cell", "malignant")]}, "no cell type is called 'B cell'"),
        ({"programs": [Program("TNF", "T cell", "malignant", effect=np.nan)]}, "finite"),
        ({"cell_types": ("malignant", "T cell")}, "'macrophage', 'fibroblast', 'endothelial'"),
        ({"n_genes": 200}, "n_genes=200 is too few"),
        ({"n_samples": 3, "paired": True}, "even"),
        ({"n_samples": 0}, "1 or more"),
        ({"cells_per_sample": 0}, "1 or more"),
        ({"sample_sd": -1.0}, "sample_sd"),
        ({"depth": 0}, "depth"),
        ({"conditions": ("same", "same")}, "2 different names"),
        ({"conditions": ("one", "two", "three")}, "2 different names"),
        ({"cell_types": ("malignant", "malignant")}, "different names"),
        ({"cell_types": "malignant"}, "different names"),
        ({"cell_types": ()}, "different names"),
    ],
)
def test_errors_name_the_fault(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_cohort(**arguments)
