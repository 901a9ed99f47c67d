"""Methods that see all observations at once, dense: another library runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.blocks import n_threads
from cytosig.engine.outputs import STATE, Field, Outputs
from cytosig.genes.resolve import approved_names
from cytosig.kernels.linear import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.moments import Moments
    from cytosig.engine.outputs import Slots
    from cytosig.engine.sets import NamedSets
    from cytosig.genes.tables import Organism
    from cytosig.methods import How, WholeMethod

    Array = NDArray[np.float64]


def check_size(method: WholeMethod, n_obs: int, /) -> None:
    """Refuse more or fewer observations than the method is for.

    Raises
    ------
    DataError
        Saying what it is for and what to use instead.
    """
    if n_obs > method.most:
        raise DataError(
            f"{method.name} is for bulk samples, pseudobulk and contrasts, at most {method.most:,}:"
            f" {method.why_most}. The data hold {n_obs:,} observations. Add cells up by sample and"
            " cell type first (cs.pp.pseudobulk), or use method='ssgsea' or 'ucell', which"
            " score each cell on its own."
        )
    if n_obs < method.fewest:
        raise DataError(
            f"{method.name} compares observations with each other and needs {method.fewest} or"
            f" more that have values; there is {n_obs}. Use method='ssgsea' or 'singscore'."
        )


class Dense:
    """The values of all observations, as one method wants them; shared by its jobs.

    Genes are put in the order of their approved names, which depends neither on the order of the
    data nor on how they spell a gene: where genes tie, the first counts as the smaller.
    """

    serves = None

    def __init__(
        self, method: WholeMethod, moments: Moments, genes: Sequence[str], organism: Organism, /
    ) -> None:
        self._centred, self._moments = method.centred, moments
        names = [name.casefold() for name in approved_names(genes, organism)]
        self.order = np.array(sorted(range(len(genes)), key=lambda i: (names[i], genes[i])))
        self.values = np.zeros((0, len(genes)))
        self.state = np.zeros(0, dtype=np.int8)

    @property
    def fields(self) -> Mapping[str, Field]:
        """All values."""
        return {"state": STATE, "values": Field(len(self.order))}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Take over the rows of a block."""
        del here
        x = block.to_scipy(len(self.order)).toarray().astype(np.float64)
        state = into["state"]
        state[(x == x[:, :1]).all(axis=1)] = 2
        state[~x.any(axis=1)] = 1
        state[~np.isfinite(x).all(axis=1)] = 3
        if self._centred:
            group = self._moments.group(batch)
            scale, shift = self._moments.inverse_sd[group], self._moments.mean[group]
            size = ((x * scale) ** 2).sum(axis=1) + ((shift * scale) ** 2).sum(axis=1)
            x = (x - shift) * scale
            away = x - x.mean(axis=1, keepdims=True)
            state[(state == 0) & ((away**2).sum(axis=1) <= NOTHING * size)] = 4
        into["values"][:] = x[:, self.order]

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """No scores of its own: the values, for the jobs that wait for them."""
        self.values, self.state = filled["values"], filled["state"]
        return {}


class WholeJob:
    """One method on the signatures of some observations, run when all rows are there.

    A method that compares observations compares all of them, whichever signatures theirs are.
    """

    def __init__(
        self,
        method: WholeMethod,
        how: How,
        named: NamedSets,
        rows: NDArray[np.int64],
        dense: Dense,
        serves: int | None,
        /,
        *,
        n_jobs: int | None,
    ) -> None:
        self._method, self._how, self._named, self.serves = method, how, named, serves
        self._rows, self._dense, self._n_jobs = rows, dense, n_jobs

    @property
    def fields(self) -> Mapping[str, Field]:
        """None: the rows are collected once for all jobs."""
        return {}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Nothing."""

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """Run the method on the observations that can be scored."""
        del filled
        named, method, state = self._named, self._method, self._dense.state
        used = state == 0
        if not method.compares:
            used &= np.isin(np.arange(len(state)), self._rows)
        score = np.full((len(state), len(named.columns)), np.nan)
        pvalue = np.full_like(score, np.nan) if method.tested else None
        if used.any() and not (state == 3).any():  # such a value is named, and nothing scored
            check_size(method, int(used.sum()))
            sets = named.sets.ordered(self._dense.order)
            threads = n_threads(self._n_jobs)
            found = method.run(self._dense.values[used], sets, self._how, threads=threads)
            score[used] = found.score
            if pvalue is not None and found.pvalue is not None:
                pvalue[used] = found.pvalue
        own = None if pvalue is None else pvalue[self._rows]
        columns = (named.columns, named.n_signatures)
        return {method.name: Outputs(*columns, state[self._rows], score[self._rows], own)}
