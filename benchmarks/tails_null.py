"""The package's own null of an observation, taken from a scoring run as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from tails_kernels import p_on_grid

import cytosig as cs
from cytosig.engine import linear
from cytosig.kernels.tails import N_BINS, N_STEPS, bin_values, cumulant_table
from cytosig.stats.permutation import central_power_sums, moments

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.engine.moments import Moments
    from cytosig.engine.outputs import Outputs
    from cytosig.engine.plan import Plan

    Array = NDArray[np.float64]

GRID = np.arange(0.0, 60.0, 0.005)


@dataclass(frozen=True)
class Run:
    """What a scoring run handed to its kernel, and what came back."""

    plan: Plan
    moments: Moments
    batch: Any
    found: Outputs
    matrix: Any
    rest: Any

    def values(self, row: int, /) -> Array:
        """y = (x − mean)·inverse_sd of an observation over all genes."""
        group = self.moments.group(self.batch)[row]
        x = self.matrix[row].toarray().ravel().astype(np.float64)
        y: Array = (x - self.moments.mean[group]) * self.moments.inverse_sd[group]
        return y


def run(adata: AnnData, /, **options: object) -> Run:
    """Score a copy and keep the plan, the gene moments and the engine's rows."""
    kept: dict[str, Any] = {"blocks": {}, "batch": {}}
    made, ran = linear.LinearJob.__init__, linear.LinearJob.run
    told = linear.LinearJob.outputs

    def spy_made(self: linear.LinearJob, plans: Any, moments: Any, serves: Any, /) -> None:
        made(self, plans, moments, serves)
        kept.update(plan=next(iter(plans.values())), moments=moments)

    def spy_ran(self: linear.LinearJob, block: Any, here: Any, batch: Any, into: Any, /) -> None:
        ran(self, block, here, batch, into)
        kept["blocks"][block.start] = block
        kept["batch"][block.start] = batch

    def spy_told(self: linear.LinearJob, filled: Any, /) -> Any:
        kept["found"] = told(self, filled)
        return kept["found"]

    patched = patch.multiple(linear.LinearJob, __init__=spy_made, run=spy_ran, outputs=spy_told)
    with patched:
        cs.tl.score(adata, copy=True, **options)
    from scipy.sparse import vstack

    plan, moments = kept["plan"], kept["moments"]
    n_genes = moments.mean.shape[1]
    matrix = vstack([kept["blocks"][k].to_scipy(n_genes) for k in sorted(kept["blocks"])]).tocsr()
    (found,) = kept["found"].values()
    batch = np.concatenate([kept["batch"][k] for k in sorted(kept["batch"])])
    return Run(plan, moments, batch, found, matrix, linear._rest(plan, moments))


@dataclass(frozen=True)
class Null:
    """Shipped p over GRID, and the standard deviation of S, of every output of one observation."""

    p: Array
    sd: Array


def null_of(held: Run, row: int, /) -> Null:
    """Tabulate the p-value as finish_rows computes it, and check it on the observed z."""
    table, up, down = _table(held, row)
    y, plan = held.values(row), held.plan
    b = central_power_sums(*((y**k).sum() for k in (1, 2, 3, 4)), len(y))
    p, sd = np.empty((len(plan.columns), len(GRID))), np.empty(len(plan.columns))
    for q, n in enumerate(plan.n_levels):
        second, third, fourth = moments(*plan.power[q], *b, len(y))
        sd[q] = np.sqrt(second)
        skew, excess = third / sd[q] ** 3, fourth / second**2 - 3.0
        shape = (skew, excess, plan.level[q, :n], plan.number[q, :n], table, up, down)
        p_on_grid(GRID, *shape, p[q])
        z, shipped = abs(held.found.score[row, q]), held.found.pvalue[row, q]
        again = np.empty(1)
        p_on_grid(np.array([z]), *shape, again)
        if abs(again[0] - shipped) > 1e-6 * shipped + 1e-250:
            raise SystemExit(f"{plan.columns[q]}: p={again[0]} here, {shipped} from the package.")
    return Null(p, sd)


def _table(held: Run, row: int, /) -> tuple[Array, float, float]:
    group = held.moments.group(held.batch)[row]
    x = held.matrix[row]
    count, total, value = np.empty(2 * N_BINS), np.empty(2 * N_BINS), np.empty(max(x.nnz, 1))
    bin_values(
        x.indices, x.data, held.moments.mean[group], held.moments.inverse_sd[group],
        held.rest.bin[group], held.rest.count[group], held.rest.total[group],
        value, count, total,
    )  # fmt: skip
    table = np.empty((2, N_STEPS + 1, 5))
    up, down = cumulant_table(count, total, table)
    return table, up, down


def thresholds(p: Array, levels: tuple[float, ...], /) -> Array:
    """Smallest z at which p reaches each level, by log-linear interpolation."""
    out = np.full((len(p), len(levels)), np.inf)
    for q, row in enumerate(p):
        for a, level in enumerate(levels):
            reached = np.flatnonzero(row <= level)
            if len(reached):
                i = int(reached[0])
                share = np.log(row[i - 1] / level) / np.log(row[i - 1] / row[i])
                out[q, a] = GRID[i - 1] + share * (GRID[i] - GRID[i - 1])
    return out


def rise(p: Array, /) -> Array:
    """Largest factor by which p grows where z grows, between p = 0.05 and 1e-30."""
    best = np.minimum.accumulate(p, axis=1)
    grown: Array = np.where((best < 0.05) & (best > 1e-30), p / best, 1.0).max(axis=1)
    return grown
