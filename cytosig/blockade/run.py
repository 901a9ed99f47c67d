"""One run: scenarios, samples, and what would change in their balance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance.decide import decide
from cytosig.balance.roles import roles_in_context
from cytosig.balance.run import make_draws
from cytosig.balance.verdict import gone
from cytosig.balance.weigh import weigh
from cytosig.blockade.effects import Ends, chance_of, effects_of
from cytosig.blockade.plan import make_plan
from cytosig.blockade.tables import Writer
from cytosig.engine.cohort import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cytosig.balance.measures import Gauge
    from cytosig.balance.settings import Settings
    from cytosig.blockade.forms import Expression
    from cytosig.blockade.scenario import Scenario


@dataclass(frozen=True)
class Blockade:
    """Tables of a run.

    Parameters
    ----------
    table
        One row a scenario.
    samples
        Samples × scenarios, by what is added to the name of the table.
    cytokines
        One row a scenario and cytokine.
    """

    table: pd.DataFrame
    samples: Mapping[str, pd.DataFrame]
    cytokines: pd.DataFrame


def blockade_of_samples(
    settings: Settings,
    gauge: Gauge,
    context: pd.DataFrame,
    expression: Expression,
    scenarios: Sequence[Scenario],
    /,
) -> Blockade:
    """Take scenarios through whole samples.

    ``context`` has the samples as rows, and the columns that rules ask for. Genes and roles are
    drawn as for the balance; what pooling needs is drawn after them.
    """
    rng = np.random.default_rng(settings.rng)
    draws = make_draws(replace(settings, rng=rng), gauge)
    weighed = weigh(
        settings.catalogue,
        gauge,
        WHOLE,
        min_coverage=settings.min_coverage,
        shrink=settings.shrink,
        where="samples",
    )
    decisions = decide(settings.rules, gauge, context, settings.assume)
    roles = roles_in_context(weighed.ballot, decisions, len(context))
    plan = make_plan(scenarios, settings.catalogue, expression, weighed.ballot.ids)
    ends = Ends.of(weighed, gauge, WHOLE)
    effects = effects_of(plan, weighed, ends, draws, roles.held, level=settings.level)
    n_samples = int((~gone(weighed)).sum())
    chance = chance_of(rng.spawn(1)[0], n_samples, settings.n_draws)
    written = Writer(plan, weighed, effects, chance, settings.level)
    return Blockade(written.scenarios(), written.samples(context.index), written.cytokines())
