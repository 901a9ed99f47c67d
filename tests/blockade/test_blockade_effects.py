"""Changes of activities and balances, beside loops; intervals beside scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cytosig.balance.draws import Draws
from cytosig.balance.weigh import Sampler
from cytosig.blockade.effects import Ends, chance_of, change, effects_of, interval, pooled
from cytosig.blockade.forms import Expression
from cytosig.blockade.names import read_targets
from cytosig.blockade.plan import make_plan
from cytosig.engine.cohort import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.blockade.effects import Effects
    from cytosig.blockade.plan import Plan
    from cytosig.signatures import Catalogue

ASKED = [
    {"one": ["RA1"]}, {"or": ["LB2"]}, {"other": ["RC1"]}, {"two": ["RC1", "LC1"]}, "twinmab",
    "mimab", {"up": {"targets": ["RC2"], "action": "activates"}}, "PEST", {"far": ["NOG"]},
]  # fmt: skip
N_DRAWS = 100


def _move(a: float, taken: float, engaged: float, floor: float, ceiling: float) -> float:
    """One activity: down to the floor by what is taken, up to the ceiling by what is set off."""
    a_new = floor + (1 - taken) * (a - floor) if a > floor else a
    if a_new < ceiling:
        a_new = ceiling - (1 - engaged) * (ceiling - a_new)
    return a_new - a


def test_change_by_hand() -> None:
    rng = np.random.default_rng(0)
    a, taken, engaged = rng.normal(size=300), rng.random(300), rng.random(300)
    taken[:100], engaged[100:200] = 0, 0
    found = change(a, taken, engaged, np.array(-1.0), np.array(1.2))
    by_hand = [_move(*row, -1.0, 1.2) for row in zip(a, taken, engaged, strict=True)]
    np.testing.assert_allclose(found, by_hand, atol=1e-12)
    assert (found[100:200] <= 0).all()
    assert (found[:100] >= 0).all()


@pytest.mark.parametrize(
    ("a", "taken", "engaged", "expected"),
    [
        (-1.0, 1.0, 0.0, 0.0),  # at the floor: nothing to take
        (-2.0, 1.0, 0.0, 0.0),  # below it
        (1.0, 1.0, 0.0, -2.0),  # down to the floor
        (1.0, 0.25, 0.0, -0.5),
        (1.5, 0.0, 1.0, 0.0),  # above the ceiling: nothing to add
        (0.2, 0.0, 1.0, 1.0),  # up to the ceiling
        (0.2, 0.0, 0.5, 0.5),
        (0.2, 1.0, 1.0, 1.0),  # taken first, then set off
        (0.3, 0.0, 0.0, 0.0),
    ],
)
def test_change_at_the_ends(a: float, taken: float, engaged: float, expected: float) -> None:
    found = change(*map(np.array, (a, taken, engaged, -1.0, 1.2)))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("shrink", [True, False])
def test_ends_are_quantiles_of_the_reference_as_it_is_weighed(
    weighed_of: Callable, shrink: bool
) -> None:
    """The first samples are the reference: as weighed there, they are their own rows here."""
    weighed, gauge = weighed_of(20, n_reference=12, shrink=shrink)
    found = Ends.of(weighed, gauge, WHOLE)
    rows = pd.DataFrame(weighed.used[:12])
    np.testing.assert_allclose(found.floor, rows.quantile(0.05), rtol=1e-12)
    np.testing.assert_allclose(found.ceiling, rows.quantile(0.95), rtol=1e-12)


@pytest.fixture(scope="module")
def run(world: Catalogue, weighed_of: Callable, levels: pd.DataFrame) -> tuple:
    weighed, gauge = weighed_of(20)
    expression = Expression(tuple(levels.columns), levels.to_numpy())
    scenarios = read_targets(ASKED, world, pairs=True)
    plan = make_plan(scenarios, world, expression, weighed.ballot.ids)
    draws = Draws.make(3, N_DRAWS, 60, list(world.signatures), 0)
    held = np.tile(weighed.ballot.role, (20, 1))
    held[:7, 2] = 0.4  # a rule turns PRO around in seven samples
    ends = Ends.of(weighed, gauge, WHOLE)
    return plan, weighed, ends, draws, held, effects_of(
        plan, weighed, ends, draws, held, level=0.9
    )  # fmt: skip


def _by_hand(plan: Plan, world: Catalogue, levels: pd.DataFrame, share_left: Callable) -> dict:
    """Taken and engaged by scenario, cytokine and sample, by loops over what it asks for."""
    found = {}
    for one in plan.scenarios:
        gone = {g for p in one.parts if p.action != "activates" for g in p.genes}
        caught = {id for p in one.parts for id in p.cytokines}
        for id, cytokine in world.cytokines.items():
            genes = gone | ({f.genes[0] for f in cytokine.ligands} if id in caught else set())
            on = set()
            for part in one.parts:
                if part.action == "activates":
                    on |= {
                        i for i, f in enumerate(cytokine.receptors)
                        if {*f.genes, *f.supplied} <= set(part.genes)
                    }  # fmt: skip
            taken, engaged = [], []
            for _, row in levels.iterrows():
                taken.append(1 - share_left(row, cytokine, genes))
                level = [min(row[g] for g in (*f.genes, *f.supplied)) for f in cytokine.receptors]
                alive = {i for i in on if not gone & {*cytokine.receptors[i].genes}}
                if len(alive) == len(level):
                    engaged.append(1.0)
                elif sum(level) > 0:
                    engaged.append(sum(level[i] for i in alive) / sum(level))
                else:
                    engaged.append(len(alive) / len(level))
            found[one.name, id] = (np.array(taken), np.array(engaged))
    return found


def test_every_scenario_and_pair_by_loops(
    run: tuple, world: Catalogue, levels: pd.DataFrame, share_left: Callable
) -> None:
    plan, weighed, ends, _, held, found = run
    shares, ballot = _by_hand(plan, world, levels, share_left), weighed.ballot
    usual, context = plan.by_scenario(found.usual), plan.by_scenario(found.context)
    for s, one in enumerate(plan.scenarios):
        for i in range(20):
            expected = [0.0, 0.0]
            for k, id in enumerate(ballot.ids):
                taken, engaged = (part[i] for part in shares[one.name, id])
                moved = _move(weighed.used[i, k], taken, engaged, ends.floor[k], ends.ceiling[k])
                for j, role in enumerate((ballot.role[k], held[i, k])):
                    arm = ballot.anti if role > 0 else ballot.pro
                    expected[j] += ballot.vote[k] * role / arm * moved
            if one.name == "far":
                expected = [np.nan, np.nan]
            assert usual[s, i] == pytest.approx(expected[0], abs=1e-12, nan_ok=True)
            assert context[s, i] == pytest.approx(expected[1], abs=1e-12, nan_ok=True)


def test_intervals_by_loops_over_draws(
    run: tuple, world: Catalogue, levels: pd.DataFrame, share_left: Callable
) -> None:
    """Roles and activities of every draw, put through the same arithmetic one by one."""
    plan, weighed, ends, draws, _, found = run
    shares, ballot = _by_hand(plan, world, levels, share_left), weighed.ballot
    sampler = Sampler(weighed, draws)
    mean = np.zeros(N_DRAWS)
    low, high, above = (plan.by_scenario(x) for x in (found.low, found.high, found.above))
    s = [one.name for one in plan.scenarios].index("or + two")
    for i in range(20):
        acts = sampler.activities(i)
        drawn = []
        for d in range(N_DRAWS):
            total = 0.0
            for k, id in enumerate(ballot.ids):
                role = ballot.role[k] + ballot.role_sd[k] * draws.roles[d, k]
                role = min(1.0, max(-1.0, role))
                arm = ballot.anti if role > 0 else ballot.pro
                taken, engaged = (part[i] for part in shares["or + two", id])
                moved = _move(acts[d, k], taken, engaged, ends.floor[k], ends.ceiling[k])
                total += ballot.vote[k] * role / arm * moved
            drawn.append(total)
        assert low[s, i] == pytest.approx(np.quantile(drawn, 0.05), abs=1e-12)
        assert high[s, i] == pytest.approx(np.quantile(drawn, 0.95), abs=1e-12)
        assert above[s, i] == np.mean(np.array(drawn) > 1e-12)  # rounding of the loops
        mean += np.array(drawn) / 20
    np.testing.assert_allclose(plan.sums(found.drawn)[plan.of[s]], mean, atol=1e-12)


def test_scenarios_that_touch_the_same_are_one_mechanism(run: tuple) -> None:
    plan: Plan = run[0]
    names = [one.name for one in plan.scenarios]
    assert plan.of[names.index("far")] == -1
    assert plan.of[names.index("one + far")] == plan.of[names.index("one")]
    assert plan.mechanisms.shape[0] == len(set(plan.of.tolist()) - {-1})


def test_pairs_beyond_their_sum(run: tuple) -> None:
    """Touches of the pair less those of its members; nothing where these touch other cytokines."""
    plan, found = run[0], run[-1]
    effect, beyond = plan.by_scenario(found.usual), plan.beyond() @ found.parts
    for row, (pair, one, other) in zip(beyond, plan.pairs, strict=True):
        sum_ = np.nan_to_num(effect[one]) + np.nan_to_num(effect[other])
        np.testing.assert_allclose(np.nan_to_num(effect[pair]), row + sum_, atol=1e-12)
        mine, theirs = (set(plan.touched[s]) for s in (one, other))
        if not mine & theirs:
            assert (row == 0).all()


def test_a_share_of_draws_is_not_told_where_nothing_changes() -> None:
    drawn = np.vstack([np.zeros(100), np.full(100, np.nan), np.arange(100) - 49.0])
    low, high, above = interval(drawn, 0.9)
    np.testing.assert_array_equal(above, [np.nan, np.nan, 0.5])
    assert (low[0], high[0]) == (0, 0)
    assert low[2] == pytest.approx(np.quantile(drawn[2], 0.05))
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize("n", [2, 5, 20])
def test_where_genes_and_roles_are_sure_the_interval_is_students(n: int) -> None:
    rng = np.random.default_rng(n)
    values = rng.normal(1, 1, (3, n))
    drawn = np.repeat(values.mean(axis=1)[:, None], 20_000, axis=1)
    found = pooled(values, drawn, chance_of(np.random.default_rng(1), n, 20_000), level=0.95)
    for row in range(3):
        low, high = stats.t.interval(0.95, n - 1, values[row].mean(), stats.sem(values[row]))
        assert found.value[row] == pytest.approx(values[row].mean())
        assert found.low[row] == pytest.approx(low, abs=2e-3 * (high - low))
        assert found.high[row] == pytest.approx(high, abs=2e-3 * (high - low))
        p = stats.ttest_1samp(values[row], 0, alternative="greater").pvalue
        assert found.above[row] == pytest.approx(1 - p, abs=1e-4)


def test_genes_roles_and_samples_add_up_in_the_interval() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0, 1, (1, 400))
    drawn = values.mean() + 0.1 * rng.normal(size=(1, 20_000))
    found = pooled(values, drawn, chance_of(np.random.default_rng(1), 400, 20_000), level=0.95)
    sd = np.hypot(0.1, stats.sem(values[0]))
    assert (found.high - found.low)[0] == pytest.approx(2 * 1.96 * sd, rel=0.02)


def test_one_sample_has_a_value_and_no_interval() -> None:
    chance = chance_of(np.random.default_rng(1), 1, 100)
    found = pooled(np.array([[2.0]]), np.ones((1, 100)), chance, level=0.95)
    assert found.value.tolist() == [2.0]
    assert np.isnan([found.low, found.high, found.above]).all()
    none: Effects | object = pooled(np.zeros((2, 0)), np.ones((2, 100)), chance, level=0.95)
    assert np.isnan(none.value).all()
