"""Ranks of signature genes inside each row, from its non-zeros alone and without sorting.

Zeros are one block of ties, so only stored values are told apart. They are counted in buckets by
their bit patterns, which order positive floats as their values do. Where a bucket holds a single
value, as most do, its count and the counts above it give the rank; a bucket of several values is
sorted when a gene in it is asked for.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILLED, CAPPED_FILLED, CAPPED, RECOVERED, RANK, LOWEST, POWER, WEIGHTED = range(8)
N_SUMS = 8
_FILLED_ONLY = 2  # the first two sums leave out genes that are zero
_FEWEST, _MOST = 64, 32768  # buckets
_SINGLE, _MIXED, _READY = 0, 1, 2  # a bucket: one value; several; its terms are known


@nb.njit(cache=True, nogil=True)
def _count(
    value: NDArray[Any],
    start: NDArray[np.int32],
    last: NDArray[Any],
    kind: NDArray[np.uint8],
) -> tuple[int, int]:
    """Count values in ascending buckets; returns the lowest value and the shift to a bucket."""
    low = high = value[0]
    for v in value:
        low, high = min(low, v), max(high, v)
    buckets = _FEWEST
    while buckets < len(value) and buckets < _MOST:
        buckets *= 2
    shift = 0
    while (high - low) >> shift >= buckets:
        shift += 1
    buckets = ((high - low) >> shift) + 1
    start[: buckets + 1] = 0
    kind[:buckets] = _SINGLE
    for v in value:
        k = (v - low) >> shift
        kind[k] |= (start[k + 1] > 0) & (last[k] != v)
        last[k] = v
        start[k + 1] += 1
    for k in range(buckets):
        start[k + 1] += start[k]
    return low, shift


@nb.njit(cache=True, nogil=True)
def _sort(
    value: NDArray[Any], low: int, shift: int, start: NDArray[np.int32], ordered: NDArray[Any]
) -> None:
    """Every value in its bucket, and every bucket in order."""
    n_buckets = ((value.max() - low) >> shift) + 1
    place = start[:n_buckets].copy()
    for v in value:
        k = (v - low) >> shift
        ordered[place[k]] = v
        place[k] += 1
    for k in range(n_buckets):
        if start[k + 1] - start[k] > 1:
            ordered[start[k] : start[k + 1]].sort()


@nb.njit(cache=True, nogil=True)
def _terms(
    less: int,
    equal: int,
    n_genes: int,
    max_rank: float,
    top: int,
    alpha: float,
    term: NDArray[np.float64],
) -> None:
    """What a gene adds to each sum when ``less`` genes are below it and ``equal`` tie with it."""
    last = n_genes - less  # places first ... last from the top are shared by the tied genes
    first = last - equal + 1
    place = 0.5 * (first + last)
    rank = n_genes + 1 - place
    term[FILLED] = 1.0
    term[CAPPED] = term[CAPPED_FILLED] = min(place, max_rank)
    inside = top - first  # a gene in place p adds top − p where p < top
    if inside <= 0:
        term[RECOVERED] = 0.0
    elif last < top:
        term[RECOVERED] = top - place
    else:
        term[RECOVERED] = 0.5 * inside * (inside + 1) / equal
    term[RANK] = rank
    term[LOWEST] = less + 1
    power = sqrt(sqrt(rank)) if alpha == 0.25 else rank**alpha
    term[POWER] = power
    term[WEIGHTED] = power * rank


@nb.njit(cache=True, nogil=True)
def rank_sums(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    bits: NDArray[Any],
    infinity: int,
    n_genes: int,
    pointer: NDArray[np.int64],
    member: NDArray[np.int32],
    size: NDArray[np.int64],
    max_rank: float,
    top: int,
    alpha: float,
    sums: NDArray[np.float64],
    state: NDArray[np.int8],
) -> None:
    """Sums over the genes of every set of functions of their rank, row by row.

    Parameters
    ----------
    bits
        Values as integers of their bit patterns.
    infinity
        That of infinity.
    pointer, member, size
        Sets of every gene, in CSR form, and genes of every set.
    max_rank, top, alpha
        Place from the top at which places are capped; place before which a gene counts as
        recovered; power of the rank.
    sums
        Out, rows × sets × 8, zeroed: genes that are not zero, Σ capped place from the top over
        those and over all, Σ expected (top − place) where positive, Σ tie-averaged rank,
        Σ lowest rank, Σ rank^alpha, Σ rank^(1 + alpha).
    state
        Out: 0 fine, 1 no non-zero value, 2 every gene the same value, 3 NaN or infinite.
    """
    longest = np.diff(indptr).max() if len(indptr) > 1 else 0
    value = np.empty((2, longest), bits.dtype)  # sizes of positive values, then of negative ones
    ordered = np.empty((2, longest), bits.dtype)
    start = np.empty((2, _MOST + 1), np.int32)
    last = np.empty((2, _MOST), bits.dtype)
    kind = np.empty((2, _MOST), np.uint8)
    known = np.empty((2 * _MOST + 1, N_SUMS))  # terms by bucket; the last row is for a mixed one's gene
    hit = np.empty(longest, np.int64)
    wanted = (pointer[1:] > pointer[:-1]).astype(np.uint8)
    n = np.empty(2, np.int64)
    is_sorted = np.zeros(2, np.bool_)
    low, shift = np.zeros(2, np.int64), np.zeros(2, np.int64)
    mask = np.iinfo(bits.dtype).max
    term = known[2 * _MOST]
    for row in range(len(indptr) - 1):
        n_above = n_below = n_bad = n_hit = 0
        for j in range(indptr[row], indptr[row + 1]):
            b = bits[j]
            v = b & mask
            n_bad += v >= infinity
            value[0, n_above] = v
            value[1, n_below] = v
            hit[n_hit] = j
            n_above += b > 0
            n_below += (b < 0) & (v > 0)
            n_hit += wanted[indices[j]] & (v > 0)
        n[0], n[1] = n_above, n_below
        n_zero = n_genes - n_above - n_below
        if n_bad or n_zero == n_genes:
            state[row] = 3 if n_bad else 1
            continue
        for c in range(2):
            if n[c]:
                low[c], shift[c] = _count(value[c, : n[c]], start[c], last[c], kind[c])
        if n_zero == 0 and (n_above == 0 or n_below == 0):
            c = 0 if n_above else 1
            if start[c, 1] == n_genes and kind[c, 0] == _SINGLE:
                state[row] = 2
                continue
        is_sorted[:] = False
        for i in range(n_hit):
            j = hit[i]
            c = 0 if bits[j] > 0 else 1
            v = bits[j] & mask
            k = (v - low[c]) >> shift[c]
            at = c * _MOST + k
            if kind[c, k] != _READY:
                first, stop = np.int64(start[c, k]), np.int64(start[c, k + 1])
                if kind[c, k] == _SINGLE:
                    kind[c, k] = _READY
                else:
                    if not is_sorted[c]:
                        _sort(value[c, : n[c]], low[c], shift[c], start[c], ordered[c])
                        is_sorted[c] = True
                    part = ordered[c, first:stop]
                    stop = first + np.searchsorted(part, v, side="right")
                    first += np.searchsorted(part, v)
                    at = 2 * _MOST
                less = n_below + n_zero + first if c == 0 else n_below - stop
                _terms(int(less), int(stop - first), n_genes, max_rank, top, alpha, known[at])
            gene = indices[j]
            for q in range(pointer[gene], pointer[gene + 1]):
                for s in range(N_SUMS):
                    sums[row, member[q], s] += known[at, s]
        if n_zero:
            _terms(n_below, n_zero, n_genes, max_rank, top, alpha, term)
            for k in range(sums.shape[1]):
                silent = size[k] - sums[row, k, FILLED]
                for s in range(_FILLED_ONLY, N_SUMS):
                    sums[row, k, s] += silent * term[s]
