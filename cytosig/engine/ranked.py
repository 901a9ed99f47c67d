"""Rank methods on row blocks: one rank pass serves all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from cytosig.engine.outputs import STATE, Field, Outputs
from cytosig.kernels import ranks
from cytosig.methods._rank import RankSums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.outputs import Slots
    from cytosig.engine.sets import NamedSets
    from cytosig.methods import How, RankMethod

    Array = NDArray[np.float64]

_INTEGERS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}
_UNASKED = {"max_rank": 1500.0, "top": 2.0, "alpha": 0.25}  # by any method of the run
_AT_ONCE = 256  # rows whose sums are finished while they are still at hand
_ORDER = ("filled", "capped_filled", "capped", "recovered", "rank", "lowest", "power", "weighted")


class RankJob:
    """All rank methods of a run that follow their published definitions, or nearly."""

    def __init__(
        self,
        asked: Sequence[tuple[RankMethod, How]],
        named: NamedSets,
        serves: int | None = None,
        /,
    ) -> None:
        self._asked, self._named, self.serves = asked, named, serves
        sets = named.sets
        self._signed = bool(sets.lowered.any())
        both = np.hstack([sets.raised, sets.lowered]) if self._signed else sets.raised
        gene, member = np.divmod(np.flatnonzero(both), both.shape[1])
        sets_of = np.bincount(gene, minlength=sets.n_genes)
        self._pointer = np.concatenate([[0], np.cumsum(sets_of)]).astype(np.int64)
        self._member = member.astype(np.int32)
        self._size = np.concatenate([sets.n_raised, sets.n_lowered][: 1 + self._signed])
        self._tuning = _tuning(asked, sets.n_genes)

    @property
    def fields(self) -> Mapping[str, Field]:
        """One array a method, one column a set."""
        each = Field(len(self._named.columns))
        return {"state": STATE, **{method.name: each for method, _ in self._asked}}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Score some of a block's observations."""
        del batch
        indptr, indices, data = block.arrays(here)
        whole = _INTEGERS[data.dtype]
        bits = np.ascontiguousarray(data).view(whole)
        infinity = int(np.array(np.inf, dtype=data.dtype).view(whole))
        shape = ranks.N_SUMS, min(_AT_ONCE, len(here)), len(self._size)
        planes = np.empty(shape)  # every sum by itself, as the methods take them
        for first in range(0, len(here), _AT_ONCE):
            last = min(first + _AT_ONCE, len(here))
            part = {name: array[first:last] for name, array in into.items()}
            sums = planes[:, : last - first].transpose(1, 2, 0)
            ranks.rank_sums(
                indptr[first : last + 1], indices, bits, infinity, self._pointer, self._member,
                self._size, self._tuning, sums, part["state"],
            )  # fmt: skip
            self._finish(sums, part)

    def _finish(self, sums: Array, into: Slots) -> None:
        n = len(self._named.columns)
        up = self._sums(sums, slice(n))
        down = self._sums(sums, slice(n, None)) if self._signed else None
        unscored = into["state"] != 0
        for method, how in self._asked:
            score = into[method.name]
            score[...] = method.finish(up, down, self._named.sets, how)
            score[unscored] = np.nan

    def _sums(self, sums: Array, columns: slice) -> RankSums:
        planes = {name: sums[:, columns, k] for k, name in enumerate(_ORDER)}
        size = self._size[columns].astype(np.float64)
        return RankSums(self._named.sets.n_genes, size, **planes)

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """Scores by method."""
        named = self._named
        return {
            method.name: Outputs(
                named.columns, named.n_signatures, filled["state"], filled[method.name]
            )
            for method, _ in self._asked
        }


def _tuning(asked: Sequence[tuple[RankMethod, How]], n_genes: int) -> ranks.Tuning:
    """What all the methods together ask of the rank pass."""
    found = dict(_UNASKED)
    for method, how in asked:
        found |= method.tune(how.settings, n_genes, how.compat)
    return ranks.Tuning(n_genes, float(found["max_rank"]), int(found["top"]), float(found["alpha"]))


class OrdinalJob:
    """A rank method as a peer has it that breaks ties by the order of genes: row by row, dense."""

    def __init__(
        self,
        method: RankMethod,
        how: How,
        named: NamedSets,
        filled: NDArray[np.bool_],
        serves: int | None = None,
        /,
    ) -> None:
        self._name, self._how, self._named, self.serves = method.name, how, named, serves
        self._ordinal = method.ordinal[str(how.compat)]
        self._order = self._ordinal.order(named.sets.n_genes, filled)
        self._sets = named.sets.ordered(self._order)

    @property
    def fields(self) -> Mapping[str, Field]:
        """One column a set."""
        return {"state": STATE, "score": Field(len(self._named.columns))}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Score some of a block's observations."""
        del batch
        matrix = block.to_scipy(self._named.sets.n_genes)
        for i, row in enumerate(here):
            x = matrix[row].toarray()[0][self._order].astype(np.float64)
            into["state"][i] = state = _state_of(x)
            if state == 0:
                place = rankdata(-x, method="ordinal").astype(np.int64)
                found = self._ordinal.finish(place[None], rankdata(x)[None], self._sets, self._how)
                into["score"][i] = found[0]

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """Scores of the one method."""
        named = self._named
        found = Outputs(named.columns, named.n_signatures, filled["state"], filled["score"])
        return {self._name: found}


def _state_of(x: Array) -> int:
    if not np.isfinite(x).all():
        return 3
    if not x.any():
        return 1
    return 2 if (x == x[0]).all() else 0
