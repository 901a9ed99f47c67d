"""A whole run: the draws of the balance, and tables of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.balance.run import make_draws
from cytosig.balance.settings import Settings
from cytosig.blockade.effects import Ends, effects_of
from cytosig.blockade.forms import Expression
from cytosig.blockade.names import read_targets
from cytosig.blockade.plan import make_plan
from cytosig.blockade.run import Blockade, blockade_of_samples
from cytosig.engine.cohort import WHOLE
from cytosig.signatures import load_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue

ASKED = ["twinmab", "killmab", {"mute": ["LC1"]}, {"first": ["LB1"]}, {"far": ["NOG"]}]


@pytest.fixture(scope="module")
def settings(world: Catalogue) -> Settings:
    rule = load_context()[0]  # speaks of no cytokine of this world
    return Settings(world, (rule,), (), (), (), (), 0.25, True, 100, 0.9, 7)


@pytest.fixture(scope="module")
def found(
    world: Catalogue, weighed_of: Callable, levels: pd.DataFrame, settings: Settings
) -> Blockade:
    _, gauge = weighed_of(20)
    expression = Expression(tuple(levels.columns), levels.to_numpy())
    scenarios = read_targets(ASKED, world, pairs=True)
    context = pd.DataFrame(index=levels.index)
    return blockade_of_samples(settings, gauge, context, expression, scenarios)


def test_genes_and_roles_are_drawn_as_for_the_balance(
    world: Catalogue, weighed_of: Callable, levels: pd.DataFrame, settings: Settings,
    found: Blockade,
) -> None:  # fmt: skip
    weighed, gauge = weighed_of(20)
    expression = Expression(tuple(levels.columns), levels.to_numpy())
    plan = make_plan(read_targets(ASKED, world), world, expression, weighed.ballot.ids)
    draws = make_draws(settings, gauge)
    held, ends = np.tile(weighed.ballot.role, (20, 1)), Ends.of(weighed, gauge, WHOLE)
    expected = effects_of(plan, weighed, ends, draws, held, level=0.9)
    low = plan.by_scenario(expected.low)
    for s, one in enumerate(plan.scenarios):
        np.testing.assert_array_equal(found.samples["_low"][one.name], low[s])


def test_rows_of_the_main_table(found: Blockade) -> None:
    table = found.table.set_index("name")
    assert list(found.table.index) == [str(i) for i in range(15)]
    twin = table.loc["twinmab"]
    assert twin["targets"] == "LC2, LD, ELSE"
    assert twin["cytokines"] == "PRO, PEST"
    assert twin["not_modelled"] == "ELSE (in no ligand or receptor form)"
    assert twin["note"] == ""
    kill = table.loc["killmab"]
    assert (kill["action"], kill["cytokines"]) == ("depletes", "PEST")
    assert kill["note"] == "depletes cells; here its targets are blocked"
    mute = table.loc["mute"]
    assert mute["cytokines"] == "PRO, MUTE"
    assert mute["note"] == "without a vote: MUTE"
    assert table.loc["far", "note"] == "nothing of it is modelled"
    pair = table.loc["twinmab + killmab"]
    assert (pair["kind"], pair["action"]) == ("pair", "blocks + depletes")
    assert pair["targets"] == "LC2, LD, ELSE, RD2"
    assert (table["n_samples"] == np.where(table.index == "far", 0, 20)).all()


def test_rows_by_cytokine_add_up_to_the_effect(found: Blockade) -> None:
    told = found.cytokines
    sums = told.groupby("scenario")["contribution_change"].sum()
    effects = found.table.set_index("name")["effect"].dropna()
    np.testing.assert_allclose(sums[effects.index], effects, atol=1e-12)
    row = told.set_index(["scenario", "cytokine"]).loc[("mute", "MUTE")]
    assert (row["pull"], row["taken"], row["ligand_forms"]) == (0, 1, "mute")
    assert row["note"] == "no vote: read with the list of PRO"
    voting = told[told["note"] == ""]
    np.testing.assert_allclose(
        voting["activity_change"] * voting["pull"], voting["contribution_change"], atol=1e-12
    )


def test_samples_add_up_to_the_effect(found: Blockade) -> None:
    table = found.table.set_index("name")
    means = found.samples[""].mean()
    np.testing.assert_allclose(means, table.loc[means.index, "effect"], atol=1e-12)
    context = found.samples["_context"].mean()
    np.testing.assert_allclose(context, table.loc[means.index, "effect_context"], atol=1e-12)
    assert list(found.samples) == ["", "_low", "_high", "_above_zero", "_context"]
