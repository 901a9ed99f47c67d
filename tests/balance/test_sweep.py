"""The balance by role and dose of one cytokine: against balances weighed anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import UsageError
from cytosig.balance.draws import Draws
from cytosig.balance.sweep import curves
from cytosig.balance.weigh import Sampler, draw, row_sums, weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.weigh import Weighed
    from cytosig.signatures import Catalogue

IDS = ["ANTI", "ALLY", "PRO", "PEST", "DUAL"]
ROLES = [round(-1 + 0.1 * i, 1) for i in range(21)]
DOSES = [-3 + 0.25 * i for i in range(25)]
INDEX = pd.Index([f"S{i}" for i in range(6)], dtype=str)


@pytest.fixture
def weighed(gauge_of: Callable, expression: Callable, toy: Catalogue) -> Weighed:
    """Six samples against 24 others; the fourth is empty."""
    values = expression(6, seed=2)
    values[3] = 0
    return weigh(toy, gauge_of(values, expression()), "", min_coverage=0.25, where="samples")


@pytest.fixture
def draws() -> Draws:
    return Draws.make(4, 150, 60, IDS, 0)


def _balance(weighed: Weighed, i: int, roles: list[float], used: np.ndarray) -> float:
    """Arms by the sums of the usual roles: v·r·a over the sum of the arm that r is in."""
    vote = [1 / 1.75, 0.75 / 1.75, 1 / 1.5, 0.5 / 1.5, 0.5]
    usual = [0.8, 0.4, -0.7, -0.3, 0.1]
    arm = {
        sign: sum(v * abs(r) for v, r in zip(vote, usual, strict=True) if r * sign > 0)
        for sign in (1, -1)
    }
    return sum(
        v * r * a / arm[1 if r > 0 else -1] for v, r, a in zip(vote, roles, used, strict=True)
    )


def test_curves_are_balances_at_every_role_and_dose(weighed: Weighed, draws: Draws) -> None:
    """Two cytokines in five samples, one whose role is small and one that is for the tumour."""
    found, _ = curves(weighed, draws, ["PRO", "DUAL"], INDEX, 0.9)
    assert len(found) == 5 * 2 * (21 + 25)
    assert "S3" not in set(found["sample"])
    usual = [0.8, 0.4, -0.7, -0.3, 0.1]
    for (sample, id, kind), part in found.groupby(["sample", "cytokine", "kind"]):
        i, k = int(sample[1:]), IDS.index(id)
        np.testing.assert_allclose(
            part["value"], ROLES if kind == "role" else DOSES, rtol=1e-12, atol=1e-12
        )
        for value, balance in zip(part["value"], part["balance"], strict=True):
            roles, used = list(usual), weighed.used[i].copy()
            if kind == "role":
                roles[k] = value
            else:
                used[k] += value * weighed.reference[:, k].std(ddof=1)
            expected = _balance(weighed, i, roles, used)
            assert balance == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_curve_meets_the_balance_at_the_usual_role_and_at_no_dose(
    weighed: Weighed, draws: Draws
) -> None:
    """The number itself; with no dose more, its interval as well."""
    found, _ = curves(weighed, draws, IDS, INDEX, 0.9)
    held = np.tile(weighed.ballot.role, (6, 1))
    whole = draw(weighed, draws, held, (np.zeros(6), np.zeros((150, 6))), level=0.9).balance
    for id, role in zip(IDS, weighed.ballot.role, strict=True):
        mine = found[found["cytokine"] == id]
        at = mine[(mine["kind"] == "role") & np.isclose(mine["value"], role)]
        none = mine[(mine["kind"] == "dose") & (mine["value"] == 0)]
        kept = [0, 1, 2, 4, 5]
        for part in (at, none):
            np.testing.assert_allclose(part["balance"], whole.value[kept], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(none["ci_low"], whole.low[kept], rtol=1e-10)
        np.testing.assert_allclose(none["ci_high"], whole.high[kept], rtol=1e-10)


def test_a_role_that_is_assumed_has_no_prior_of_its_own(weighed: Weighed, draws: Draws) -> None:
    """Intervals from draws in which the role stands still, one by one."""
    found, _ = curves(weighed, draws, ["ANTI"], INDEX, 0.8)
    acts = Sampler(weighed, draws).activities(4)
    mine = found[(found["sample"] == "S4") & (found["kind"] == "role")]
    sd = np.array([0.1, 0.25, 0.1, 0.4, 0.4])
    for value, low, high in zip(mine["value"], mine["ci_low"], mine["ci_high"], strict=True):
        drawn = []
        for j in range(150):
            roles = np.clip(weighed.ballot.role + sd * draws.roles[j], -1, 1)
            roles[0] = value
            drawn.append(_balance(weighed, 4, roles.tolist(), acts[j]))
        np.testing.assert_allclose([low, high], np.quantile(drawn, [0.1, 0.9]), rtol=1e-9)


def test_the_balance_is_zero_where_it_tips(weighed: Weighed, draws: Draws) -> None:
    """Weighed anew at the role and the dose that are told; none told where none can be."""
    _, tipping = curves(weighed, draws, IDS, INDEX, 0.9)
    assert list(tipping["sample"]) == [*INDEX] * 5
    usual = [0.8, 0.4, -0.7, -0.3, 0.1]
    told = 0
    for row in tipping.itertuples():
        i, k = int(row.sample[1:]), IDS.index(row.cytokine)
        assert row.role == usual[k]
        if i == 3:
            assert np.isnan([row.tipping_role, row.tipping_dose]).all()
            continue
        used = weighed.used[i].copy()
        used[k] += row.tipping_dose * weighed.reference[:, k].std(ddof=1)
        assert _balance(weighed, i, usual, used) == pytest.approx(0, abs=1e-12)
        ends = [_balance(weighed, i, [*usual[:k], r, *usual[k + 1 :]], weighed.used[i])
                for r in (-1, 0, 1)]  # fmt: skip
        turns = min(ends) <= 0 <= max(ends)
        assert np.isnan(row.tipping_role) != turns
        if turns:
            told += 1
            roles = [*usual[:k], row.tipping_role, *usual[k + 1 :]]
            assert _balance(weighed, i, roles, weighed.used[i]) == pytest.approx(0, abs=1e-12)
    assert 5 <= told < 25


def test_a_cytokine_without_a_role_tips_at_no_dose(
    gauge_of: Callable, expression: Callable, draws: Draws, toy: Catalogue
) -> None:
    """Its role is 0: more of it changes nothing, another role may."""
    idle = replace(toy.cytokines["DUAL"], role=replace(toy.cytokines["DUAL"].role, value=0.0))
    catalogue = replace(toy, cytokines={**toy.cytokines, "DUAL": idle})
    gauge = gauge_of(expression(6, seed=2), expression())
    found = weigh(catalogue, gauge, "", min_coverage=0.25, where="samples")
    curve, tipping = curves(found, draws, ["DUAL"], INDEX, 0.9)
    assert tipping["tipping_dose"].isna().all()
    doses = curve[curve["kind"] == "dose"].groupby("sample")["balance"]
    np.testing.assert_allclose(doses.min(), row_sums(found.contributions), rtol=1e-12)
    np.testing.assert_allclose(doses.max(), doses.min(), rtol=1e-12)


def test_who_does_not_vote_is_not_swept(weighed: Weighed, draws: Draws) -> None:
    with pytest.raises(UsageError, match=r"sweep: 'MUTE' has no vote .*: ANTI, ALLY, PRO, PEST, "):
        curves(weighed, draws, ["ANTI", "MUTE"], INDEX, 0.9)


def test_without_coverage_there_is_no_curve(weighed: Weighed, draws: Draws) -> None:
    found, tipping = curves(replace(weighed, arms=(0.4, 1.0)), draws, ["ANTI"], INDEX, 0.9)
    assert len(found) == 0
    assert tipping[["tipping_role", "tipping_dose"]].isna().all(axis=None)
