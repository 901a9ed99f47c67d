"""Balances of cells: pooled to samples and cell types, however they are stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cytosig._errors import DataError, UsageError
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import cytosig as cs

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


def test_cells_are_added_up(
    patients: cs.datasets.SimulatedCohort, balances: Callable, same: Callable, pooled: Callable
) -> None:
    by_hand = balances(pooled(patients.adata), target_sum=1e4)
    same(balances(patients.adata, **POOLED), by_hand)


def test_a_cell_type_is_weighed_as_its_own_cells_would_be(
    patients: cs.datasets.SimulatedCohort, balances: Callable, pooled: Callable
) -> None:
    """By the lists of its compartment, against the same cells of the other samples.

    The generic lists stand by as those of a compartment that nothing is in, so that the same genes
    are drawn.
    """
    shipped, moved = load(), []
    found = balances(patients.adata, **{**TYPED, "min_cells": 1})["balance_cell_types"]
    for label, compartment in (("macrophage", "myeloid"), ("T cell", "T_NK")):
        cells = pooled(patients.adata[patients.adata.obs["cell_type"] == label])
        own = shipped.for_compartment(compartment).signatures
        spare = {**shipped.variants, compartment: shipped.signatures}
        lists = replace(shipped, signatures=own, variants=spare)
        expected = balances(cells, signatures=lists, target_sum=1e4)["balance"]
        mine = found[found["cell_type"] == label].set_index("sample").drop(columns="cell_type")
        pd.testing.assert_frame_equal(
            mine, expected.loc[mine.index, mine.columns], check_exact=True, check_names=False
        )
        usual = balances(cells, target_sum=1e4)["balance"].loc[mine.index, "balance"]
        moved.append((mine["balance"] - usual).abs().max() / usual.std())
    assert min(moved) > 0.05  # other lists


def test_a_type_with_few_cells_has_no_balance(
    patients: cs.datasets.SimulatedCohort, typed: Tables
) -> None:
    n = patients.adata.obs.groupby(["sample", "cell_type"], observed=True).size()
    found = typed["balance_cell_types"]
    few = np.array([n[s, t] < 8 for s, t in zip(found["sample"], found["cell_type"], strict=True)])
    assert 0 < few.sum() < len(few) / 2
    assert found["balance"].isna().to_numpy().tolist() == few.tolist()
    assert set(found["verdict"][few]) == {"insufficient coverage"}
    assert set(found["reason"][few]) == {"no expression in the sample, or too few of these cells"}
    assert "insufficient coverage" not in set(found["verdict"][~few])
    parts = typed["balance_cell_types_contributions"]
    assert list(parts.index) == list(found.index)
    numbers = parts.drop(columns=["sample", "cell_type"])
    np.testing.assert_allclose(numbers.sum(axis=1, skipna=True)[~few], found["balance"][~few])


def test_rules_on_some_cells_need_cell_types_and_enough_of_them(
    patients: cs.datasets.SimulatedCohort, balances: Callable, typed: Tables
) -> None:
    """CR19 looks at myeloid cells: the macrophages."""
    without = balances(patients.adata, **POOLED)["balance_rules"]
    assert set(without["state"][without["rule"] == "CR19"]) == {"undecided"}
    obs = patients.adata.obs
    n = obs[obs["cell_type"] == "macrophage"].groupby("sample", observed=False).size()
    rule = typed["balance_rules"][typed["balance_rules"]["rule"] == "CR19"].set_index("sample")
    assert (rule["state"] == "undecided").to_dict() == (n < 8).to_dict()
    assert "does not hold" in set(rule["state"])
    assert rule["why"][n[n >= 8].index].str.contains("IL10 in myeloid = ").all()


def test_how_cells_are_stored_does_not_matter(
    patients: cs.datasets.SimulatedCohort,
    balances: Callable,
    same: Callable,
    typed: Tables,
    tmp_path: Path,
) -> None:
    cells = patients.adata
    dense = cells.copy()
    dense.X = dense.X.toarray()
    same(typed, balances(dense, **TYPED, n_jobs=2))
    cells.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    same(typed, balances(backed, **TYPED, n_jobs=1))
    backed.file.close()


def test_the_order_of_cells_and_genes_does_not_matter(
    patients: cs.datasets.SimulatedCohort, balances: Callable, same: Callable, typed: Tables
) -> None:
    rng = np.random.default_rng(0)
    cells = patients.adata
    mixed = cells[rng.permutation(cells.n_obs), rng.permutation(cells.n_vars)].copy()
    same(typed, balances(mixed, **TYPED))


def test_logged_cells_are_averaged(
    patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    cells = patients.adata.copy()
    x = cells.X.toarray().astype(np.float64)
    cells.X = sparse.csr_matrix(np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4))
    names = cells.obs["sample"].astype(str)
    means = pd.DataFrame(cells.X.toarray(), index=names).groupby(level=0).mean()
    bulk = anndata.AnnData(means.to_numpy(), pd.DataFrame(index=means.index), cells.var.copy())
    by_hand = balances(bulk, normalize="none")
    found = balances(cells, **POOLED)
    for name in ("balance", "balance_contributions"):
        pd.testing.assert_frame_equal(
            found[name], by_hand[name], rtol=1e-8, atol=1e-11, check_names=False
        )


def test_cohorts_without_malignant_cells(
    patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    cells = patients.adata[patients.adata.obs["cell_type"] != "malignant"].copy()
    found = balances(cells, **TYPED)
    rules = found["balance_rules"].set_index("rule")["state"]
    assert set(rules["CR11"]) == {"undecided"}
    assert "malignant" not in set(found["balance_cell_types"]["cell_type"])


@pytest.mark.parametrize(("value", "layer"), [(np.nan, None), (np.inf, "counts")])
def test_genes_with_values_that_are_none_can_be_left_out(
    patients: cs.datasets.SimulatedCohort,
    balances: Callable,
    same: Callable,
    value: float,
    layer: str | None,
) -> None:
    """As if those genes were not in the data; refused by name unless that is asked for."""
    cells = patients.adata.copy()
    gone = [cells.var_names.get_loc(gene) for gene in ("STAT1", "COL1A1")]
    x = cells.X.toarray().astype(np.float64)
    x[[3, 700], gone] = value
    if layer is None:
        cells.X = x
    else:
        cells.layers[layer] = x
    rest = patients.adata[:, ~np.isin(np.arange(cells.n_vars), gone)].copy()
    options = {**POOLED, "layer": layer}
    same(balances(cells, **options, nonfinite="drop_genes"), balances(rest, **POOLED))
    with pytest.raises(DataError, match=r"STAT1|COL1A1"):
        balances(cells, **options)


def test_genes_of_raw_cannot_be_left_out(
    patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    cells = patients.adata.copy()
    cells.X = cells.X.toarray().astype(np.float64)
    cells.X[3, 5] = np.nan
    cells.raw = cells
    with pytest.raises(UsageError, match=r"cannot leave genes out of adata\.raw"):
        balances(cells, **POOLED, use_raw=True, nonfinite="drop_genes")
