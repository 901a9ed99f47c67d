"""What a balance leaves in uns, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd

import cytosig as cs
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


def test_everything_can_be_written_and_read(
    patients: cs.datasets.SimulatedCohort, tmp_path: Path
) -> None:
    cells = patients.adata.copy()
    cells.obs["stage"] = "II"
    cs.tl.balance(
        cells,
        **TYPED,
        n_draws=100,
        assume=["CR06"],
        context={"stage": "stage"},
        sweep=["IFNG"],
    )
    cells.write_h5ad(tmp_path / "out.h5ad")
    written = cells.uns["cytosig"]
    held = anndata.read_h5ad(tmp_path / "out.h5ad").uns["cytosig"]
    assert held.keys() == written.keys()
    assert len([name for name in held if name.startswith("balance")]) >= 10
    for name, table in written.items():
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(
                held[name], table, check_exact=True, check_dtype=False, check_names=False,
                check_column_type=False, check_index_type=False, obj=name,
            )  # fmt: skip
    params = held["balance_params"]
    assert (params["n_draws"], params["level"], params["rng"]) == (100, 0.95, 0)
    assert list(params["assume"]) == ["CR06"]
    assert list(params["sweep"]) == ["IFNG"]
    assert params["shrink"]
    assert list(params["context"]) == ["stage=stage"]
    assert params["n_reference"] == 24
    assert params["catalogue_digest"] == load().digest


def test_scores_and_balances_do_not_disturb_each_other(
    balance_bulk: AnnData, same: Callable
) -> None:
    def kept(adata: AnnData) -> Tables:
        return {k: v for k, v in adata.uns["cytosig"].items() if isinstance(v, pd.DataFrame)}

    adata = balance_bulk.copy()
    cs.tl.score(adata, method="ulm")
    score, scored = adata.obsm["cytosig_score"].copy(), kept(adata)
    cs.tl.balance(adata, n_draws=100)
    both = kept(adata)
    same(scored, {name: both[name] for name in scored})
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], score, check_exact=True)
    assert adata.uns["cytosig"]["params"]["method"] == "ulm"
    cs.tl.score(adata, method="wmean")
    again = kept(adata)
    balances = [name for name in both if name.startswith("balance")]
    assert len(balances) == 7
    same({name: both[name] for name in balances}, {name: again[name] for name in balances})
    assert adata.uns["cytosig"]["params"]["method"] == "wmean"


def test_a_later_run_leaves_nothing_of_an_older_one(patients: cs.datasets.SimulatedCohort) -> None:
    cells = patients.adata.copy()
    cs.tl.balance(cells, **TYPED, n_draws=100)
    assert "balance_cell_types" in cells.uns["cytosig"]
    cs.tl.balance(cells, **POOLED, n_draws=100)
    assert not [name for name in cells.uns["cytosig"] if "cell_types" in name]


def test_a_copy_leaves_the_input_alone(balance_bulk: AnnData) -> None:
    before = balance_bulk.copy()
    out = cs.tl.balance(balance_bulk, n_draws=100, copy=True, key_added="mine")
    assert list(out.uns) == ["mine"]
    assert balance_bulk.uns == {}
    assert (balance_bulk.X != before.X).nnz == 0
    pd.testing.assert_frame_equal(balance_bulk.obs, before.obs)
    own = before.copy()
    assert cs.tl.balance(own, n_draws=100, key_added="mine") is None
    pd.testing.assert_frame_equal(own.uns["mine"]["balance"], out.uns["mine"]["balance"])
    pd.testing.assert_frame_equal(own.obs, before.obs)


def test_a_generator_is_a_seed_that_moves_on(
    balance_bulk: AnnData, balances: Callable, same: Callable
) -> None:
    rng = np.random.default_rng(0)
    same(balances(balance_bulk, rng=rng), balances(balance_bulk, rng=0))
    later = balances(balance_bulk, rng=rng)["balance"]
    assert (later["se"] != balances(balance_bulk)["balance"]["se"]).all()


def test_a_later_run_leaves_no_sweep_of_an_older_one(balance_bulk: AnnData) -> None:
    adata = balance_bulk.copy()
    cs.tl.balance(adata, sweep=["IFNG"], n_draws=100)
    assert {"balance_sweep", "balance_tipping"} <= adata.uns["cytosig"].keys()
    cs.tl.balance(adata, n_draws=100)
    assert not {"balance_sweep", "balance_tipping"} & adata.uns["cytosig"].keys()
