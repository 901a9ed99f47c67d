"""What is below a row's values where those asked for are few, as in logged counts of cells.

A hundred genes of a cell hold some ten different values. To compare each of these with all values
of the row is quicker than any counting, let alone sorting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 48  # different values that are each compared with all others
_SLOT_BITS = 8
_SLOTS = 1 << _SLOT_BITS
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio: neighbours fall far apart
_SHIFT = np.uint64(64 - _SLOT_BITS)
_ONE, _LAST = np.uint64(1), np.uint64(_SLOTS - 1)
_FREE = 0  # the bit pattern of zero, which is never looked up


class Found(NamedTuple):
    """The genes asked for that are not zero, and what is below them.

    Gene, bits of the value and level of each; of every level, genes below and genes tied. Genes
    of one level hold the same value.
    """

    gene: Any
    value: Any
    level: Any
    less: Any
    equal: Any


class Table(NamedTuple):
    """Where the level of a value is looked up: value and level by slot; slot by level."""

    value: Any
    level: Any
    slot: Any


@nb.njit(cache=True, nogil=True)
def make_found(longest: int) -> Found:
    """Room for rows of at most ``longest`` values."""
    return Found(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
    )


@nb.njit(cache=True, nogil=True)
def make_table() -> Table:
    """Room for as many levels as there may be."""
    return Table(np.full(_SLOTS, _FREE), np.empty(_SLOTS, np.int64), np.empty(MOST, np.uint64))


@nb.njit(cache=True, nogil=True)
def read(
    indices: NDArray[np.int32], bits: NDArray[Any], wanted: NDArray[np.uint8], found: Found
) -> int:
    """Take out of a row the genes asked for that are not zero; how many they are."""
    n_read = n_found = 0
    place = found.level  # free until the levels are known
    for j in range(len(indices)):
        place[n_read] = j
        n_read += wanted[np.uint64(indices[j])]
    mask = np.iinfo(bits.dtype).max
    for i in range(n_read):
        j = place[i]
        found.gene[n_found] = indices[j]
        found.value[n_found] = bits[j]
        n_found += (bits[j] & mask) != 0
    return n_found


@nb.njit(cache=True, nogil=True)
def find(bits: NDArray[Any], n_unstored: int, n_found: int, table: Table, found: Found) -> int:
    """Find the levels of the genes found; how many there are, -1 where that is too many.

    ``n_unstored`` genes are zero and not among the row's ``bits``.
    """
    n_levels = _tell_apart(n_found, table, found)
    for k in range(MOST if n_levels < 0 else n_levels):
        slot = table.slot[k]
        value = bits.dtype.type(table.value[slot])
        table.value[slot] = _FREE
        if n_levels > 0:
            less, found.equal[k] = _compare(bits, value)
            found.less[k] = less + n_unstored if value > 0 else less
    return n_levels


@nb.njit(cache=True, nogil=True)
def _tell_apart(n_found: int, table: Table, found: Found) -> int:
    """Number the values of the genes found; how many there are, -1 where that is too many."""
    n_levels = 0
    for i in range(n_found):
        value = found.value[i]
        k = (np.uint64(value) * _SPREAD) >> _SHIFT
        while table.value[k] != value:
            if table.value[k] != _FREE:
                k = (k + _ONE) & _LAST
            elif n_levels == MOST:
                return -1
            else:
                table.value[k], table.level[k], table.slot[n_levels] = value, n_levels, k
                n_levels += 1
        found.level[i] = table.level[k]
    return n_levels


@nb.njit(cache=True, nogil=True)
def _compare(bits: NDArray[Any], value: int) -> tuple[Any, Any]:
    """How many stored values are below one that is not zero, and how many equal it."""
    less = upto = np.int32(0)  # as narrow as the values, many are counted at once
    if value > 0:
        for j in range(len(bits)):
            less = np.int32(less + (bits[j] < value))
            upto = np.int32(upto + (bits[j] <= value))
    else:  # as integers, negative floats stand the wrong way round
        for j in range(len(bits)):
            less = np.int32(less + ((bits[j] < 0) & (bits[j] > value)))
            upto = np.int32(upto + ((bits[j] < 0) & (bits[j] >= value)))
    return less, upto - less
