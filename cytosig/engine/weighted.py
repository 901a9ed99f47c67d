"""Methods that average genes, on row blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.moments import power_sums
from cytosig.engine.outputs import STATE, Field, Outputs
from cytosig.kernels.linear import NOTHING
from cytosig.kernels.rows import mix_rows, row_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.moments import Moments
    from cytosig.engine.outputs import Slots
    from cytosig.engine.sets import NamedSets
    from cytosig.methods import How, WeightedMethod

    Array = NDArray[np.float64]


class WeightedJob:
    """One method and its weights."""

    def __init__(
        self,
        method: WeightedMethod,
        how: How,
        named: NamedSets,
        moments: Moments,
        gene_mean: Array,
        serves: int | None = None,
        /,
    ) -> None:
        self._name, self._named, self._moments, self.serves = method.name, named, moments, serves
        self._standardised = method.standardised
        columns, mix = method.weigh(named.sets, gene_mean, how)
        self._pointer = columns.indptr.astype(np.int64)
        self._column = columns.indices.astype(np.int32)
        self._weight = columns.data.astype(np.float64)
        self._mix = np.ascontiguousarray(mix.T)
        y = -moments.mean * moments.inverse_sd
        self._base = power_sums(y)
        self._start = np.asarray(y @ columns)

    @property
    def fields(self) -> Mapping[str, Field]:
        """One column a set."""
        return {"state": STATE, "score": Field(len(self._named.columns))}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Score some of a block's observations."""
        moments, state, sums = self._moments, into["state"], np.zeros((len(here), 5))
        group = moments.group(batch)
        projection = self._start[group]
        row_summary(
            *block.arrays(here), group, moments.mean, moments.inverse_sd, self._base,
            self._pointer, self._column, self._weight, projection, sums, state,
        )  # fmt: skip
        if self._standardised:
            away = sums[:, 1] - sums[:, 0] ** 2 / moments.mean.shape[1]
            state[(state == 0) & (away <= NOTHING * sums[:, 4])] = 4
        mix_rows(projection, self._mix, state, into["score"])

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """Scores of the one method."""
        named = self._named
        found = Outputs(named.columns, named.n_signatures, filled["state"], filled["score"])
        return {self._name: found}
