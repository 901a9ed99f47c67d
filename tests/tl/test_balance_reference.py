"""Balances against a stored reference or controls: alone and in company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


def test_a_patient_alone_is_the_patient_in_company(
    patients: cs.datasets.SimulatedCohort, balances: Callable, same: Callable, of_sample: Callable
) -> None:
    """Against a stored reference, all tables, to the bit; cell types included."""
    keys = {k: v for k, v in TYPED.items() if k != "min_cells"} | {"min_cells": 3}
    cells = patients.adata
    reference = cs.tl.fit_reference(cells, **keys)
    company = balances(cells, reference=reference, **keys)
    for sample in ("S05", "S20"):
        alone = balances(cells[cells.obs["sample"] == sample].copy(), reference=reference, **keys)
        same(of_sample(company, sample), of_sample(alone, sample))


def test_a_patient_alone_with_few_cells_of_a_type(
    patients: cs.datasets.SimulatedCohort, balances: Callable, same: Callable, of_sample: Callable
) -> None:
    """In company that type has a row without a balance; so it does alone."""
    cells = patients.adata
    here = cells.obs["sample"] == "S05"
    gone = np.flatnonzero(here & (cells.obs["cell_type"] == "T cell"))[3:]
    cells = cells[np.setdiff1d(np.arange(cells.n_obs), gone)].copy()
    keys = TYPED | {"min_cells": 5}
    reference = cs.tl.fit_reference(cells, **keys)
    company = of_sample(balances(cells, reference=reference, **keys), "S05")
    found = company["balance_cell_types"].set_index("cell_type")
    assert found["verdict"]["T cell"] == "insufficient coverage"
    alone = balances(cells[cells.obs["sample"] == "S05"].copy(), reference=reference, **keys)
    same(company, of_sample(alone, "S05"))


def test_control_is_a_reference_of_some_samples(
    balance_bulk: AnnData, balances: Callable, same: Callable
) -> None:
    some = balance_bulk[balance_bulk.obs["arm"] == "b"].copy()
    expected = balances(balance_bulk, reference=cs.tl.fit_reference(some))
    same(balances(balance_bulk, control=("arm", "b")), expected)
    mean = balances(balance_bulk, control=("arm", "b"))["balance_activity"]
    chosen = (balance_bulk.obs["arm"] == "b").to_numpy()
    np.testing.assert_allclose(mean[chosen].mean(), 0, atol=1e-10)  # zero is theirs
    assert mean[~chosen].mean().abs().max() > 0.01


def test_control_of_pooled_cells(
    patients: cs.datasets.SimulatedCohort, balances: Callable, same: Callable
) -> None:
    cells = patients.adata
    some = cells[cells.obs["condition"] == "control"].copy()
    reference = cs.tl.fit_reference(some, sample_key="sample")
    asked = balances(cells, **POOLED, control=("condition", "control"))
    same(asked, balances(cells, **POOLED, reference=reference))
