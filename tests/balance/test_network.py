"""One step of the network by hand: gains, shared genes, silent edges, no second round."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.balance.ballot import cast
from cytosig.balance.decide import FAILS, HOLDS, UNDECIDED, Decision
from cytosig.balance.network import pressed, steps_of, without_told
from cytosig.signatures.context import ContextRule
from cytosig.signatures.network import Edge

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.ballot import Ballot
    from cytosig.balance.measures import Gauge
    from cytosig.signatures import Catalogue

IDS = ["ANTI", "ALLY", "PRO"]
SPREAD = np.array([2.0, 0.5, 1.5])


def _edge(source: str, target: str, sign: int = 1, gain: float = 0.2, rule: str = "") -> Edge:
    return Edge(source, target, sign, gain, "C", "made for tests", rule=rule)


@pytest.fixture
def ballot(toy: Catalogue) -> Ballot:
    return cast(toy, IDS)


@pytest.fixture
def gauge(gauge_of: Callable, expression: Callable) -> Gauge:
    return gauge_of(expression(6, seed=2), expression(24))


@pytest.fixture
def reference() -> np.ndarray:
    """Activities of a reference whose standard deviations are SPREAD."""
    found = np.random.default_rng(0).normal(size=(24, 3))
    return found / found.std(axis=0, ddof=1) * SPREAD


@pytest.fixture
def without(
    expression: Callable, standardise: Callable, toy: Catalogue
) -> Callable[[str, set[str]], np.ndarray]:
    """Activity in the six samples with genes left out, over its spread in the reference."""

    def take(weights: dict[str, float], gone: set[str]) -> np.ndarray:
        there = expression(24)
        kept = {int(g[1:]): w for g, w in weights.items() if g not in gone}
        total = sum(map(abs, kept.values()))
        ours, theirs = (
            sum(w * standardise(v, there)[:, g] for g, w in kept.items()) / total
            for v in (expression(6, seed=2), there)
        )
        return (ours - theirs.mean()) / theirs.std(ddof=1)

    return take


def test_a_step_by_hand(
    gauge: Gauge, ballot: Ballot, reference: np.ndarray, without: Callable, toy: Catalogue
) -> None:
    """ANTI and ALLY share G08 to G11: neither is measured by them on its way to the other."""
    edges = [_edge("ANTI", "ALLY"), _edge("ALLY", "ANTI", -1, 0.5), _edge("one46", "PRO", -1)]
    found = steps_of(edges, gauge)
    shared = {"G08", "G09", "G10", "G11"}
    lists = {id: dict(s.weights) for id, s in toy.signatures.items()}
    by_hand = [
        0.2 * without(lists["ANTI"], shared),
        -0.5 * without(lists["ALLY"], shared),
        -0.2 * without({"G46": 1.0}, set()),
    ]
    np.testing.assert_allclose(found, np.array(by_hand).T, rtol=1e-9, atol=1e-12)
    together = pressed(edges, found, ballot, reference)
    np.testing.assert_allclose(together, found[:, [1, 0, 2]] * SPREAD, rtol=1e-12)


def test_edges_into_one_target_add_up_and_there_is_no_second_round(
    gauge: Gauge, ballot: Ballot, reference: np.ndarray
) -> None:
    """A loop and a chain: every edge does what it does alone."""
    edges = [
        _edge("ANTI", "PRO"),
        _edge("PRO", "ANTI"),
        _edge("ALLY", "PRO", -1),
        _edge("PRO", "ALLY"),
    ]
    found = steps_of(edges, gauge)
    alone = [steps_of([edge], gauge)[:, 0] for edge in edges]
    np.testing.assert_array_equal(found, np.array(alone).T)
    assert np.abs(found).min() > 0
    together = pressed(edges, found, ballot, reference)
    np.testing.assert_allclose(together[:, 2], 1.5 * (found[:, 0] + found[:, 2]), rtol=1e-12)
    np.testing.assert_allclose(together[:, [0, 1]], found[:, [1, 3]] * [2, 0.5], rtol=1e-12)


def test_reference_samples_without_values_are_no_part_of_the_spread(
    gauge: Gauge, ballot: Ballot, reference: np.ndarray
) -> None:
    edges = [_edge("ANTI", "PRO")]
    steps = steps_of(edges, gauge)
    gone = np.insert(reference, [3, 9], np.nan, axis=0)
    found = pressed(edges, steps, ballot, gone)[:, 2]
    np.testing.assert_allclose(found, 1.5 * steps[:, 0], rtol=1e-12)


def test_targets_without_a_vote_are_reported_and_move_nobody(
    gauge: Gauge, ballot: Ballot, reference: np.ndarray, without: Callable, toy: Catalogue
) -> None:
    """Into a programme, a cytokine without a signature, and two that are not on the ballot."""
    targets = {"four": range(46, 50), "MUTE": [0, 56, 57], "DUAL": range(36, 46), "PEST": ()}
    edges = [_edge("ANTI", target) for target in targets]
    found = steps_of(edges, gauge)
    weights = dict(toy.signatures["ANTI"].weights)
    by_hand = [0.2 * without(weights, {f"G{g:02d}" for g in gone}) for gone in targets.values()]
    np.testing.assert_allclose(found, np.array(by_hand).T, rtol=1e-9, atol=1e-12)
    assert pressed(edges, found, ballot, reference).tolist() == np.zeros((6, 3)).tolist()


def test_a_ligand_can_be_a_source(gauge: Gauge, without: Callable) -> None:
    """MUTE is read by G00 and G56; G00 is ANTI's, so that G57 stands for it there."""
    found = steps_of([_edge("MUTE", "PRO"), _edge("MUTE", "ANTI")], gauge)
    to_pro = 0.2 * without({"G00": 1.0, "G56": 1.0}, set())
    to_anti = 0.2 * without({"G57": 1.0}, set())
    np.testing.assert_allclose(found, np.array([to_pro, to_anti]).T, rtol=1e-9, atol=1e-12)


def test_where_nothing_of_the_source_is_left_the_edge_is_silent(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    nested = replace(toy, signatures={**toy.signatures, "ALLY": toy.signatures["ANTI"]})
    gauge = gauge_of(expression(6, seed=2), expression(24), catalogue=nested)
    found = steps_of([_edge("ANTI", "ALLY"), _edge("one46", "ALLY"), _edge("NOBODY", "PRO")], gauge)
    assert found[:, [0, 2]].tolist() == [[0.0, 0.0]] * 6
    assert np.abs(found[:, 1]).min() > 0


def test_a_source_that_does_not_vary_is_silent(gauge_of: Callable, expression: Callable) -> None:
    reference = expression(24)
    reference[:, 46] = 4.0
    found = steps_of([_edge("one46", "PRO")], gauge_of(expression(6, seed=2), reference))
    assert found.tolist() == [[0.0]] * 6


def test_a_rule_that_holds_silences_its_edge_in_that_sample(gauge: Gauge) -> None:
    rule = ContextRule("R9", "PRO", "dose", "made for tests", "flag", None, "C", ())
    states = np.array([HOLDS, FAILS, UNDECIDED, HOLDS, FAILS, UNDECIDED], np.int8)
    told = [Decision(rule, states, ("",) * 6)]
    edges = [_edge("ANTI", "PRO", rule="R9"), _edge("ANTI", "PRO"), _edge("ANTI", "PRO", rule="R8")]
    steps = steps_of(edges, gauge)
    assert np.abs(steps).min() > 0
    before = steps.copy()
    found = without_told(edges, steps, told)
    np.testing.assert_array_equal(found[:, 0], np.where(states == HOLDS, 0, steps[:, 1]))
    np.testing.assert_array_equal(found[:, 1:], steps[:, 1:])
    np.testing.assert_array_equal(steps, before)  # what is reported is what was measured


def test_what_is_not_measured_moves_nothing(gauge_of: Callable, expression: Callable) -> None:
    values = expression(6, seed=2)
    values[:, 46] = np.nan
    found = steps_of([_edge("one46", "PRO")], gauge_of(values, expression(24)))
    assert found.tolist() == [[0.0]] * 6
