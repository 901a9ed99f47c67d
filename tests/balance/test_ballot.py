"""Votes: one an axis, shared out by confidence; arms and pulls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.balance.ballot import cast

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

IDS = ["ANTI", "ALLY", "PRO", "PEST", "DUAL"]
VOTES = [1 / 1.75, 0.75 / 1.75, 1 / 1.5, 0.5 / 1.5, 0.5]
"""By hand: high 1, medium .75, low .5; ANTI with ALLY and PRO with PEST share the vote of one."""


def test_an_axis_has_the_vote_of_its_best_member(toy: Catalogue) -> None:
    found = cast(toy, IDS)
    assert found.axes == ("X", "X", "Y", "Y", "Z")
    np.testing.assert_allclose(found.vote, VOTES, rtol=1e-14)
    assert found.role.tolist() == [0.8, 0.4, -0.7, -0.3, 0.1]
    assert found.role_sd.tolist() == [0.1, 0.25, 0.1, 0.4, 0.4]


def test_an_axis_of_which_the_best_is_missing(toy: Catalogue) -> None:
    """ALLY alone has what it counts itself, not what ANTI would have brought."""
    found = cast(toy, ["PEST", "ALLY"])
    assert found.vote.tolist() == [0.5, 0.75]
    assert (found.anti, found.pro) == pytest.approx((0.75 * 0.4, 0.5 * 0.3), rel=1e-14)


def test_namesakes_do_not_add_a_vote(toy: Catalogue) -> None:
    """Twenty cytokines of one axis have the voice of one."""
    names = [f"TWIN{i}" for i in range(20)]
    axes = {"W": replace(toy.axes["X"], id="W", members=tuple(names))}
    many = replace(toy, cytokines=dict.fromkeys(names, toy.cytokines["ALLY"]), axes=axes)
    votes = cast(many, names).vote
    assert votes.sum() == pytest.approx(0.75, rel=1e-14)
    assert cast(many, names[:1]).vote.tolist() == [0.75]


def test_a_cytokine_without_an_axis_is_its_own(toy: Catalogue) -> None:
    found = cast(toy, ["MUTE", "ANTI"])
    assert found.axes == ("MUTE", "X")
    assert found.vote.tolist() == [0.5, 1.0]


def test_arms_are_sums_of_votes_and_roles(toy: Catalogue) -> None:
    found = cast(toy, IDS)
    vote = dict(zip(IDS, VOTES, strict=True))
    anti = vote["ANTI"] * 0.8 + vote["ALLY"] * 0.4 + vote["DUAL"] * 0.1
    assert found.anti == pytest.approx(anti, rel=1e-14)
    assert found.pro == pytest.approx(vote["PRO"] * 0.7 + vote["PEST"] * 0.3, rel=1e-14)
    assert found.has_both


def test_an_arm_without_a_cytokine_is_no_number(toy: Catalogue) -> None:
    """Its sum is NaN, and so is what a role that turns that way would pull."""
    anti, pro = cast(toy, ["ANTI", "DUAL"]), cast(toy, ["PRO"])
    assert not anti.has_both
    assert not pro.has_both
    assert (anti.anti, pro.pro) == pytest.approx((0.8 + 0.5 * 0.1, 0.7), rel=1e-14)
    assert np.isnan([anti.pro, pro.anti]).all()
    np.testing.assert_array_equal(
        pro.pull(np.array([[-0.35], [0.0], [0.2]])), [[-0.5], [0], [np.nan]]
    )
    assert np.isnan(anti.pull_at(0, -0.1))
    assert anti.pull_at(0, 0.4) == pytest.approx(0.4 / 0.85, rel=1e-14)


def test_nobody_votes(toy: Catalogue) -> None:
    found = cast(toy, [])
    assert (found.vote.tolist(), found.has_both) == ([], False)
    assert np.isnan([found.anti, found.pro]).all()


def test_pulls_of_an_arm_add_up_to_one(toy: Catalogue) -> None:
    found = cast(toy, IDS)
    pull = found.pull(found.role)
    assert pull[[0, 1, 4]].sum() == pytest.approx(1, rel=1e-14)
    assert pull[[2, 3]].sum() == pytest.approx(-1, rel=1e-14)
    assert pull[2] / pull[3] == pytest.approx((2 / 3 * 0.7) / (1 / 3 * 0.3), rel=1e-14)


def test_a_role_that_turns_joins_the_other_arm_and_moves_nobody_else(toy: Catalogue) -> None:
    found = cast(toy, IDS)
    turned = found.role.copy()
    turned[0] = -0.2
    usual, changed = found.pull(found.role), found.pull(turned)
    assert changed[1:].tolist() == usual[1:].tolist()
    pro = VOTES[2] * 0.7 + VOTES[3] * 0.3
    assert changed[0] == pytest.approx(VOTES[0] * -0.2 / pro, rel=1e-14)
    assert found.pull(np.zeros(5)).tolist() == [0.0] * 5
    both = found.pull(np.stack([found.role, turned]))
    assert both.tolist() == [usual.tolist(), changed.tolist()]
    assert [found.pull_at(0, r) for r in (0.8, -0.2)] == [usual[0], changed[0]]
