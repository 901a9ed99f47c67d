"""Roles in context: overrides, multipliers, and the least and most favourable of what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.balance.ballot import cast
from cytosig.balance.decide import FAILS, HOLDS, UNDECIDED, Decision
from cytosig.balance.roles import role_under, roles_in_context
from cytosig.signatures.context import ContextRule

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue


def _rule(operation: str, value: float | None, grade: str = "B", on: str = "ANTI") -> ContextRule:
    name = f"{on} {operation} {value} {grade}"
    return ContextRule(name, on, "dose", "made for tests", operation, value, grade, ())


def _times(value: float, on: str = "ANTI") -> ContextRule:
    return _rule("multiplier", value, on=on)


def _set(value: float, grade: str = "B", on: str = "ANTI") -> ContextRule:
    return _rule("override", value, grade, on)


@pytest.mark.parametrize(
    ("usual", "rules", "expected"),
    [
        (0.6, [], 0.6),
        (0.6, [_times(0.5)], 0.3),
        (0.5, [_times(0.5), _times(1.2), _times(2.0)], 0.6),
        (0.6, [_times(2.0)], 1.0),
        (-0.6, [_times(3.0)], -1.0),
        (0.6, [_rule("flag", None)], 0.6),
        (0.6, [_set(-0.3)], -0.3),
        (0.6, [_set(-0.3), _times(3.0)], -0.3),
        (0.6, [_times(0.1), _set(0.0, "C")], 0.0),
        (0.6, [_set(-0.3, "B"), _set(0.7, "A")], 0.7),
        (0.6, [_set(0.7, "A"), _set(-0.3, "C"), _set(-0.5, "B")], 0.7),
        (0.6, [_set(-0.3, "B"), _set(0.7, "B")], 0.2),
        (0.6, [_set(-0.3, "B"), _set(0.7, "B"), _set(1.0, "C"), _times(2.0)], 0.2),
        (-1.0, [_set(1.0, "C"), _rule("flag", None, "A")], 1.0),
    ],
)
def test_role_under_rules(usual: float, rules: list[ContextRule], expected: float) -> None:
    assert role_under(usual, rules) == pytest.approx(expected, abs=1e-15)
    assert role_under(usual, rules[::-1]) == pytest.approx(expected, abs=1e-15)


def _decided(*told: tuple[ContextRule, list[int]]) -> list[Decision]:
    return [Decision(rule, np.array(states, np.int8), ("",) * len(states)) for rule, states in told]


@pytest.fixture
def ballot(toy: Catalogue):
    """ANTI .8 and PRO -.7, both of high confidence: votes 1 and 1, arms .8 and .7."""
    return cast(toy, ["ANTI", "PRO"])


def test_samples_have_the_roles_of_their_own_rules(ballot) -> None:
    """Holds, fails, is open: only what holds is applied; what is open may be added."""
    told = _decided(
        (_times(0.5), [HOLDS, FAILS, UNDECIDED]),
        (_times(2.0, "PRO"), [FAILS, HOLDS, FAILS]),
        (_rule("flag", None), [HOLDS, HOLDS, UNDECIDED]),
    )
    found = roles_in_context(ballot, told, 3)
    np.testing.assert_allclose(found.held, [[0.4, -0.7], [0.8, -1.0], [0.8, -0.7]])
    np.testing.assert_allclose(found.least_pull, [[0.5, -1], [1, -1 / 0.7], [0.5, -1]])
    np.testing.assert_allclose(found.most_pull, [[0.5, -1], [1, -1 / 0.7], [1, -1]])


def test_least_and_most_among_all_that_open_rules_allow(ballot) -> None:
    """Open: × 0.5, × 1.1, set to -.35 (grade B), set to .6 (grade A). By hand, all sixteen.

    Without an override .8, .4, .88, .44; with B -.35, with A or both .6. The pulls are over
    .8, or .7 where the role is below 0.
    """
    rules = [_times(0.5), _times(1.1), _set(-0.35, "B"), _set(0.6, "A")]
    found = roles_in_context(ballot, _decided(*((rule, [UNDECIDED]) for rule in rules)), 1)
    assert found.held[0].tolist() == [0.8, -0.7]
    np.testing.assert_allclose(found.least_pull[0], [-0.5, -1])
    np.testing.assert_allclose(found.most_pull[0], [1.1, -1])


def test_what_holds_bounds_what_is_open(ballot) -> None:
    """An override that holds leaves open multipliers without effect, a worse override too."""
    told = _decided(
        (_set(0.2, "A"), [HOLDS]), (_times(3.0), [UNDECIDED]), (_set(-1.0, "B"), [UNDECIDED])
    )
    found = roles_in_context(ballot, told, 1)
    assert found.held[0, 0] == 0.2
    np.testing.assert_allclose([found.least_pull[0, 0], found.most_pull[0, 0]], [0.25, 0.25])
    better = _decided((_set(0.2, "B"), [HOLDS]), (_set(-1.0, "A"), [UNDECIDED]))
    found = roles_in_context(ballot, better, 1)
    np.testing.assert_allclose(
        [found.least_pull[0, 0], found.most_pull[0, 0]], [-1 / 0.7, 0.25], rtol=1e-14
    )


def test_without_rules_nothing_moves(ballot) -> None:
    found = roles_in_context(ballot, [], 2)
    np.testing.assert_array_equal(found.held, [[0.8, -0.7]] * 2)
    np.testing.assert_allclose(found.least_pull, [[1, -1]] * 2)
    np.testing.assert_allclose(found.most_pull, [[1, -1]] * 2)


def test_a_role_that_turns_to_an_arm_that_nobody_has_is_no_number(toy: Catalogue) -> None:
    """What it would pull is NaN, not nothing; a role of 0 pulls nothing in any arm."""
    alone = cast(toy, ["ANTI"])
    found = roles_in_context(alone, _decided((_set(-0.3), [HOLDS, FAILS, UNDECIDED])), 3)
    assert found.held.tolist() == [[-0.3], [0.8], [0.8]]
    pulled = alone.pull(found.held)
    np.testing.assert_array_equal(pulled, [[np.nan], [1.0], [1.0]])
    assert np.isnan([found.least_pull[0, 0], found.most_pull[0, 0]]).all()
    nothing = roles_in_context(alone, _decided((_set(0.0), [HOLDS])), 1)
    assert (nothing.least_pull.tolist(), nothing.most_pull.tolist()) == ([[0.0]], [[0.0]])
