"""Blocks of simulated cells, each from its own seed; for scaling_data.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scaling_model as model
from numba import njit

if TYPE_CHECKING:
    import scipy.sparse as sp
    from numpy.typing import NDArray

ROWS = 500
RUN = 250
_TARGET = 1e4


@dataclass(frozen=True)
class Cells:
    """Some rows: their sparse matrix and what obs says of them."""

    lengths: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    sample: NDArray[np.int8]
    cell_type: NDArray[np.int8]
    total: NDArray[np.int32]

    def to_scipy(self, n_genes: int, /) -> sp.csr_matrix:
        """The same rows as a scipy matrix."""
        import scipy.sparse as sp

        indptr = np.concatenate([[0], np.cumsum(self.lengths)])
        return sp.csr_matrix((self.data, self.indices, indptr), shape=(len(self.total), n_genes))


def block(known: model.Model, number: int, n_rows: int, seed: int, *, log1p: bool) -> Cells:
    """The first ``n_rows`` cells of block ``number``; they do not depend on how many follow."""
    rng = np.random.default_rng([seed, number])
    sample = (np.arange(ROWS) + number * ROWS) // RUN % len(model.SAMPLES)
    kind = (rng.random(ROWS)[:, None] > known.shares[sample, :-1]).sum(axis=1)
    noise = rng.lognormal(-(model.LIBRARY_SD**2) / 2, model.LIBRARY_SD, ROWS)
    total = 1 + rng.poisson(known.depth * np.array(model.SIZES)[kind] * noise)
    sample, kind, total = sample[:n_rows], kind[:n_rows], total[:n_rows]
    random = rng.integers(0, 2**64, size=int(total.sum()), dtype=np.uint64)
    lengths = np.zeros(n_rows, dtype=np.int64)
    indices = np.empty(len(random), dtype=np.int32)
    data = np.empty(len(random), dtype=np.float32)
    target = _TARGET if log1p else 0.0
    size = _fill(
        random, total, sample, kind, known.threshold, known.alias, target, lengths, indices, data
    )
    cut = indices[:size].copy(), data[:size].copy()
    return Cells(
        lengths, *cut, sample.astype(np.int8), kind.astype(np.int8), total.astype(np.int32)
    )


@njit(nogil=True)
def _fill(random, total, sample, kind, threshold, alias, target, lengths, indices, data):
    """Multinomial counts of every row, or log1p of them at the target sum; the entries filled."""
    n_genes = threshold.shape[-1]
    counts = np.zeros(n_genes, np.int32)
    used = place = 0
    for row in range(len(total)):
        keep, other = threshold[sample[row], kind[row]], alias[sample[row], kind[row]]
        for draw in random[used : used + total[row]]:
            gene = ((draw >> np.uint64(32)) * np.uint64(n_genes)) >> np.uint64(32)
            if np.uint32(draw & np.uint64(0xFFFFFFFF)) > keep[gene]:
                counts[other[gene]] += 1
            else:
                counts[gene] += 1
        used += total[row]
        first = place
        for gene in range(n_genes):
            if counts[gene]:
                indices[place] = gene
                data[place] = counts[gene]
                counts[gene] = 0
                place += 1
        if target:
            factor = target / total[row]
            for i in range(first, place):
                data[i] = np.log1p(data[i] * factor)
        lengths[row] = place - first
    return place
