"""Linear methods on row blocks: every block on its own, so blocks and threads do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.moments import power_sums
from cytosig.engine.outputs import STATE, Field, Outputs
from cytosig.engine.plan import stack_plans
from cytosig.kernels.linear import finish_rows
from cytosig.kernels.rows import row_summary
from cytosig.kernels.tails import N_BINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.moments import Moments
    from cytosig.engine.outputs import Slots
    from cytosig.engine.plan import Plan

    Array = NDArray[np.float64]


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
    base = power_sums(y)
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


class LinearJob:
    """Plans of one or more methods on the same signatures.

    What an observation's values are, and what they add up to on each signature, is worked out
    once for all of them.
    """

    def __init__(
        self, plans: Mapping[str, Plan], moments: Moments, serves: int | None = None, /
    ) -> None:
        self._plans, self._moments, self.serves = plans, moments, serves
        self._plan = plan = stack_plans(list(plans.values()))
        self._rest = _rest(plan, moments)
        pointer, column = plan.weights.indptr, plan.weights.indices
        self._pointer, self._column = pointer.astype(np.int64), column.astype(np.int32)

    @property
    def fields(self) -> Mapping[str, Field]:
        """One column an output of every plan."""
        each = Field(len(self._plan.columns))
        return {"state": STATE, "score": each, "pvalue": each, "estimate": each}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Score some of a block's observations."""
        plan, moments, rest = self._plan, self._moments, self._rest
        arrays = block.arrays(here)
        group = moments.group(batch)
        projection = rest.projection[group]
        sums = np.zeros((len(group), 5))
        row_summary(
            *arrays, group, moments.mean, moments.inverse_sd, rest.base,
            self._pointer, self._column, plan.weights.data, projection, sums, into["state"],
        )  # fmt: skip
        finish_rows(
            *arrays, group, moments.mean, moments.inverse_sd, rest.bin, rest.count, rest.total,
            projection, sums, into["state"], plan.mix, plan.drift, plan.power, plan.level,
            plan.number, plan.n_levels, into["estimate"], into["score"], into["pvalue"],
        )  # fmt: skip

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """The scores of each method."""
        found, first = {}, 0
        for name, plan in self._plans.items():
            own = slice(first, first + len(plan.columns))
            arrays = [filled[field][:, own] for field in ("score", "pvalue", "estimate")]
            found[name] = Outputs(plan.columns, plan.n_signatures, filled["state"], *arrays)
            first = own.stop
        return found
