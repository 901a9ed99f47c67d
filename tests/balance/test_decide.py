"""Context rules: tests of data and of columns, three states, and how they are joined."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cytosig.balance.decide import FAILS, HOLDS, UNDECIDED, decide, measure_of, view_of
from cytosig.signatures.context import ContextRule
from cytosig.signatures.detection import ColumnTest, DataTest, Detection

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.decide import Decision
    from cytosig.balance.measures import Gauge
    from cytosig.signatures import Catalogue

STATES = (HOLDS, FAILS, UNDECIDED)


def _rule(*ways: Detection, id: str = "R1") -> ContextRule:
    return ContextRule(id, "ANTI", "dose", "made for tests", "multiplier", 0.5, "B", ways)


def _ask(
    gauge: Gauge,
    *tests: DataTest | ColumnTest,
    context: dict[str, list[object]] | None = None,
    assumed: tuple[str, ...] = (),
) -> Decision:
    """One rule that one way of these tests tells."""
    kind = "data" if all(isinstance(test, DataTest) for test in tests) else "metadata"
    return _decide([_rule(Detection(kind, tests))], gauge, context, assumed)[0]


def _decide(
    rules: list[ContextRule],
    gauge: Gauge,
    context: dict[str, list[object]] | None = None,
    assumed: tuple[str, ...] = (),
) -> list[Decision]:
    n = gauge.samples.n_samples
    columns = {name: pd.Series(held, dtype=object) for name, held in (context or {}).items()}
    return decide(rules, gauge, pd.DataFrame(columns, index=range(n)), assumed)


@pytest.fixture
def gauge(gauge_of: Callable, expression: Callable) -> Gauge:
    return gauge_of(expression(24))


# --- joining ------------------------------------------------------------------------------------


def _word(state: int) -> object:
    return {HOLDS: "yes", FAILS: "no", UNDECIDED: None}[state]


def _asks(column: str) -> ColumnTest:
    return ColumnTest(column, any_of=("yes",))


def test_every_test_of_a_way_must_hold(gauge_of: Callable, expression: Callable) -> None:
    """Truth table of three tests: one that fails decides; else one that is open does."""
    combinations = list(product(STATES, repeat=3))
    gauge = gauge_of(expression(len(combinations)))
    columns = {c: [_word(row[i]) for row in combinations] for i, c in enumerate("abc")}
    found = _ask(gauge, *map(_asks, "abc"), context=columns)
    expected = [
        FAILS if FAILS in row else UNDECIDED if UNDECIDED in row else HOLDS for row in combinations
    ]
    assert found.state.tolist() == expected


def test_any_way_will_do(gauge_of: Callable, expression: Callable) -> None:
    """Truth table of three ways: one that holds decides; else one that is open does."""
    combinations = list(product(STATES, repeat=3))
    gauge = gauge_of(expression(len(combinations)))
    columns = {c: [_word(row[i]) for row in combinations] for i, c in enumerate("abc")}
    rule = _rule(*(Detection("metadata", (_asks(c),)) for c in "abc"))
    expected = [
        HOLDS if HOLDS in row else UNDECIDED if UNDECIDED in row else FAILS for row in combinations
    ]
    assert _decide([rule], gauge, columns)[0].state.tolist() == expected


def test_what_cannot_be_told_is_open_until_it_is_said(gauge: Gauge) -> None:
    rules = [_rule(Detection("none", why="nobody knows")), _rule(Detection("none"), id="R2")]
    open_, said = _decide(rules, gauge, assumed=("R2",))
    assert open_.state.tolist() == [UNDECIDED] * 24
    assert open_.why == ("nobody knows",) * 24
    assert said.state.tolist() == [HOLDS] * 24
    assert said.why == ("said to hold",) * 24


def test_what_is_said_to_hold_is_not_tested(gauge: Gauge) -> None:
    found = _ask(gauge, _asks("a"), context={"a": ["no"] * 24}, assumed=("R1",))
    assert found.state.tolist() == [HOLDS] * 24


# --- columns ------------------------------------------------------------------------------------

WORDS = frozenset(("yes", "other")), frozenset(("other",)), frozenset()
NUMBER = {"at_least": 2.0, "less_than": 14.0}


@pytest.mark.parametrize(
    ("asked", "value", "expected"),
    [
        ({"any_of": ("yes", "maybe")}, "maybe", HOLDS),
        ({"any_of": ("yes", "maybe")}, "no", FAILS),
        ({"any_of": ("yes",)}, None, UNDECIDED),
        ({"none_of": ("yes",)}, "no", HOLDS),
        ({"none_of": ("yes",)}, "yes", FAILS),
        ({"none_of": ("yes",)}, None, UNDECIDED),
        ({"any_of": ("yes",)}, WORDS[0], HOLDS),
        ({"any_of": ("yes",)}, WORDS[1], FAILS),
        ({"any_of": ("yes",)}, WORDS[2], FAILS),  # "none": known that nothing is there
        ({"none_of": ("yes",)}, WORDS[0], FAILS),
        ({"none_of": ("yes",)}, WORDS[1], HOLDS),
        ({"none_of": ("yes",)}, WORDS[2], HOLDS),
        ({"any_of": ("JAK1:loss",)}, frozenset(("JAK1:loss", "TP53:loss")), HOLDS),
        ({"any_of": ("JAK1:loss",)}, frozenset(("JAK1:activating",)), FAILS),
        (NUMBER, 2.0, HOLDS),
        (NUMBER, 13.999, HOLDS),
        (NUMBER, 14.0, FAILS),
        (NUMBER, 1.999, FAILS),
        (NUMBER, None, UNDECIDED),
        ({"at_least": 2.0}, 1e9, HOLDS),
        ({"less_than": 2.0}, 0.0, HOLDS),
    ],
)
def test_one_value_of_a_column(gauge: Gauge, asked: dict, value: object, expected: int) -> None:
    found = _ask(gauge, ColumnTest("c", **asked), context={"c": [value] * 24})
    assert found.state.tolist() == [expected] * 24


def test_a_column_that_is_not_there_is_open(gauge: Gauge) -> None:
    found = _ask(gauge, ColumnTest("c", none_of=("yes",)), context={"d": ["yes"] * 24})
    assert found.state.tolist() == [UNDECIDED] * 24
    assert found.why[0] == "c: not given"


# --- data ---------------------------------------------------------------------------------------


@pytest.fixture
def planted(gauge_of: Callable, expression: Callable) -> Callable[..., Gauge]:
    """Genes 46 to 49, which are programmes, with these values; more spread than others have."""

    def make(*columns: np.ndarray, views: dict[str, np.ndarray] | None = None) -> Gauge:
        values = expression(len(columns[0])) * 1e-3
        for i, column in enumerate(columns):
            values[:, 46 + i] = column
        return gauge_of(values, views=views)

    return make


@pytest.mark.parametrize(("n", "decided"), [(19, False), (20, True)])
def test_fewer_than_twenty_reference_samples_decide_nothing(
    planted: Callable, n: int, decided: bool
) -> None:
    found = _ask(planted(np.arange(float(n))), DataTest("one46", above=0.5))
    assert (UNDECIDED in found.state) != decided
    assert found.why[0].startswith("one46 = ") == decided


@pytest.mark.parametrize(("gone", "decided"), [(5, False), (4, True)])
def test_the_reference_counts_samples_that_have_the_measure(
    planted: Callable, expression: Callable, gone: int, decided: bool
) -> None:
    """24 samples, five with too few myeloid cells: 19 are not enough."""
    view = expression(24, seed=2)
    view[:gone] = np.nan
    gauge = planted(np.arange(24.0), views={"myeloid": view})
    state = _ask(gauge, DataTest("one46", cells=("myeloid",), above=0.5)).state
    assert state[:gone].tolist() == [UNDECIDED] * gone  # no such cells in the sample itself
    assert set(state[gone:]) == ({HOLDS, FAILS} if decided else {UNDECIDED})


def test_quantiles_split_samples_as_numpy_says(planted: Callable) -> None:
    x = np.random.default_rng(3).permutation(24.0 ** np.linspace(0, 1, 24))
    gauge = planted(x)
    for q in (0.1, 0.33, 0.5, 0.67, 0.84, 0.9):
        edge = np.quantile(x, q)
        above = _ask(gauge, DataTest("one46", above=q)).state
        assert above.tolist() == [HOLDS if value > edge else FAILS for value in x]
        below = _ask(gauge, DataTest("one46", below=q)).state
        assert below.tolist() == [HOLDS if value <= edge else FAILS for value in x]


def test_a_sample_on_the_border_is_below(planted: Callable) -> None:
    """Of 21 values the median is one of them: it is not larger than itself."""
    x = np.random.default_rng(4).permutation(np.linspace(-3, 8, 21) ** 3)
    on = int(np.argsort(x)[10])
    gauge = planted(x)
    assert _ask(gauge, DataTest("one46", above=0.5)).state[on] == FAILS
    assert _ask(gauge, DataTest("one46", below=0.5)).state[on] == HOLDS
    assert _ask(gauge, DataTest("one46", above=0.25, below=0.5)).state.sum() == 5
    quarter = np.argsort(x)[[5, 10]]
    both = _ask(gauge, DataTest("one46", above=0.25, below=0.5)).state
    assert both[quarter].tolist() == [FAILS, HOLDS]


def test_minus_takes_off_another_measure_both_standardised(planted: Callable) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(3, 5, 24), rng.normal(0, 80, 24)
    found = _ask(planted(x, y), DataTest("one46", minus="one47", above=0.67))
    z = [(v - v.mean()) / v.std(ddof=1) for v in (x, y)]
    away = z[0] - z[1]
    np.testing.assert_array_equal(found.state == HOLDS, away > np.quantile(away, 0.67))
    assert f"one46 less one47 = {away[0]:.3g}, asked > " in found.why[0]


def test_minus_cells_takes_off_the_same_in_other_cells(
    planted: Callable, expression: Callable
) -> None:
    tumour, immune = expression(24, seed=8), expression(24, seed=9) * 7
    tumour[5], immune[7] = np.nan, np.nan
    gauge = planted(np.arange(24.0), views={"malignant": tumour, "B+T_NK+myeloid": immune})
    cells = {"cells": ("malignant",), "minus_cells": ("myeloid", "T_NK", "B")}
    found = _ask(gauge, DataTest("one46", **cells, above=0.67))
    z = [(v - np.nanmean(v)) / np.nanstd(v, ddof=1) for v in (tumour[:, 46], immune[:, 46])]
    away = z[0] - z[1]
    edge = np.quantile(away[~np.isnan(away)], 0.67)
    expected = np.where(np.isnan(away), UNDECIDED, (away > edge).astype(int))
    assert found.state.tolist() == expected.tolist()
    assert found.state[[5, 7]].tolist() == [UNDECIDED, UNDECIDED]


def test_given_asks_for_the_residual(planted: Callable) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(3, 5, 30)
    y = 0.6 * x + rng.normal(0, 4, 30)
    found = _ask(planted(y, x), DataTest("one46", given="one47", below=0.4))
    residual = sm.OLS(y, sm.add_constant(x)).fit().resid
    np.testing.assert_array_equal(found.state == HOLDS, residual <= np.quantile(residual, 0.4))


def test_given_leaves_shared_genes_to_what_is_asked_of(
    gauge_of: Callable, expression: Callable, standardise: Callable, toy: Catalogue
) -> None:
    """ANTI given ALLY, which has G08 to G11 as well: ALLY is read by G12 to G17."""
    values = expression(30)
    z = standardise(values)
    test = DataTest("ANTI", given="ALLY", above=0.6)
    lists = [dict(toy.signatures[id].weights) for id in ("ANTI", "ALLY")]
    lists[1] = {g: w for g, w in lists[1].items() if int(g[1:]) >= 12}
    y, x = (
        sum(w * z[:, int(g[1:])] for g, w in kept.items()) / sum(map(abs, kept.values()))
        for kept in lists
    )
    residual = sm.OLS(y, sm.add_constant(x)).fit().resid
    gauge = gauge_of(values)
    np.testing.assert_allclose(measure_of(test, gauge).samples, residual, rtol=1e-8, atol=1e-11)
    expected = residual > np.quantile(residual, 0.6)
    np.testing.assert_array_equal(_ask(gauge, test).state == HOLDS, expected)


@pytest.mark.parametrize("value", [0.0, 3.1])
@pytest.mark.parametrize("bounds", [{"above": 0.5}, {"below": 0.5}])
def test_what_does_not_vary_decides_nothing(
    gauge_of: Callable, expression: Callable, value: float, bounds: dict
) -> None:
    """A gene that no sample of the reference has is not low in all of them."""
    reference, values = expression(), expression(3, seed=1)
    reference[:, 46], values[:, 46] = value, [value, value + 5, value - 5]
    found = _ask(gauge_of(values, reference), DataTest("one46", **bounds))
    assert found.state.tolist() == [UNDECIDED] * 3
    assert found.why == ("one46: does not vary over the reference",) * 3


def test_what_is_not_measured_is_open(planted: Callable, expression: Callable) -> None:
    x = np.full(24, np.nan)
    gauge = planted(x, np.arange(24.0))
    for test in (
        DataTest("one46", above=0.5),
        DataTest("one47", minus="one46", above=0.5),
        DataTest("one47", given="one46", above=0.5),
        DataTest("one47", cells=("myeloid",), above=0.5),  # no cell types
        DataTest("NOBODY", above=0.5),
    ):
        assert set(_ask(gauge, test).state) == {UNDECIDED}


def test_samples_are_held_against_a_stored_reference(
    gauge_of: Callable, expression: Callable
) -> None:
    reference, values = expression(24), expression(3, seed=1)
    reference[:, 46], values[:, 46] = np.arange(24.0), [11.4, 11.6, 99.0]
    found = _ask(gauge_of(values, reference), DataTest("one46", above=0.5))  # the median is 11.5
    assert found.state.tolist() == [FAILS, HOLDS, HOLDS]


def test_views_are_called_after_their_cells() -> None:
    assert [view_of(()), view_of(("myeloid",)), view_of(("myeloid", "B"))] == [
        "",
        "myeloid",
        "B+myeloid",
    ]
