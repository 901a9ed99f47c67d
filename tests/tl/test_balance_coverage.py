"""What has no balance, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.signatures import load, load_programmes

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


def test_an_arm_that_is_not_measured(balance_bulk: AnnData, balances: Callable) -> None:
    """Without the genes of nine in ten cytokines that work for the tumour."""
    catalogue = load()
    pro = [id for id in catalogue.signatures if catalogue.cytokines[id].role.value < 0]
    gone = {g for id in pro[2:] for g in catalogue.signatures[id].weights}
    gone -= {g for id in pro[:2] for g in catalogue.signatures[id].weights}
    some = balance_bulk[:, [g not in gone for g in balance_bulk.var_names]].copy()
    tables = balances(some, min_coverage=0.9, sweep=pro[:1])
    found = tables["balance"]
    assert set(found["verdict"]) == {"insufficient coverage"}
    assert found["reason"].str.contains("are measured, 50% are needed").all()
    assert found[["anti_coverage", "pro_coverage"]].min(axis=None) < 0.5
    kept = ["anti_coverage", "pro_coverage"]
    state = ["adaptive_resistance", "treg_over_effector"]
    numbers = [c for c in found if found[c].dtype.kind == "f" and c not in (*kept, *state)]
    assert {"balance", "ci_low", "se", "balance_context", "balance_network"} <= set(numbers)
    assert found[numbers].isna().all(axis=None)
    assert set(found["driver"]) == {""}
    for name in ("balance_contributions", "balance_activity", "balance_axes"):
        assert len(tables[name].columns) >= 3
        assert tables[name].isna().all(axis=None)
    assert len(tables["balance_sweep"]) == 0
    assert tables["balance_tipping"][["tipping_role", "tipping_dose"]].isna().all(axis=None)


@pytest.mark.parametrize("assume", [(), ("CR06", "CR18")])
def test_a_catalogue_of_one_arm(
    balance_bulk: AnnData, balances: Callable, assume: tuple[str, ...]
) -> None:
    """No balance, said so; also where context would turn a role to the arm that is not there."""
    one_arm = load().subset(["TGFB1", "IL6", "IL10"])
    found = balances(balance_bulk, signatures=one_arm, assume=assume)["balance"]
    assert set(found["verdict"]) == {"insufficient coverage"}
    assert set(found["reason"]) == {"one arm has no cytokine that is measured"}
    assert found["balance"].isna().all()
    assert found["balance_context"].isna().all()


def test_a_sample_of_zeros(balance_bulk: AnnData, balances: Callable) -> None:
    adata = balance_bulk.copy()
    adata.X = adata.X.toarray()
    adata.X[5] = 0
    adata = adata[:, adata.var_names != "IL6"].copy()  # and a gene that is not measured
    tables = balances(adata, sweep="IFNG")
    found, others = tables["balance"].loc["P05"], tables["balance"].drop("P05")
    assert found["verdict"] == "insufficient coverage"
    assert found["reason"] == "no expression in the sample, or too few of these cells"
    kept = ["anti_coverage", "pro_coverage"]
    numbers = [c for c in tables["balance"] if tables["balance"][c].dtype.kind == "f"]
    assert found[numbers].drop(kept).isna().all()
    assert found["phenotype"] == "undecided"
    assert tables["balance_contributions"].loc["P05"].isna().all()
    assert others["balance"].notna().all()
    assert set(tables["balance_sweep"]["sample"]) == set(others.index)
    rules = tables["balance_rules"]
    tests_of_data = rules["rule"].isin(["CR03", "CR04", "CR07", "CR09", "CR14"])
    assert set(rules["state"][(rules["sample"] == "P05") & tests_of_data]) == {"undecided"}


def test_a_sample_of_zeros_leaves_the_others_alone(
    balance_bulk: AnnData, balances: Callable
) -> None:
    adata = balance_bulk.copy()
    adata.X = adata.X.toarray()
    adata.X[5] = 0
    rest = balance_bulk[balance_bulk.obs_names != "P05"].copy()
    found, expected = balances(adata)["balance"], balances(rest)["balance"]
    np.testing.assert_allclose(found["balance"].drop("P05"), expected["balance"], atol=1e-10)


def test_a_phenotype_needs_its_genes_whatever_is_said_to_hold(
    balance_bulk: AnnData, balances: Callable
) -> None:
    gone = load_programmes()["effector_t"].genes
    adata = balance_bulk[:, ~balance_bulk.var_names.isin(gone)].copy()
    assert set(balances(adata)["balance"]["phenotype"]) == {"undecided"}
    found = balances(adata, assume=["CR04"])["balance"]["phenotype"]
    assert set(found) <= {"undecided", "desert"}


def test_few_samples_are_not_adjusted_and_it_is_said(
    balance_bulk: AnnData, caplog: pytest.LogCaptureFixture, balances: Callable
) -> None:
    found = balances(balance_bulk[:9].copy())["balance"]
    assert "No adjusted balance: 9 reference samples, 10 are needed." in caplog.text
    assert found[["balance_adjusted", "adjusted_low", "adjusted_high"]].isna().all(axis=None)
    assert found["balance"].notna().all()
    caplog.clear()
    found = balances(balance_bulk, adjust=())["balance"]
    assert found["balance_adjusted"].isna().all()
    assert caplog.text == ""
