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
    from collections.abc import Callable

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
    """Score every observation.

    Parameters
    ----------
    rows, plan, moments
        What to score, with what, centred and scaled how.
    n_jobs
        Threads; all cores when None.
    tick
        Called with the number of observations each finished block adds.
    """
    shape = (rows.n_obs, len(plan.columns))
    estimate, score, pvalue = (np.full(shape, np.nan) for _ in range(3))
    state = np.zeros(rows.n_obs, dtype=np.int8)
    rest = _rest(plan, moments)
    weights = plan.weights
    pointer, column = weights.indptr.astype(np.int64), weights.indices.astype(np.int32)

    def work(block: Block) -> None:
        here = block.rows
        arrays = (block.indptr, block.indices, block.data)
        group = moments.group[here]
        projection = rest.projection[group]
        sums = np.zeros((len(group), 5))
        row_summary(
            *arrays, group, moments.mean, moments.inverse_sd, rest.base,
            pointer, column, weights.data, projection, sums, state[here],
        )  # fmt: skip
        finish_rows(
            *arrays, group, moments.mean, moments.inverse_sd, rest.bin, rest.count, rest.total,
            projection, sums, state[here], plan.mix, plan.drift, plan.power,
            plan.level, plan.number, plan.n_levels, estimate[here], score[here], pvalue[here],
        )  # fmt: skip
        if tick is not None:
            tick(block.stop - block.start)

    for_each(iter(rows), work, n_jobs=n_jobs)
    return LinearScores(estimate, score, pvalue, state)
