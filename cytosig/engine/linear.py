"""Run a plan over row blocks: every block on its own, so blocks and threads do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.blocks import for_each
from cytosig.kernels.linear import finish_rows
from cytosig.kernels.rows import row_summary
from cytosig.kernels.tails import N_BINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.moments import Moments
    from cytosig.engine.plan import Plan
    from cytosig.engine.prepare import Rows

    Array = NDArray[np.float64]

REASONS = {
    1: "no non-zero value",
    2: "every gene has the same value",
    3: "NaN or infinite value",
    4: "nothing left after centring",
}


@dataclass(frozen=True)
class LinearScores:
    """Outputs of a plan, observations × outputs, NaN where ``state`` is not 0."""

    estimate: Array
    score: Array
    pvalue: Array
    state: NDArray[np.int8]


@dataclass(frozen=True)
class _Rest:
    """y of genes a row does not store, by group: sums and histogram."""

    base: Array
    projection: Array
    bin: NDArray[np.uint8]
    count: Array
    total: Array


def _rest(plan: Plan, moments: Moments) -> _Rest:
    y = -moments.mean * moments.inverse_sd
    base = np.stack([(y**k).sum(axis=1) for k in (1, 2, 3, 4)], axis=1)
    low = y.min(axis=1, keepdims=True)
    width = (y.max(axis=1, keepdims=True) - low) / N_BINS
    place = np.divide(y - low, width, out=np.zeros_like(y), where=width > 0)
    bins = np.minimum(place, N_BINS - 1).astype(np.uint8)
    count = np.stack([np.bincount(b, minlength=N_BINS) for b in bins]).astype(np.float64)
    total = np.stack(
        [np.bincount(b, weights=v, minlength=N_BINS) for b, v in zip(bins, y, strict=True)]
    )
    projection = np.asarray(y @ plan.weights)
    return _Rest(base, projection, bins, count, total.astype(np.float64))


def run_plan(
    rows: Rows,
    plan: Plan,
    moments: Moments,
    /,
    *,
    n_jobs: int | None,
    tick: Callable[[int], None] | None = None,
) -> LinearScores:
    """Score every observation by one plan; see :func:`run_plans`."""
    which = np.zeros(rows.n_obs, dtype=np.int64)
    return run_plans(rows, [plan], which, moments, n_jobs=n_jobs, tick=tick)[0]


def run_plans(
    rows: Rows,
    plans: Sequence[Plan],
    which: NDArray[np.int64],
    moments: Moments,
    /,
    *,
    n_jobs: int | None,
    tick: Callable[[int], None] | None = None,
) -> list[LinearScores]:
    """Score every observation by its plan, in one pass over the rows.

    Parameters
    ----------
    rows, moments
        What to score, centred and scaled how.
    plans
        What to score it with.
    which
        The plan of every observation.
    n_jobs
        Threads; all cores when None.
    tick
        Called with the number of observations each finished block adds.

    Returns
    -------
    For each plan the scores of its own observations, in their order.
    """
    jobs = [_Job(plan, moments, which == k) for k, plan in enumerate(plans)]

    def work(block: Block) -> None:
        for job in jobs:
            job.run(block)
        if tick is not None:
            tick(block.stop - block.start)

    for_each(iter(rows), work, n_jobs=n_jobs)
    return [job.found for job in jobs]


class _Job:
    """One plan, its observations and their scores as they come."""

    def __init__(self, plan: Plan, moments: Moments, mine: NDArray[np.bool_]) -> None:
        self._plan, self._moments, self._mine = plan, moments, mine
        self._before = np.concatenate([[0], np.cumsum(mine)])
        self._rest = _rest(plan, moments)
        pointer, column = plan.weights.indptr, plan.weights.indices
        self._pointer, self._column = pointer.astype(np.int64), column.astype(np.int32)
        shape = (int(mine.sum()), len(plan.columns))
        estimate, score, pvalue = (np.full(shape, np.nan) for _ in range(3))
        self.found = LinearScores(estimate, score, pvalue, np.zeros(shape[0], dtype=np.int8))

    def run(self, block: Block) -> None:
        """Score the plan's observations among a block's."""
        here = np.flatnonzero(self._mine[block.rows])
        if not here.size:
            return
        plan, moments, rest, found = self._plan, self._moments, self._rest, self.found
        out = slice(int(self._before[block.start]), int(self._before[block.stop]))
        arrays = block.arrays(here)
        group = moments.group[block.rows][here]
        projection = rest.projection[group]
        sums = np.zeros((len(group), 5))
        state = found.state[out]
        row_summary(
            *arrays, group, moments.mean, moments.inverse_sd, rest.base,
            self._pointer, self._column, plan.weights.data, projection, sums, state,
        )  # fmt: skip
        finish_rows(
            *arrays, group, moments.mean, moments.inverse_sd, rest.bin, rest.count, rest.total,
            projection, sums, state, plan.mix, plan.drift, plan.power, plan.level, plan.number,
            plan.n_levels, found.estimate[out], found.score[out], found.pvalue[out],
        )  # fmt: skip
