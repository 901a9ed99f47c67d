"""Which context rules hold in which sample, and the numbers that say so; nothing is guessed.

The manner of deciding is that of signatures/README.md, "Context rules".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.cohort import WHOLE
from cytosig.signatures.detection import MIN_REFERENCE, ColumnTest, DataTest
from cytosig.stats.estimate import does_not_vary

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.balance.measures import Gauge, Measured
    from cytosig.signatures import ContextRule, Detection

    Array = NDArray[np.float64]
    States = NDArray[np.int8]

HOLDS, FAILS, UNDECIDED = 1, 0, -1
STATES = {HOLDS: "holds", FAILS: "does not hold", UNDECIDED: "undecided"}


@dataclass(frozen=True)
class Decision:
    """One rule in every sample: its state (1 holds, 0 does not, -1 undecided), and why."""

    rule: ContextRule
    state: States
    why: tuple[str, ...]


def view_of(cells: Sequence[str], /) -> str:
    """Name of the view that pools these cells; the whole sample where none are named."""
    return "+".join(sorted(cells)) if cells else WHOLE


def decide(
    rules: Sequence[ContextRule],
    gauge: Gauge,
    context: pd.DataFrame,
    assumed: Collection[str],
    /,
) -> list[Decision]:
    """Decide every rule in every sample.

    Parameters
    ----------
    rules
        The rules.
    gauge
        Measures the samples.
    context
        Samples × columns that rules ask for (those that were given), checked.
    assumed
        Rules that the user says hold in every sample.
    """
    found = []
    for rule in rules:
        if rule.id in assumed:
            n = gauge.samples.n_samples
            found.append(Decision(rule, np.full(n, HOLDS, np.int8), ("said to hold",) * n))
            continue
        ways = [_way(way, gauge, context) for way in rule.detections]
        state = np.max([s for s, _ in ways], axis=0)
        open_ = np.any([s == UNDECIDED for s, _ in ways], axis=0)
        state = np.where((state == FAILS) & open_, UNDECIDED, state).astype(np.int8)
        why = tuple(" or ".join(dict.fromkeys(w[i] for _, w in ways)) for i in range(len(state)))
        found.append(Decision(rule, state, why))
    return found


def _way(way: Detection, gauge: Gauge, context: pd.DataFrame) -> tuple[States, list[str]]:
    """One way to tell that a rule holds: every test must."""
    n = gauge.samples.n_samples
    if way.kind == "none":
        return np.full(n, UNDECIDED, np.int8), [way.why] * n
    tests = [
        _column(test, context) if isinstance(test, ColumnTest) else _data(test, gauge)
        for test in way.tests
    ]
    states = np.array([s for s, _ in tests])
    state = np.where((states == FAILS).any(axis=0), FAILS, states.min(axis=0)).astype(np.int8)
    return state, ["; ".join(w[i] for _, w in tests) for i in range(n)]


def measure_of(test: DataTest, gauge: Gauge, /) -> Measured:
    """What a test of data looks at."""
    view = view_of(test.cells)
    found = gauge.take(test.of, view)
    if test.given:
        return found.given(gauge.take(test.given, view, without=gauge.genes_of(test.of)))
    if test.minus or test.minus_cells:
        other = gauge.take(test.minus or test.of, view_of(test.minus_cells) or view)
        one, two = found.standardised(), other.standardised()
        return type(found)(one.reference - two.reference, one.samples - two.samples)
    return found


def _data(test: DataTest, gauge: Gauge) -> tuple[States, list[str]]:
    n = gauge.samples.n_samples
    found = measure_of(test, gauge)
    known = found.reference[~np.isnan(found.reference)]
    name = _name(test)
    if len(known) < MIN_REFERENCE:
        there = f"{len(known)} samples of the reference have it, {MIN_REFERENCE} are needed"
        return np.full(n, UNDECIDED, np.int8), [f"{name}: {there}"] * n
    if does_not_vary(known):
        return np.full(n, UNDECIDED, np.int8), [f"{name}: does not vary over the reference"] * n
    state = np.full(n, HOLDS, dtype=np.int8)
    bounds = []
    if test.above is not None:
        edge = float(np.quantile(known, test.above))
        state[~(found.samples > edge)] = FAILS
        bounds.append(f"> {edge:.3g} (quantile {test.above:g})")
    if test.below is not None:
        edge = float(np.quantile(known, test.below))
        state[~(found.samples <= edge)] = FAILS
        bounds.append(f"<= {edge:.3g} (quantile {test.below:g})")
    missing = np.isnan(found.samples)
    state[missing] = UNDECIDED
    asked = " and ".join(bounds)
    why = [
        f"{name}: cannot be measured" if gone else f"{name} = {value:.3g}, asked {asked}"
        for value, gone in zip(found.samples, missing, strict=True)
    ]
    return state, why


def _name(test: DataTest) -> str:
    name = test.of + (f" in {'+'.join(test.cells)}" if test.cells else "")
    if test.given:
        return f"{name} given {test.given}"
    if test.minus:
        return f"{name} less {test.minus}"
    return f"{name} less in {'+'.join(test.minus_cells)}" if test.minus_cells else name


def _column(test: ColumnTest, context: pd.DataFrame) -> tuple[States, list[str]]:
    n = len(context)
    if test.column not in context:
        return np.full(n, UNDECIDED, np.int8), [f"{test.column}: not given"] * n
    told = [_one(test, value) for value in context[test.column].tolist()]
    return np.array([s for s, _ in told], dtype=np.int8), [w for _, w in told]


def _one(test: ColumnTest, value: object) -> tuple[int, str]:
    """One value of a column: a number, a set of words, or None where it is empty."""
    if value is None:
        return UNDECIDED, f"{test.column}: empty"
    if isinstance(value, float):
        low = -np.inf if test.at_least is None else test.at_least
        high = np.inf if test.less_than is None else test.less_than
        return int(low <= value < high), f"{test.column} = {value:g}"
    words = value if isinstance(value, frozenset) else frozenset({str(value)})
    said = f"{test.column} = {'; '.join(sorted(words)) or 'none'}"
    if test.any_of:
        return int(bool(words & set(test.any_of))), said
    return int(not words & set(test.none_of)), said
