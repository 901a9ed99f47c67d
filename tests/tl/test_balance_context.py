"""Context of a balance: columns of obs read, rules decided or said to hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import CytosigError, DataError, UsageError
from cytosig.signatures import load, load_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


CONTEXT = {
    name: name for name in ("stage", "treatment", "days_since_treatment", "genotype", "tumour_type")
}


def _states(tables: Tables, rule: str) -> list[str]:
    table = tables["balance_rules"]
    return table["state"][table["rule"] == rule].tolist()


def test_columns_are_read_as_people_write_them(balance_bulk: AnnData, balances: Callable) -> None:
    adata = balance_bulk.copy()
    four = {
        "stage": [" iii ", "I", "", None],
        "treatment": ["Anti-PD-1; ANTI-CTLA-4 ", "none", "radiotherapy", "radiotherapy;other"],
        "days_since_treatment": [3, None, "13.5", 14],
        "genotype": ["JAK1:loss; TP53:loss", "NONE", None, "JAK1:activating"],
        "tumour_type": ["Colorectal", "other", np.nan, "melanoma"],
    }
    for name, values in four.items():
        adata.obs[name] = pd.Series(values * 6, index=adata.obs_names, dtype=object)
    found = balances(adata, context=CONTEXT)
    yes, no, open_ = "holds", "does not hold", "undecided"
    expected = {
        "CR02": [yes, no, open_, open_],  # stage III or more
        "CR08": [yes, no, no, no],  # on PD-1 blockade
        "CR17": [yes, no, no, no],  # and CTLA-4
        "CR13": [no, no, yes, no],  # radiotherapy, less than 14 days ago
        "CR12": [yes, no, open_, no],  # JAK1 lost
        "CR24": [yes, no, open_, no],  # colon, lung, breast
    }
    assert {rule: _states(found, rule)[:4] for rule in expected} == expected
    none = balances(adata)
    assert all(set(_states(none, rule)) == {open_} for rule in expected)


@pytest.mark.parametrize("text", ["nan", "NaN"])
def test_a_number_that_is_none_is_not_taken_for_one(
    balance_bulk: AnnData, balances: Callable, text: str
) -> None:
    """Text of a gap is no number of days: it is refused, or read as empty; never decided."""
    adata = balance_bulk.copy()
    adata.obs["treatment"], adata.obs["days"] = "radiotherapy", text
    context = {"treatment": "treatment", "days_since_treatment": "days"}
    try:
        found = balances(adata, context=context)
    except DataError as error:
        assert "is a number (days)" in str(error)
    else:
        assert set(_states(found, "CR13")) == {"undecided"}


@pytest.mark.parametrize(
    ("asked", "value", "kind", "message"),
    [
        ("stage", "T3", DataError, r"obs\['c'\] of sample 'P07' is 'T3'; stage is one of normal, "
         r"premalignant, in situ, I, II, III, IV, metastatic"),
        ("treatment", "none; aspirin", DataError, r"of sample 'P07' is 'none; aspirin'; treatment "
         r"is one of none, anti-PD-1, .*Map it to one of these, or leave it empty"),
        ("days_since_treatment", "a week", DataError, r"'a week'; .* is a number \(days\)"),
        ("genotype", "JAK1 lost", DataError, r"'JAK1 lost'; expected SYMBOL:loss or "),
        ("age", "1", UsageError, r"no rule asks for 'age'; they ask for 'stage', 'tumour_type'"),
    ],
)  # fmt: skip
def test_values_that_no_rule_knows(
    balance_bulk: AnnData,
    balances: Callable,
    asked: str,
    value: str,
    kind: type[CytosigError],
    message: str,
) -> None:
    adata = balance_bulk.copy()
    adata.obs["c"] = pd.Series([None] * 24, index=adata.obs_names, dtype=object)
    adata.obs.loc["P07", "c"] = value
    with pytest.raises(kind, match=message):
        balances(adata, context={asked: "c"})


def test_a_column_must_be_there_and_say_one_thing_of_a_sample(
    balance_bulk: AnnData, patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    with pytest.raises(UsageError, match=r"context: obs has no column 'grade' .*it has 'arm'"):
        balances(balance_bulk, context={"stage": "grade"})
    with pytest.raises(UsageError, match=r"no column 'cell_type' .*one thing of every sample"):
        balances(patients.adata, **POOLED, context={"stage": "cell_type"})


def test_columns_of_cells_are_those_of_their_sample(
    patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    cells = patients.adata.copy()
    number = cells.obs["sample"].astype(str).str[1:].astype(int)
    cells.obs["stage"] = np.where(number % 3 == 0, "IV", "II")
    cells.obs.loc[number == 4, "stage"] = None
    found = balances(cells, **TYPED, context={"stage": "stage"})
    expected = [
        "undecided" if i == 4 else "does not hold" if i % 3 else "holds" for i in range(1, 25)
    ]
    assert _states(found, "CR02") == expected


def test_rules_that_are_said_to_hold(balance_bulk: AnnData, balances: Callable) -> None:
    """CR06, which nothing can tell, sets IL6 to .1, whatever other rules do; CR04 is not tested.

    The last four samples against the first twenty.
    """
    keys = {"reference": cs.tl.fit_reference(balance_bulk[:20].copy())}
    some = balance_bulk[20:].copy()
    usual, found = balances(some, **keys), balances(some, **keys, assume=["CR06"])
    assert set(_states(usual, "CR06")) == {"undecided"}
    assert set(_states(found, "CR06")) == {"holds"}
    assert set(_states(balances(some, **keys, assume="CR04"), "CR04")) == {"holds"}
    np.testing.assert_array_equal(found["balance"]["balance"], usual["balance"]["balance"])
    each, part = usual["balance_cytokines"], usual["balance_contributions"]["IL6"]
    anti = (each["vote"] * each["role"])[each["role"] > 0].sum()
    lasting = np.array([state == "holds" for state in _states(usual, "CR07")])  # times 1.3
    pull = each["vote"]["IL6"] * 0.1 / anti - each["pull"]["IL6"] * np.where(lasting, 1.3, 1)
    moved = found["balance"]["balance_context"] - usual["balance"]["balance_context"]
    used = part / each["pull"]["IL6"]
    np.testing.assert_allclose(moved, pull * used, rtol=1e-9, atol=1e-12)
    assert moved.abs().max() > 1e-3
    plain = balances(some, **keys, assume=["CR06"], shrink=False)
    moved = (
        plain["balance"]["balance_context"]
        - balances(some, **keys, shrink=False)["balance"]["balance_context"]
    )
    activity = usual["balance_activity"]["IL6"]
    np.testing.assert_allclose(moved, pull * activity, rtol=1e-9, atol=1e-12)


def test_a_verdict_in_context_does_not_rest_on_usual_roles(
    balance_bulk: AnnData, balances: Callable
) -> None:
    """Without any list of grade D, the interval in context alone decides."""
    lists = {id: replace(s, grade="A") for id, s in load().signatures.items()}
    catalogue = replace(load(), signatures=lists, variants={})
    told = ("CR01", "CR10", "CR12", "CR14", "CR18", "CR06")
    found = balances(balance_bulk, signatures=catalogue, assume=told)["balance"]
    low, high = found["context_low"], found["context_high"]
    expected = np.select([low > 0, high < 0], ["anti-tumour", "pro-tumour"], "indeterminate")
    turned = np.sign(found["balance_context"]) != np.sign(found["balance"])
    assert (turned & (expected != "indeterminate")).any()
    assert found["verdict_context"].tolist() == expected.tolist()


def test_every_rule_is_told_of_every_sample(typed: Tables) -> None:
    rules = typed["balance_rules"]
    ids = [rule.id for rule in load_context()]
    assert rules.groupby("sample", sort=False)["rule"].apply(list).tolist() in (
        [ids] * 24,
        [sorted(ids)] * 24,
    )
    assert set(rules["state"]) <= {"holds", "does not hold", "undecided"}
    assert (rules["why"] != "").all()
