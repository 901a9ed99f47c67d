"""Methods that see all observations at once, dense: another library runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.blocks import n_threads
from cytosig.engine.outputs import Outputs
from cytosig.kernels.linear import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.moments import Moments
    from cytosig.engine.sets import NamedSets
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
            " cell type first (scanpy.get.aggregate), or use method='ssgsea' or 'ucell', which"
            " score each cell on its own."
        )
    if n_obs < method.fewest:
        raise DataError(
            f"{method.name} compares observations with each other and needs {method.fewest} or"
            f" more that have values; there is {n_obs}. Use method='ssgsea' or 'singscore'."
        )


class Dense:
    """The values of all observations, as one method wants them; shared by its jobs.

    Genes are put in the order of their names, which does not depend on the order of the data.
    """

    def __init__(
        self, method: WholeMethod, moments: Moments, genes: Sequence[str], n_obs: int, /
    ) -> None:
        self._centred, self._moments = method.centred, moments
        self.order = np.array(sorted(range(len(genes)), key=genes.__getitem__))
        self.values = np.zeros((n_obs, len(genes)))
        self.state = np.zeros(n_obs, dtype=np.int8)

    def run(self, block: Block, /) -> None:
        """Take over the rows of a block."""
        x = block.to_scipy(self.values.shape[1]).toarray().astype(np.float64)
        state = self.state[block.rows]
        state[(x == x[:, :1]).all(axis=1)] = 2
        state[~x.any(axis=1)] = 1
        state[~np.isfinite(x).all(axis=1)] = 3
        if self._centred:
            group = self._moments.group[block.rows]
            scale, shift = self._moments.inverse_sd[group], self._moments.mean[group]
            size = ((x * scale) ** 2).sum(axis=1) + ((shift * scale) ** 2).sum(axis=1)
            x = (x - shift) * scale
            away = x - x.mean(axis=1, keepdims=True)
            state[(state == 0) & ((away**2).sum(axis=1) <= NOTHING * size)] = 4
        self.values[block.rows] = x[:, self.order]

    def outputs(self) -> Mapping[str, Outputs]:
        """No scores of its own."""
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
        /,
        *,
        n_jobs: int | None,
    ) -> None:
        self._method, self._how, self._named = method, how, named
        self._rows, self._dense, self._n_jobs = rows, dense, n_jobs

    def run(self, block: Block, /) -> None:
        """Nothing: the rows are collected once for all jobs."""

    def outputs(self) -> Mapping[str, Outputs]:
        """Run the method on the observations that can be scored."""
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
