"""One run: samples against a reference, weighed, drawn and put into tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance import tables
from cytosig.balance.adjust import fit_adjustment
from cytosig.balance.decide import decide
from cytosig.balance.draws import Draws
from cytosig.balance.network import pressed, steps_of, without_told
from cytosig.balance.roles import roles_in_context
from cytosig.balance.sweep import curves
from cytosig.balance.weigh import draw, weigh
from cytosig.engine.cohort import WHOLE

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.balance.measures import Gauge
    from cytosig.balance.settings import Settings
    from cytosig.balance.weigh import Drawn, Weighed


@dataclass(frozen=True)
class Balance:
    """Tables of a run.

    Parameters
    ----------
    table
        One row a sample.
    contributions, activity, axes
        Samples × cytokines, × cytokines, × axes.
    cytokines
        One row a cytokine: its role and vote.
    rules, edges
        One row a sample and rule; samples × edges: what each adds to its target, in standard
        deviations. None for the cells of a type.
    sweep, tipping
        The balance by role and dose of the cytokines asked for, and where it is 0.
    adjusted_for, not_adjusted
        Programmes held constant, or why none are.
    """

    table: pd.DataFrame
    contributions: pd.DataFrame
    activity: pd.DataFrame
    axes: pd.DataFrame
    cytokines: pd.DataFrame
    rules: pd.DataFrame | None = None
    edges: pd.DataFrame | None = None
    sweep: pd.DataFrame | None = None
    tipping: pd.DataFrame | None = None
    adjusted_for: tuple[str, ...] = ()
    not_adjusted: str = ""


def balance_of_samples(
    settings: Settings, gauge: Gauge, context: pd.DataFrame, /, *, draws: Draws
) -> Balance:
    """The balance of whole samples, with context, network and adjustment.

    ``context`` has the samples as rows, and the columns that rules ask for.
    """
    import pandas as pd

    index = context.index
    weighed = _weighed(settings, gauge, WHOLE, "samples")
    decisions = decide(settings.rules, gauge, context, settings.assume)
    roles = roles_in_context(weighed.ballot, decisions, len(index))
    adjustment = fit_adjustment(gauge, WHOLE, weighed.reference_balance, settings.adjust)
    off = (adjustment.shift(), adjustment.shift(draws.slopes))
    drawn = draw(weighed, draws, roles.held, off, level=settings.level)
    edges = settings.edges
    steps = steps_of(edges, gauge)
    told = without_told(edges, steps, decisions)
    push = (
        pressed(edges, steps, weighed.ballot, weighed.reference),
        pressed(edges, told, weighed.ballot, weighed.reference),
    )
    found = _tables(weighed, drawn, index)
    more = tables.context_table(weighed, drawn, roles, decisions, adjustment, push, index)
    state = tables.state_table(gauge, decisions, index)
    swept = (
        curves(weighed, draws, settings.sweep, index, settings.level)
        if settings.sweep
        else (None, None)
    )
    return replace(
        found,
        sweep=swept[0],
        tipping=swept[1],
        table=pd.concat([found.table, more, state], axis=1),
        rules=tables.rule_table(decisions, index),
        edges=pd.DataFrame(steps, index=index, columns=[edge.id for edge in edges]),
        adjusted_for=adjustment.names,
        not_adjusted=adjustment.reason,
    )


def balance_of_cells(
    settings: Settings, gauge: Gauge, view: str, index: pd.Index[str], /, *, draws: Draws
) -> Balance:
    """The balance of some cells of every sample; no context, which is the sample's."""
    weighed = _weighed(settings, gauge, view, repr(view))
    n = len(index)
    usual = np.tile(weighed.ballot.role, (n, 1))
    nothing = (np.zeros(n), np.zeros((settings.n_draws, n)))
    return _tables(weighed, draw(weighed, draws, usual, nothing, level=settings.level), index)


def make_draws(settings: Settings, gauge: Gauge, /) -> Draws:
    """Draws that every view of a run shares."""
    return Draws.make(
        settings.rng,
        settings.n_draws,
        len(gauge.reference.genes),
        list(settings.catalogue.signatures),
        len(settings.adjust),
    )


def _weighed(settings: Settings, gauge: Gauge, view: str, where: str) -> Weighed:
    return weigh(
        settings.catalogue,
        gauge,
        view,
        min_coverage=settings.min_coverage,
        shrink=settings.shrink,
        where=where,
    )


def _tables(weighed: Weighed, drawn: Drawn, index: pd.Index[str]) -> Balance:
    contributions = tables.cytokine_frame(weighed, weighed.contributions, index)
    return Balance(
        tables.main_table(weighed, drawn, index),
        contributions,
        tables.cytokine_frame(weighed, weighed.activity, index),
        tables.axis_frame(weighed, contributions),
        tables.cytokine_table(weighed),
    )
