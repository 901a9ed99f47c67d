"""What decoys take off the receptors of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

from cytosig.kernels.ligands import LINEAR, LOG2

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Decoys(NamedTuple):
    """The decoys of every channel: those of channel k are the genes from ``start[k]``."""

    start: Any
    gene: Any


@nb.njit(cache=True, nogil=True, inline="always")
def _undone(value: float, kind: int, scale: float) -> Any:
    """A value on the linear scale."""
    if kind == LINEAR:
        return value
    return np.exp2(value) if kind == LOG2 else np.expm1(value * scale)


@nb.njit(cache=True, nogil=True, inline="always")
def _taken_off(value: float, off: float, least: float, kind: int, scale: float) -> Any:
    """What is left of a level, on the scale of the values."""
    left = _undone(value, kind, scale) - off
    if left <= _undone(least, kind, scale):
        return least
    if kind == LINEAR:
        return left
    return np.log2(left) if kind == LOG2 else np.log1p(left) / scale


@nb.njit(cache=True, nogil=True)
def take_off_decoys(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[Any],
    n_genes: int,
    decoys: Decoys,
    kind: int,
    scale: float,
    out: NDArray[np.float32],
) -> None:
    """Take the decoys of every channel off its level, on the linear scale and down to nothing.

    Nothing is 0; for plain log2, whose zero is not known, it is the lowest value of the row, and
    decoys take off what they have above it.

    Parameters
    ----------
    n_genes
        Columns of the block.
    kind, scale
        Scale of the values, and what their natural logarithms are divided by.
    out
        Rows × channels, in place: levels on the scale of the values.
    """
    level = np.zeros(n_genes, np.float32)
    for row in range(len(indptr) - 1):
        first, stop = indptr[row], indptr[row + 1]
        least = np.float32(0.0)
        if kind == LOG2:
            least = np.float32(np.inf) if stop - first == n_genes else np.float32(0.0)
            for j in range(first, stop):
                least = min(least, np.float32(data[j]))
        for j in range(first, stop):
            level[indices[j]] = data[j]
        nothing = _undone(np.float64(least), kind, scale)
        for k in range(out.shape[1]):
            off = 0.0
            for q in range(decoys.start[k], decoys.start[k + 1]):
                one = np.float64(level[decoys.gene[q]])
                off += _undone(one, kind, scale) - nothing
            if off > 0:
                here = np.float64(out[row, k])
                out[row, k] = _taken_off(here, off, np.float64(least), kind, scale)
        for j in range(first, stop):
            level[indices[j]] = 0
