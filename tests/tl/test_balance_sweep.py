"""Sweeps of a balance: curves that meet it, and a sign that turns where it is said to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

IDS = ["IFNG", "TGFB1", "IL6"]


@pytest.fixture(scope="module")
def swept(balance_bulk: AnnData, balances: Callable) -> Tables:
    return balances(balance_bulk, sweep=["IFN-gamma", "TGFB1", "IL6", "IFNG"])


def test_one_curve_a_sample_cytokine_and_kind(swept: Tables, balance_bulk: AnnData) -> None:
    """Names are resolved, and each is swept once."""
    curve = swept["balance_sweep"]
    n = curve.groupby(["sample", "cytokine", "kind"], sort=False).size().unstack()
    assert n.index.tolist() == [(s, id) for s in balance_bulk.obs_names for id in IDS]
    assert (n["role"] == 21).all()
    assert (n["dose"] == 25).all()
    assert (curve["ci_low"] <= curve["ci_high"]).all()


def test_a_sweep_leaves_the_balance_alone(
    swept: Tables, balance_bulk: AnnData, balances: Callable, same: Callable
) -> None:
    rest = {k: v for k, v in swept.items() if k not in ("balance_sweep", "balance_tipping")}
    same(rest, balances(balance_bulk))


def test_curves_meet_the_balance(swept: Tables) -> None:
    """At the usual role, between two that are tried where it is none; and at no dose."""
    table, curve = swept["balance"], swept["balance_sweep"]
    for id in IDS:
        mine = curve[curve["cytokine"] == id]
        usual = load().cytokines[id].role.value
        for sample, part in mine[mine["kind"] == "role"].groupby("sample"):
            at = np.interp(usual, part["value"], part["balance"])
            assert at == pytest.approx(table["balance"][sample], abs=1e-10)
        none = mine[(mine["kind"] == "dose") & (mine["value"] == 0)].set_index("sample")
        for name, of_it in (("balance", "balance"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
            np.testing.assert_allclose(none[name], table[of_it].loc[none.index], atol=1e-10)


def test_a_dose_moves_the_balance_by_its_pull(swept: Tables) -> None:
    """A standard deviation of the activity over the samples, which are the reference, a unit."""
    curve, pull = swept["balance_sweep"], swept["balance_cytokines"]["pull"]
    for id in IDS:
        mine = curve[(curve["cytokine"] == id) & (curve["kind"] == "dose")]
        parts = [part for _, part in mine.groupby("sample")]
        slope = [np.polyfit(part["value"], part["balance"], 1)[0] for part in parts]
        expected = pull[id] * swept["balance_activity"][id].std(ddof=1)
        np.testing.assert_allclose(slope, expected, rtol=1e-8)


def test_the_sign_turns_where_it_tips(swept: Tables, balance_bulk: AnnData) -> None:
    """Solved from the contributions: with the role, then with the dose, nothing is left."""
    parts, each = swept["balance_contributions"], swept["balance_cytokines"]
    weight = each["vote"] * each["role"]
    arm = {1: weight[weight > 0].sum(), -1: -weight[weight < 0].sum()}
    table = swept["balance_tipping"]
    assert len(table) == 3 * balance_bulk.n_obs
    for row in table.itertuples():
        own = parts.loc[row.sample, row.cytokine]
        rest = parts.loc[row.sample].drop(row.cytokine).sum()
        used = own / each["pull"][row.cytokine]

        def balance(role: float, dose: float = 0.0, *, used=used, rest=rest, id=row.cytokine):
            a = used + dose * swept["balance_activity"][id].std(ddof=1)
            return rest + each["vote"][id] * role / arm[1 if role > 0 else -1] * a

        assert balance(row.role, row.tipping_dose) == pytest.approx(0, abs=1e-10)
        if np.isnan(row.tipping_role):
            assert len({np.sign(balance(role)) for role in (-1, 0, 1)}) == 1
        else:
            assert abs(row.tipping_role) <= 1
            assert balance(row.tipping_role) == pytest.approx(0, abs=1e-10)
    assert 0 < table["tipping_role"].notna().sum() < len(table)


def test_a_role_that_tips_is_a_role_with_which_there_is_no_balance(
    swept: Tables, balance_bulk: AnnData, balances: Callable
) -> None:
    """By a run with that role in the catalogue, its arm's sum put back to the usual one."""
    table = swept["balance_tipping"].dropna(subset="tipping_role")
    row = next(r for r in table.itertuples() if r.cytokine == "IFNG" and r.tipping_role > 0)
    shipped, each = load(), swept["balance_cytokines"]
    ifng = shipped.cytokines["IFNG"]
    own = replace(ifng, role=replace(ifng.role, value=row.tipping_role))
    catalogue = replace(shipped, cytokines={**shipped.cytokines, "IFNG": own})
    found = balances(balance_bulk, signatures=catalogue)["balance"].loc[row.sample]
    weight = (each["vote"] * each["role"])[each["role"] > 0]
    usual = weight.sum()
    changed = usual + each["vote"]["IFNG"] * (row.tipping_role - each["role"]["IFNG"])
    assert found["anti"] * changed / usual == pytest.approx(found["pro"], abs=1e-10)


def test_doses_of_a_later_patient_are_in_units_of_the_reference(
    balance_bulk: AnnData, balances: Callable, same: Callable, of_sample: Callable
) -> None:
    reference = cs.tl.fit_reference(balance_bulk[:20].copy())
    company = balances(balance_bulk, reference=reference, sweep="IFNG")
    alone = balances(balance_bulk[["P22"]].copy(), reference=reference, sweep="IFNG")
    for tables in (company, alone):
        for name in ("balance_sweep", "balance_rules"):
            tables[name] = tables[name].reset_index(drop=True)
    same(of_sample(company, "P22"), of_sample(alone, "P22"))
    there = balances(balance_bulk[:20].copy(), reference=reference)["balance_activity"]["IFNG"]
    row = alone["balance_tipping"].iloc[0]
    moved = -alone["balance"]["balance"].iloc[0] / alone["balance_cytokines"]["pull"]["IFNG"]
    assert row["tipping_dose"] == pytest.approx(moved / there.std(ddof=1), rel=1e-8)
