"""A whole balance from the matrix of counts, by brute force."""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cytosig.signatures import load, load_programmes

if TYPE_CHECKING:
    from collections.abc import Callable

    Tables = dict[str, pd.DataFrame]


def test_the_whole_balance_from_the_matrix(tables: Tables, by_hand: dict) -> None:
    close = {"rtol": 1e-10, "atol": 1e-10}
    found = tables["balance"]
    for name in ("balance", "anti", "pro", "intensity"):
        np.testing.assert_allclose(found[name], by_hand[name], **close)
    activity = tables["balance_activity"]
    assert list(activity.columns) == list(by_hand["activity"].columns)
    np.testing.assert_allclose(activity, by_hand["activity"], **close)
    each = tables["balance_cytokines"]
    for name in ("reliability", "vote", "pull"):
        np.testing.assert_allclose(each[name], by_hand[name][each.index], **close)
    assert found["balance"].std() > 0.1


def test_cytokines_are_listed_with_what_the_catalogue_says(tables: Tables) -> None:
    each, catalogue = tables["balance_cytokines"], load()
    role = {id: catalogue.cytokines[id].role for id in each.index}
    assert each["role"].tolist() == [role[id].value for id in each.index]
    weight = {"high": 1.0, "medium": 0.75, "low": 0.5}
    assert each["role_weight"].tolist() == [weight[r.confidence] for r in role.values()]
    assert each["grade"].tolist() == [catalogue.grades[id] for id in each.index]
    assert each["coverage"].tolist() == pytest.approx([1.0] * len(each))
    assert each["pull"][each["role"] > 0].sum() == pytest.approx(1, rel=1e-12)
    assert each["pull"][each["role"] < 0].sum() == pytest.approx(-1, rel=1e-12)
    votes = each.groupby("axis")["vote"].sum()
    best = each["role_weight"].groupby(each["axis"]).max()
    np.testing.assert_allclose(votes, best, rtol=1e-12)


def test_contributions_add_up_to_the_last_digit(tables: Tables, by_hand: dict) -> None:
    found = tables["balance"]
    parts = tables["balance_contributions"]
    assert found["balance"].tolist() == [fsum(row) for row in parts.to_numpy()]
    axes = tables["balance_cytokines"]["axis"]
    for axis, column in tables["balance_axes"].items():
        mine = parts[axes.index[axes == axis]].to_numpy()
        assert column.tolist() == [fsum(row) for row in mine]
    np.testing.assert_allclose(parts, by_hand["parts"][parts.columns], rtol=1e-8, atol=1e-11)


def test_the_driver_and_the_balance_without_it(
    tables: Tables, z: pd.DataFrame, brute_force: Callable
) -> None:
    found, parts = tables["balance"], tables["balance_contributions"]
    assert found["driver"].tolist() == parts.abs().idxmax(axis=1).tolist()
    for id in found["driver"].value_counts().index[:3]:
        kept = {i: s for i, s in load().signatures.items() if i != id}
        expected = brute_force(z, replace(load(), signatures=kept, variants={}))["balance"]
        mine = (found["driver"] == id).to_numpy()
        np.testing.assert_allclose(found["without_driver"][mine], expected[mine], atol=1e-10)
        assert (found["without_one_low"] <= expected + 1e-10).all()
        assert (found["without_one_high"] >= expected - 1e-10).all()
    assert (found["without_one_low"] <= found["without_driver"]).all()


def test_the_balance_of_graded_lists(
    tables: Tables, z: pd.DataFrame, brute_force: Callable
) -> None:
    kept = {id: s for id, s in load().signatures.items() if s.grade != "D"}
    expected = brute_force(z, replace(load(), signatures=kept, variants={}))["balance"]
    np.testing.assert_allclose(tables["balance"]["graded_only"], expected, atol=1e-10)


def _programme(z: pd.DataFrame, name: str) -> pd.Series:
    return z[list(load_programmes()[name].genes)].mean(axis=1)


def _scaled(values: pd.Series) -> pd.Series:
    return (values - values.mean()) / values.std(ddof=1)


def test_the_adjusted_balance_is_the_residual_of_content(tables: Tables, z: pd.DataFrame) -> None:
    found = tables["balance"]
    content = pd.concat([_programme(z, n) for n in ("immune_content", "stromal_content")], axis=1)
    fit = sm.OLS(found["balance"], sm.add_constant(content.to_numpy())).fit()
    expected = fit.resid + found["balance"].mean()
    np.testing.assert_allclose(found["balance_adjusted"], expected, atol=1e-10)
    for _, column in content.items():
        assert abs(np.corrcoef(column, found["balance_adjusted"])[0, 1]) < 1e-8
    assert fit.rsquared > 0.02
    assert (found["adjusted_low"] < found["adjusted_high"]).all()


def test_what_is_said_of_the_state_of_a_sample(tables: Tables, z: pd.DataFrame) -> None:
    """Resistance is what IFN-γ, read without the checkpoint genes, does not explain of them."""
    found = tables["balance"]
    weights = pd.Series(dict(load().signatures["IFNG"].weights))
    weights = weights[~weights.index.isin(load_programmes()["checkpoint"].genes)]
    ifng = (z[weights.index] * weights).sum(axis=1) / weights.abs().sum()
    fit = sm.OLS(_programme(z, "checkpoint"), sm.add_constant(ifng)).fit()
    np.testing.assert_allclose(found["adaptive_resistance"], _scaled(fit.resid), atol=1e-9)
    treg = _scaled(_programme(z, "treg")) - _scaled(_programme(z, "il2_effector"))
    np.testing.assert_allclose(found["treg_over_effector"], treg, atol=1e-9)
    effector, stroma = _programme(z, "effector_t"), _programme(z, "tgfb_stroma")
    low, high = np.quantile(effector, [0.33, 0.67])
    many = stroma > np.quantile(stroma, 0.67)
    expected = [
        "inflamed" if e > high else "desert" if e <= low else "excluded" if s else "intermediate"
        for e, s in zip(effector, many, strict=True)
    ]
    assert found["phenotype"].tolist() == expected
    assert set(expected) == {"inflamed", "desert", "excluded", "intermediate"}


def test_an_interval_is_where_most_draws_are(tables: Tables) -> None:
    found = tables["balance"]
    for name in ("ci", "anti", "pro", "intensity", "adjusted", "context"):
        assert (found[f"{name}_low"] < found[f"{name}_high"]).all()
    sure = found["verdict"].isin(["anti-tumour", "pro-tumour"])
    assert sure.any()
    assert ((found["ci_low"] > 0) | (found["ci_high"] < 0))[sure].all()
    assert (np.sign(found["balance"]) == np.sign(found["graded_only"]))[sure].all()
    assert (found["p_above_zero"][found["verdict"] == "anti-tumour"] > 0.97).all()
