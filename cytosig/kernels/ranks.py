"""Ranks of signature genes inside each row, from its non-zeros alone and without sorting.

Zeros are one block of ties, so only stored values are told apart: one by one where the genes asked
for hold few of them, in buckets where they hold many. Either way ranks come from whole numbers of
genes, so it does not show in the sums which way was taken.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

from cytosig.kernels import buckets, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.kernels.levels import Found

FILLED, CAPPED_FILLED, CAPPED, RECOVERED, RANK, LOWEST, POWER, WEIGHTED = range(8)
N_SUMS = 8
_FILLED_ONLY = 2  # the first two sums leave out genes that are zero


class Tuning(NamedTuple):
    """What terms depend on.

    Genes of the universe; place at which places are capped; place before which a gene counts as
    recovered; power of the rank.
    """

    n_genes: int
    max_rank: float
    top: int
    alpha: float


@nb.njit(cache=True, nogil=True)
def _terms(less: int, equal: int, zeros: int, how: Tuning, term: NDArray[np.float64]) -> None:
    """What a gene adds to each sum: ``less`` are below it, ``equal`` tie, ``zeros`` are above."""
    last = how.n_genes - less  # places first ... last from the top are shared by the tied genes
    first = last - equal + 1
    place = 0.5 * (first + last)
    rank = how.n_genes + 1 - place
    term[FILLED] = 1.0
    term[CAPPED] = min(place, how.max_rank)
    term[CAPPED_FILLED] = min(place - zeros, how.max_rank)
    inside = how.top - first  # a gene in place p adds top − p where p < top
    if inside <= 0:
        term[RECOVERED] = 0.0
    elif last < how.top:
        term[RECOVERED] = how.top - place
    else:
        term[RECOVERED] = 0.5 * inside * (inside + 1) / equal
    term[RANK] = rank
    term[LOWEST] = less + 1
    power = sqrt(sqrt(rank)) if how.alpha == 0.25 else rank**how.alpha
    term[POWER] = power
    term[WEIGHTED] = power * rank


@nb.njit(cache=True, nogil=True)
def _look(bits: NDArray[Any], infinity: int, n_genes: int) -> tuple[int, int, int]:
    """The state of a row, the genes below zero, and those that are zero."""
    mask = np.iinfo(bits.dtype).max
    n_bad = n_below = n_stored = n_same = 0
    for j in range(len(bits)):
        value = bits[j] & mask
        n_bad += value >= infinity
        n_below += (bits[j] < 0) & (value > 0)
        n_stored += value > 0
    if n_stored == n_genes:
        for j in range(n_genes):
            n_same += bits[j] == bits[0]
    state = 3 if n_bad else 1 if n_stored == 0 else 2 if n_same == n_genes else 0
    return state, n_below, n_genes - n_stored


@nb.njit(cache=True, nogil=True)
def _add_found(
    n_found: int, found: Found, term: NDArray[np.float64], pointer: NDArray[np.int64],
    member: NDArray[np.int32], total: NDArray[np.float64],
) -> None:  # fmt: skip
    """Add the terms of the genes found to the sums of their sets."""
    n_sums = term.shape[1]  # not the constant: its loop would be unrolled, and not added at once
    for i in range(n_found):
        gene, at = np.uint64(found.gene[i]), np.uint64(found.level[i])
        for q in range(pointer[gene], pointer[gene + np.uint64(1)]):
            k = np.uint64(member[np.uint64(q)])
            for s in range(n_sums):
                total[k, s] += term[at, s]


@nb.njit(cache=True, nogil=True)
def _add_silent(
    less: int, n_zero: int, how: Tuning, size: NDArray[np.int64], term: NDArray[np.float64],
    total: NDArray[np.float64], sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """The sums over all genes: ``total`` of those found, and as much for each that is zero."""
    term[:] = 0.0
    if n_zero:
        _terms(less, n_zero, 0, how, term)
        term[:_FILLED_ONLY] = 0.0
    for s in range(N_SUMS):
        for k in range(len(size)):
            sums[k, s] = total[k, s] + (size[k] - total[k, FILLED]) * term[s]


@nb.njit(cache=True, nogil=True)
def rank_sums(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    bits: NDArray[Any],
    infinity: int,
    pointer: NDArray[np.int64],
    member: NDArray[np.int32],
    size: NDArray[np.int64],
    how: Tuning,
    sums: NDArray[np.float64],
    state: NDArray[np.int8],
) -> None:
    """Sums over the genes of every set of functions of their rank, row by row.

    Parameters
    ----------
    bits, infinity
        Values as integers of their bit patterns, and that of infinity.
    pointer, member, size
        Sets of every gene, in CSR form, and genes of every set.
    sums
        Out, rows × sets × 8: genes that are not zero, Σ capped place from the top among those
        and among all, Σ expected (top − place) where positive, Σ tie-averaged rank, Σ lowest
        rank, Σ rank^alpha, Σ rank^(1 + alpha); 0 where ``state`` is not.
    state
        Out: 0 fine, 1 no non-zero value, 2 every gene the same value, 3 NaN or infinite.
    """
    longest = np.diff(indptr).max() if len(indptr) > 1 else 0
    found, table = levels.make_found(longest), levels.make_table()
    room = buckets.make_buckets(longest, bits)
    wanted = (pointer[1:] > pointer[:-1]).astype(np.uint8)
    term, total = np.empty((longest + 1, N_SUMS)), np.empty((len(size), N_SUMS))
    for row in range(len(indptr) - 1):
        gene, value = indices[indptr[row] : indptr[row + 1]], bits[indptr[row] : indptr[row + 1]]
        state[row], n_below, n_zero = _look(value, infinity, how.n_genes)
        if state[row]:
            sums[row] = 0.0
            continue
        n_found = levels.read(gene, value, wanted, found)
        n_levels = levels.find(value, how.n_genes - len(value), n_found, table, found)
        if n_levels < 0:
            n_levels = buckets.find(value, how.n_genes, n_found, room, found)
        for k in range(n_levels):
            zeros = n_zero if found.less[k] < n_below else 0
            _terms(found.less[k], found.equal[k], zeros, how, term[k])
        total[:] = 0.0
        _add_found(n_found, found, term, pointer, member, total)
        _add_silent(n_below, n_zero, how, size, term[longest], total, sums[row])
