"""What is below a row's values where they are many, without sorting the row.

Values are counted in buckets by their bit patterns, which order positive floats as their values
do. Where a bucket holds a single value, as most do, its count and the counts below it are the
answer; the values of another bucket are looked at when a gene in it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.kernels.levels import Found

_FEWEST, _MOST = 64, 32768  # buckets
_SINGLE, _MIXED, _SORTED, _KNOWN = range(4)  # a bucket: one value; several; in order; has a level
_SMALL = 32  # values of a bucket that are not worth sorting


class Buckets(NamedTuple):
    """Room for the values of a row; the first index is 0 for positive and 1 for negative ones.

    Sizes of values as read and bucket by bucket; where each bucket starts, the last value put
    into it, what it holds and its level.
    """

    value: Any
    placed: Any
    start: Any
    last: Any
    kind: Any
    level: Any


@nb.njit(cache=True, nogil=True)
def make_buckets(longest: int, like: NDArray[Any]) -> Buckets:
    """Room for rows of at most ``longest`` values of this type."""
    return Buckets(
        np.empty((2, longest), like.dtype),
        np.empty((2, longest), like.dtype),
        np.empty((2, _MOST + 1), np.int32),
        np.empty((2, _MOST), like.dtype),
        np.empty((2, _MOST), np.uint8),
        np.empty((2, _MOST), np.int32),
    )


@nb.njit(cache=True, nogil=True)
def find(bits: NDArray[Any], n_genes: int, n_found: int, room: Buckets, found: Found) -> int:
    """Find the levels of the genes found; how many there are. One value may have several."""
    low, shift = np.zeros(2, np.int64), np.zeros(2, np.int64)
    n, placed = _split(bits, room.value), np.zeros(2, np.bool_)
    for c in range(2):
        if n[c]:
            value = room.value[c, : n[c]]
            low[c], shift[c] = _count(value, room.start[c], room.last[c], room.kind[c])
    n_levels = 0
    mask = np.iinfo(bits.dtype).max
    for i in range(n_found):
        c, size = 0 if found.value[i] > 0 else 1, found.value[i] & mask
        k = (size - low[c]) >> shift[c]
        if room.kind[c, k] == _KNOWN:
            found.level[i] = room.level[c, k]
            continue
        first, stop = room.start[c, k], room.start[c, k + 1]
        less, equal = np.int64(first), np.int64(stop - first)
        if room.kind[c, k] == _SINGLE:
            room.kind[c, k], room.level[c, k] = _KNOWN, n_levels
        else:
            if not placed[c]:
                value = room.value[c, : n[c]]
                _place(value, low[c], shift[c], room.start[c], room.placed[c])
                placed[c] = True
            inside, equal = _look_into(size, room.placed[c, first:stop], room.kind[c], k)
            less += inside
        found.less[n_levels] = n_genes - n[0] + less if c == 0 else n[1] - less - equal
        found.equal[n_levels] = equal
        found.level[i] = n_levels
        n_levels += 1
    return n_levels


@nb.njit(cache=True, nogil=True)
def _split(bits: NDArray[Any], value: NDArray[Any]) -> NDArray[np.int64]:
    """Sizes of the positive and of the negative values, and how many they are."""
    n_above = n_below = 0
    mask = np.iinfo(bits.dtype).max
    for j in range(len(bits)):
        b = bits[j]
        v = b & mask
        value[0, n_above] = v
        value[1, n_below] = v
        n_above += b > 0
        n_below += (b < 0) & (v > 0)
    return np.array([n_above, n_below])


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
def _place(
    value: NDArray[Any], low: int, shift: int, start: NDArray[np.int32], placed: NDArray[Any]
) -> None:
    """Put every value in its bucket."""
    free = start[: ((value.max() - low) >> shift) + 1].copy()
    for v in value:
        k = (v - low) >> shift
        placed[free[k]] = v
        free[k] += 1


@nb.njit(cache=True, nogil=True)
def _look_into(
    size: int, inside: NDArray[Any], kind: NDArray[np.uint8], bucket: int
) -> tuple[Any, Any]:
    """How many values of a bucket are below one in it, and how many equal it."""
    if kind[bucket] == _MIXED and len(inside) > _SMALL:
        inside.sort()
        kind[bucket] = _SORTED
    if kind[bucket] == _SORTED:
        first = np.searchsorted(inside, size)
        return first, np.searchsorted(inside, size, side="right") - first
    less = equal = 0
    for j in range(len(inside)):
        less += inside[j] < size
        equal += inside[j] == size
    return less, equal
