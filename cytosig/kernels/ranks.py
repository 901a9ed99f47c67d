"""Ranks of signature genes inside each row, from its non-zeros alone and without sorting.

Zeros are one block of ties, so only stored values are told apart. They are counted in buckets by
their bit patterns, which order positive floats as their values do. Where a bucket holds a single
value, as most do, its count and the counts above it give the rank; a bucket of several values is
sorted when a gene in it is asked for.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILLED, CAPPED_FILLED, CAPPED, RECOVERED, RANK, LOWEST, POWER, WEIGHTED = range(8)
N_SUMS = 8
_FILLED_ONLY = 2  # the first two sums leave out genes that are zero
_FEWEST, _MOST = 64, 32768  # buckets
_SINGLE, _MIXED, _READY = 0, 1, 2  # a bucket: one value; several; its terms are known


class Tuning(NamedTuple):
    """What terms depend on.

    Genes of the universe; place at which places are capped; place before which a gene counts as
    recovered; power of the rank.
    """

    n_genes: int
    max_rank: float
    top: int
    alpha: float


class _Scratch(NamedTuple):
    """Room for one row; the first index is 0 for positive values and 1 for negative ones.

    Sizes of values as read and in order; where each bucket starts, the last value put into it and
    what it holds; terms by bucket (the last row is for a gene of a mixed one); places of genes
    that are in a set.
    """

    value: Any
    ordered: Any
    start: Any
    last: Any
    kind: Any
    known: Any
    hit: Any


@nb.njit(cache=True, nogil=True)
def _scratch(longest: int, like: NDArray[Any]) -> _Scratch:
    return _Scratch(
        np.empty((2, longest), like.dtype),
        np.empty((2, longest), like.dtype),
        np.empty((2, _MOST + 1), np.int32),
        np.empty((2, _MOST), like.dtype),
        np.empty((2, _MOST), np.uint8),
        np.empty((2 * _MOST + 1, N_SUMS)),
        np.empty(longest, np.int64),
    )


@nb.njit(cache=True, nogil=True)
def _read(
    indices: NDArray[np.int32],
    bits: NDArray[Any],
    infinity: int,
    wanted: NDArray[np.uint8],
    room: _Scratch,
) -> tuple[int, int, int, int]:
    """Split a row by sign; how many values are positive, negative, asked for, and not finite."""
    n_above = n_below = n_hit = n_bad = 0
    mask = np.iinfo(bits.dtype).max
    for j in range(len(bits)):
        b = bits[j]
        v = b & mask
        n_bad += v >= infinity
        room.value[0, n_above] = v
        room.value[1, n_below] = v
        room.hit[n_hit] = j
        n_above += b > 0
        n_below += (b < 0) & (v > 0)
        n_hit += wanted[indices[j]] & (v > 0)
    return n_above, n_below, n_hit, n_bad


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
def _learn(
    value: int, side: int, bucket: int, n: int, low: int, shift: int, below: int, zeros: int,
    sorted: bool, how: Tuning, room: _Scratch,
) -> int:  # fmt: skip
    """Terms of the genes of one value; returns where in ``room.known`` they are.

    ``n`` values are on this side; ``below`` genes are below all of them, ``zeros`` above.
    """
    start = room.start[side]
    first, stop = np.int64(start[bucket]), np.int64(start[bucket + 1])
    at = side * _MOST + bucket
    if room.kind[side, bucket] == _SINGLE:
        room.kind[side, bucket] = _READY
    else:
        if not sorted:
            _sort(room.value[side, :n], low, shift, start, room.ordered[side])
        part = room.ordered[side, first:stop]
        stop = first + np.searchsorted(part, value, side="right")
        first += np.searchsorted(part, value)
        at = 2 * _MOST
    less = below + first if side == 0 else n - stop
    _terms(int(less), int(stop - first), zeros, how, room.known[at])
    return at


@nb.njit(cache=True, nogil=True)
def _add_silent(
    less: int, n_zero: int, size: NDArray[np.int64], how: Tuning, term: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Add the genes that are zero, ``less`` genes being below them."""
    _terms(less, n_zero, 0, how, term)
    for k in range(len(size)):
        silent = size[k] - sums[k, FILLED]
        for s in range(_FILLED_ONLY, N_SUMS):
            sums[k, s] += silent * term[s]


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
        Out, rows × sets × 8, zeroed: genes that are not zero, Σ capped place from the top among
        those and among all, Σ expected (top − place) where positive, Σ tie-averaged rank,
        Σ lowest rank, Σ rank^alpha, Σ rank^(1 + alpha).
    state
        Out: 0 fine, 1 no non-zero value, 2 every gene the same value, 3 NaN or infinite.
    """
    room = _scratch(np.diff(indptr).max() if len(indptr) > 1 else 0, bits)
    wanted = (pointer[1:] > pointer[:-1]).astype(np.uint8)
    mask = np.iinfo(bits.dtype).max
    low, shift = np.zeros(2, np.int64), np.zeros(2, np.int64)
    n, below, zeros = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    sorted = np.zeros(2, np.bool_)
    for row in range(len(indptr) - 1):
        begin, end = indptr[row], indptr[row + 1]
        n[0], n[1], n_hit, n_bad = _read(
            indices[begin:end], bits[begin:end], infinity, wanted, room
        )
        n_zero = how.n_genes - n[0] - n[1]
        if n_bad or n_zero == how.n_genes:
            state[row] = 3 if n_bad else 1
            continue
        below[0], zeros[1] = n[1] + n_zero, n_zero
        sorted[:] = False
        for c in range(2):
            if n[c]:
                low[c], shift[c] = _count(
                    room.value[c, : n[c]], room.start[c], room.last[c], room.kind[c]
                )
            if n[c] == how.n_genes and room.start[c, 1] == n[c] and room.kind[c, 0] == _SINGLE:
                state[row] = 2
        if state[row]:
            continue
        for i in range(n_hit):
            j = begin + room.hit[i]
            c = 0 if bits[j] > 0 else 1
            v = bits[j] & mask
            k = (v - low[c]) >> shift[c]
            at = c * _MOST + k
            if room.kind[c, k] != _READY:
                at = _learn(
                    v, c, k, n[c], low[c], shift[c], below[c], zeros[c], sorted[c], how, room
                )
                sorted[c] |= room.kind[c, k] == _MIXED
            for q in range(pointer[indices[j]], pointer[indices[j] + 1]):
                for s in range(N_SUMS):
                    sums[row, member[q], s] += room.known[at, s]
        if n_zero:
            _add_silent(n[1], n_zero, size, how, room.known[2 * _MOST], sums[row])
