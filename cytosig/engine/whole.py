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
    from cytosig.engine.outputs import Part
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
            f"{method.name} compares observations with each other, inside a compartment where"
            f" there are several, and needs {method.fewest} or more that have values; there is"
            f" {n_obs}. Use method='ssgsea' or 'singscore'."
        )


class WholeJob:
    """One method; collects its observations and runs when all are there."""

    def __init__(
        self,
        method: WholeMethod,
        how: How,
        named: NamedSets,
        part: Part,
        moments: Moments,
        genes: Sequence[str],
        /,
        *,
        n_jobs: int | None,
    ) -> None:
        self._method, self._how, self._named, self._part = method, how, named, part
        self._moments, self._n_jobs = moments, n_jobs
        self._order = np.array(sorted(range(len(genes)), key=genes.__getitem__))
        self._values = np.zeros((part.n_obs, len(genes)))
        self._state = np.zeros(part.n_obs, dtype=np.int8)

    def run(self, block: Block, /) -> None:
        """Collect the part's observations among a block's."""
        here, out = self._part.of(block)
        if not here.size:
            return
        x = block.to_scipy(self._values.shape[1])[here].toarray().astype(np.float64)
        state = self._state[out]
        state[(x == x[:, :1]).all(axis=1)] = 2
        state[~x.any(axis=1)] = 1
        state[~np.isfinite(x).all(axis=1)] = 3
        if self._method.centred:
            group = self._moments.group[block.rows][here]
            scale, shift = self._moments.inverse_sd[group], self._moments.mean[group]
            size = ((x * scale) ** 2).sum(axis=1) + ((shift * scale) ** 2).sum(axis=1)
            x = (x - shift) * scale
            away = x - x.mean(axis=1, keepdims=True)
            state[(state == 0) & ((away**2).sum(axis=1) <= NOTHING * size)] = 4
        self._values[out] = x[:, self._order]

    def outputs(self) -> Mapping[str, Outputs]:
        """Run the method on the observations that can be scored."""
        named, method = self._named, self._method
        fine = self._state == 0
        score = np.full((self._part.n_obs, len(named.columns)), np.nan)
        pvalue = np.full_like(score, np.nan) if method.tested else None
        if fine.any():
            check_size(method, int(fine.sum()))
            found = method.run(
                self._values[fine],
                named.sets.ordered(self._order),
                self._how,
                threads=n_threads(self._n_jobs),
            )
            score[fine] = found.score
            if pvalue is not None and found.pvalue is not None:
                pvalue[fine] = found.pvalue
        return {method.name: Outputs(named.columns, named.n_signatures, self._state, score, pvalue)}
