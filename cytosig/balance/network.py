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
    from cytosig.balance.measures import Gauge
    from cytosig.signatures import Edge

    Array = NDArray[np.float64]


def moved(
    edges: Sequence[Edge],
    gauge: Gauge,
    ballot: Ballot,
    activity: Array,
    decisions: Sequence[Decision],
    /,
) -> Array:
    """What every edge adds to the activity of its target, samples × edges.

    sign × gain × (standardised value of the source without the target's genes) × (standard
    deviation of the target's activity over the reference). 0 where the edge is silent: its target
    has no vote, nothing of the source is left or measured, or a rule that tells the same holds.

    Parameters
    ----------
    edges
        The network.
    gauge
        Measures the samples.
    ballot
        Who votes.
    activity
        Reference samples × cytokines of the ballot.
    decisions
        Context rules in every sample.
    """
    states = {decision.rule.id: decision.state for decision in decisions}
    found = np.zeros((gauge.samples.n_samples, len(edges)))
    for i, edge in enumerate(edges):
        if edge.target not in ballot.ids:
            continue
        source = gauge.take(edge.source, without=gauge.genes_of(edge.target)).standardised()
        reach = np.nanstd(activity[:, ballot.ids.index(edge.target)], ddof=1)
        step = edge.sign * edge.gain * source.samples * reach
        if edge.rule in states:
            step = np.where(states[edge.rule] == HOLDS, 0.0, step)
        found[:, i] = np.nan_to_num(step, nan=0.0)
    return found


def pressed(edges: Sequence[Edge], steps: Array, ballot: Ballot, /) -> Array:
    """What all edges together add to every activity, samples × cytokines."""
    found = np.zeros((len(steps), len(ballot.ids)))
    for i, edge in enumerate(edges):
        if edge.target in ballot.ids:
            found[:, ballot.ids.index(edge.target)] += steps[:, i]
    return found
