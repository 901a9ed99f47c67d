"""One damped step along the signed network: what cytokines press on one another.

The manner of taking the step is that of signatures/README.md, "Network". Gains are declared, not
fitted; no gene of a target is read again at its source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance.decide import HOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.balance.ballot import Ballot
    from cytosig.balance.decide import Decision
    from cytosig.balance.measures import Gauge, Measured
    from cytosig.signatures import Edge

    Array = NDArray[np.float64]


def steps_of(edges: Sequence[Edge], gauge: Gauge, /) -> Array:
    """What every edge adds to its target, in the target's standard deviations: samples × edges.

    sign × gain × standardised value of the source, measured without the target's genes. 0 where
    nothing of the source is left or measured.
    """
    found = np.zeros((gauge.samples.n_samples, len(edges)))
    for i, edge in enumerate(edges):
        source = _source(edge, gauge).standardised().samples
        found[:, i] = np.nan_to_num(edge.sign * edge.gain * source, nan=0.0)
    return found


def without_told(edges: Sequence[Edge], steps: Array, decisions: Sequence[Decision], /) -> Array:
    """The steps, without edges that tell the same as a rule that holds: no fact counts twice."""
    states = {decision.rule.id: decision.state for decision in decisions}
    found = steps.copy()
    for i, edge in enumerate(edges):
        if edge.rule in states:
            found[states[edge.rule] == HOLDS, i] = 0.0
    return found


def pressed(edges: Sequence[Edge], steps: Array, ballot: Ballot, activity: Array, /) -> Array:
    """What all edges together add to every activity, samples × cytokines.

    Parameters
    ----------
    edges, steps
        As in :func:`steps_of`. Edges into programmes and into cytokines without a vote move none.
    ballot
        Who votes.
    activity
        Reference samples × cytokines; its standard deviations are the unit of the steps.
    """
    found = np.zeros((len(steps), len(ballot.ids)))
    for i, edge in enumerate(edges):
        if edge.target in ballot.ids:
            k = ballot.ids.index(edge.target)
            found[:, k] += steps[:, i] * np.nanstd(activity[:, k], ddof=1)
    return found


def _source(edge: Edge, gauge: Gauge) -> Measured:
    """Activity of a cytokine that has a signature, ligand of another, mean of a programme."""
    without = gauge.genes_of(edge.target)
    named = edge.source in gauge.programmes or edge.source in gauge.catalogue.signatures
    if named:
        return gauge.take(edge.source, without=without)
    return gauge.ligand(edge.source, without=without)
