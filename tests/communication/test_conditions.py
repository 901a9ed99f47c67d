"""Groups are asked each for themselves; columns of obs that say nothing of a sample are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue


@pytest.fixture(scope="module")
def adata(cells: Callable) -> AnnData:
    found = cells(n_samples=9, seed=7)
    number = found.obs["sample"].str[1:].astype(int)
    found.obs["arm"] = np.array(["on", "off", "off"])[number % 3]
    found.obs["donor"] = (number // 2).to_numpy()
    found.obs["treated"] = (number % 2 == 0).to_numpy()
    found.obs["age"] = number.to_numpy() * 1.5
    found.obs["differs"] = np.arange(len(found)) % 2
    found.obs["constant"] = "one"
    return found


@pytest.mark.parametrize("call", ["sources", "targets", "links"])
def test_rows_of_a_group_are_those_of_its_samples_alone(
    adata: AnnData, ask: Callable, toy: Catalogue, call: str
) -> None:
    whole = ask(call, adata, signatures=toy, condition_key="arm")
    table = whole[call]
    assert list(dict.fromkeys(table["condition"])) == ["off", "on"]
    for name in ("on", "off"):
        mine = table[table["condition"] == name].drop(columns="condition")
        part = ask(call, adata[adata.obs["arm"] == name].copy(), signatures=toy)
        expected = part[call].drop(columns="condition")
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), expected.reset_index(drop=True), rtol=1e-9
        )
        if call == "links":
            strength = whole["links_strength"][part["links_strength"].columns]
            pd.testing.assert_frame_equal(strength, part["links_strength"], rtol=1e-9)


@pytest.mark.parametrize("order", [["on", "off"], ["off", "never", "on"]])
def test_groups_come_in_the_order_of_the_categories(
    adata: AnnData, ask: Callable, only: Callable, order: list[str]
) -> None:
    """Which is also what they are compared with; categories no sample has are none."""
    other = adata.copy()
    other.obs["arm"] = pd.Categorical(adata.obs["arm"], categories=order)
    found = ask("sources", other, signatures=only("MUTE"), condition_key="arm")
    there = [name for name in order if name != "never"]
    assert list(dict.fromkeys(found["sources"]["condition"])) == there
    assert set(found["sources_change"]["contrast"]) == {f"{there[1]} - {there[0]}"}


def test_truth_values_are_groups_and_numbers_are_not(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    groups = ask("targets", adata, signatures=only("NEST"), condition_key="treated")
    assert set(groups["targets"]["condition"]) == {"True", "False"}
    assert set(groups["targets_change"]["contrast"]) == {"True - False"}
    slope = ask("targets", adata, signatures=only("NEST"), condition_key="age")
    assert set(slope["targets"]["condition"]) == {"all"}
    assert set(slope["targets_change"]["contrast"]) == {"per unit of age"}


def test_without_a_condition_there_is_no_change(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    for call in ("sources", "targets"):
        assert set(ask(call, adata, signatures=only("NEST"))) == {call}


def test_donors_are_categories_whatever_they_are_called(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    """Numbers that name donors are no covariate."""
    named = adata.copy()
    named.obs["donor"] = ["donor " + str(x) for x in adata.obs["donor"]]
    one, two = (
        ask("sources", x, signatures=only("MUTE"), condition_key="treated", pair_key="donor")
        for x in (adata, named)
    )
    pd.testing.assert_frame_equal(one["sources_change"], two["sources_change"], rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"condition_key": "nope"}, UsageError, "condition_key: obs has no column 'nope'"),
        (
            {"condition_key": "differs"},
            DataError,
            r"condition_key: obs\['differs'\] has 2 values in sample 's\d'",
        ),
        ({"condition_key": "constant"}, DataError, "'constant' has one value in all 9 samples"),
        ({"condition_key": "arm", "baseline": "none"}, UsageError, "'none' is no level of 'arm'"),
        ({"condition_key": "age", "baseline": 3}, UsageError, "numbers, which have no reference"),
        ({"baseline": "on"}, UsageError, "baseline= needs condition_key="),
        ({"pair_key": "donor"}, UsageError, "pair_key= needs condition_key="),
        ({"covariates": ["age"]}, UsageError, "covariates= needs condition_key="),
        (
            {"condition_key": "arm", "covariates": ["weight"]},
            UsageError,
            "covariates: obs has no column 'weight'",
        ),
        (
            {"condition_key": "arm", "covariates": ["differs"]},
            DataError,
            r"covariates: obs\['differs'\] has 2 values",
        ),
    ],
)
@pytest.mark.parametrize("call", ["sources", "targets"])
def test_columns_that_cannot_be_used(
    adata: AnnData, ask: Callable, only: Callable, call: str,
    options: dict[str, object], error: type[Exception], message: str,
) -> None:  # fmt: skip
    with pytest.raises(error, match=message):
        ask(call, adata, signatures=only("NEST"), **options)


def test_a_missing_column_of_donors_is_told_by_its_argument(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    with pytest.raises(UsageError, match="pair_key: obs has no column 'nope'"):
        ask("sources", adata, signatures=only("MUTE"), condition_key="arm", pair_key="nope")


def test_a_condition_that_is_empty_for_some_cells(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    gaps = adata.copy()
    gaps.obs["arm"] = gaps.obs["arm"].where(gaps.obs["sample"] != "s4")
    with pytest.raises(DataError, match=r"condition_key: obs\['arm'\] is empty for \d+ obs"):
        ask("sources", gaps, signatures=only("MUTE"), condition_key="arm")


def test_conditions_of_a_pseudobulk_are_those_of_its_rows(
    adata: AnnData, ask: Callable, toy: Catalogue
) -> None:
    bulk = cs.pp.pseudobulk(adata, sample_key="sample", cell_type_key="cell_type", n_jobs=1)
    options = {"signatures": toy, "condition_key": "treated", "pair_key": "donor"}
    for call in ("sources", "targets"):
        cells, sums = ask(call, adata, **options), ask(call, bulk, **options)
        assert cells.keys() == sums.keys()
        for name, table in cells.items():
            pd.testing.assert_frame_equal(table, sums[name], check_exact=True)
