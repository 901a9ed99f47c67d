"""When a sample has a verdict, and the reason where it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.balance.verdict import coverage_reason, verdicts, without_weakest
from cytosig.balance.weigh import Interval, row_sums, weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.weigh import Weighed
    from cytosig.signatures import Catalogue


@pytest.fixture
def weighed(gauge_of: Callable, expression: Callable, toy: Catalogue) -> Weighed:
    return weigh(toy, gauge_of(expression()), "", min_coverage=0.25, where="samples")


def _interval(value: np.ndarray, low: float, high: float) -> Interval:
    n = len(value)
    return Interval(value, value + low, value + high, np.ones(n), np.full(n, 0.5))


def _graded(weighed: Weighed, turned: float = 1.0) -> np.ndarray:
    """Balance without PEST, the one list of grade D: PRO is the arm for the tumour alone.

    ``turned`` scales what ANTI, ALLY and DUAL do, as their roles do in context.
    """
    weight = np.array([1 / 1.75 * 0.8, 0.75 / 1.75 * 0.4, 0.5 * 0.1])
    return turned * weighed.used[:, [0, 1, 4]] @ weight / weight.sum() - weighed.used[:, 2]


def test_the_balance_of_what_experiments_stand_behind(weighed: Weighed) -> None:
    np.testing.assert_allclose(without_weakest(weighed), _graded(weighed), rtol=1e-10)


def test_an_interval_without_zero_has_the_verdict_of_its_sign(weighed: Weighed) -> None:
    value = np.where(_graded(weighed) > 0, 1.0, -1.0)
    found = verdicts(weighed, _interval(value, -0.9, 0.9))
    assert found == [("anti-tumour" if v > 0 else "pro-tumour", "") for v in value]
    assert {verdict for verdict, _ in found} == {"anti-tumour", "pro-tumour"}


def test_graded_lists_are_weighed_by_the_roles_in_context(weighed: Weighed) -> None:
    """PRO's role is 0 in some samples, those against the tumour are halved in others."""
    roles = np.tile(weighed.ballot.role, (24, 1))
    roles[:8, 2] = 0.0
    roles[8:16, [0, 1, 4]] *= 0.5
    expected = _graded(weighed)
    expected[:8] += weighed.used[:8, 2]
    expected[8:16] = _graded(weighed, 0.5)[8:16]
    np.testing.assert_allclose(without_weakest(weighed, roles), expected, rtol=1e-10)
    turned = np.sign(expected) != np.sign(_graded(weighed))
    assert 0 < turned.sum() < 24
    value = np.where(expected > 0, 1.0, -1.0)
    found = verdicts(weighed, _interval(value, -0.9, 0.9), roles)
    assert found == [("anti-tumour" if v > 0 else "pro-tumour", "") for v in value]
    usual = verdicts(weighed, _interval(value, -0.9, 0.9))
    assert [v == "indeterminate" for v, _ in usual] == turned.tolist()


@pytest.mark.parametrize(("low", "high"), [(-1.2, 1.2), (-1.0, 1.0)])
def test_an_interval_with_zero_has_none(weighed: Weighed, low: float, high: float) -> None:
    value = np.where(_graded(weighed) > 0, 1.0, -1.0)
    found = verdicts(weighed, _interval(value, low, high))
    assert set(found) == {("indeterminate", "the interval holds 0")}


def test_what_rests_on_grade_d_alone_has_none(weighed: Weighed) -> None:
    value = np.where(_graded(weighed) > 0, -1.0, 1.0)
    found = verdicts(weighed, _interval(value, -0.9, 0.9))
    assert set(found) == {("indeterminate", "it rests on lists of grade D")}


def test_an_arm_of_grade_d_only_has_none(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    weak = {id: s for id, s in toy.signatures.items() if id != "PRO"}
    gauge = gauge_of(expression())
    found = weigh(replace(toy, signatures=weak), gauge, "", min_coverage=0.25, where="samples")
    value = row_sums(found.contributions)
    told = verdicts(found, _interval(value, -1e-9, 1e-9))
    assert set(told) == {("indeterminate", "it rests on lists of grade D")}


def test_lists_without_a_grade_are_not_the_weakest(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    plain = {id: replace(s, grade=None) for id, s in toy.signatures.items()}
    gauge = gauge_of(expression())
    found = weigh(replace(toy, signatures=plain), gauge, "", min_coverage=0.25, where="samples")
    np.testing.assert_allclose(without_weakest(found), row_sums(found.contributions), rtol=1e-12)


@pytest.mark.parametrize(("arms", "arm"), [((0.49, 1.0), "against"), ((1.0, 0.3), "for")])
def test_less_than_half_of_an_arm_is_too_little(
    weighed: Weighed, arms: tuple[float, float], arm: str
) -> None:
    short = replace(weighed, arms=arms)
    found = verdicts(short, _interval(np.ones(24), -0.5, 0.5))
    reason = (
        f"{min(arms):.0%} of the votes of the arm {arm} the tumour are measured, 50% are needed"
    )
    assert set(found) == {("insufficient coverage", reason)}
    assert coverage_reason(replace(weighed, arms=(0.5, 0.5))) == ""


def test_one_arm_is_no_balance(gauge_of: Callable, expression: Callable, toy: Catalogue) -> None:
    anti = {id: s for id, s in toy.signatures.items() if id not in ("PRO", "PEST")}
    gauge = gauge_of(expression())
    found = weigh(replace(toy, signatures=anti), gauge, "", min_coverage=0.25, where="samples")
    assert coverage_reason(found) == "one arm has no cytokine that is measured"


def test_an_empty_sample_has_none(weighed: Weighed) -> None:
    empty = np.zeros(24, dtype=bool)
    empty[3] = True
    value = np.where(_graded(weighed) > 0, 1.0, -1.0)
    found = verdicts(replace(weighed, empty=empty), _interval(value, -0.5, 0.5))
    assert found[3] == (
        "insufficient coverage",
        "no expression in the sample, or too few of these cells",
    )
    assert [verdict for verdict, _ in found].count("insufficient coverage") == 1
