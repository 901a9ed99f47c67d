"""Weighted means of gene sets, as they are and with every gene counted a random number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]


@nb.njit(cache=True, nogil=True)
def set_means(
    values: Array, start: Counts, gene: Counts, weight: Array, mean: Array, square: Array
) -> None:
    """Mean of each gene set in each row, and the square of its standard error.

    Sets lie end to end: set k has the genes ``gene[start[k]:start[k + 1]]`` with signed ``weight``.
    With s the sign of a weight w, the mean is a = Σ w·x / Σ|w|. Its error squared, over genes
    drawn with return and in the limit of many draws, is Σ w²(s·x − a)² / (Σ|w|)².
    """
    for row in range(len(values)):
        for k in range(len(start) - 1):
            top, bottom = 0.0, 0.0
            for j in range(start[k], start[k + 1]):
                top += weight[j] * values[row, gene[j]]
                bottom += abs(weight[j])
            if bottom == 0:
                mean[row, k], square[row, k] = np.nan, np.nan
                continue
            a, total = top / bottom, 0.0
            for j in range(start[k], start[k + 1]):
                away = weight[j] * values[row, gene[j]] - abs(weight[j]) * a
                total += away * away
            mean[row, k], square[row, k] = a, total / (bottom * bottom)


@nb.njit(cache=True, nogil=True)
def drawn_sums(times: Array, start: Counts, gene: Counts, term: Array, out: Array) -> None:
    """Sums of the terms of each gene set, each gene counted ``times`` (genes × draws).

    ``term`` has one number a gene of a set, as ``gene`` has; ``out`` is sets × draws.
    """
    out[:] = 0.0
    for k in range(len(start) - 1):
        for j in range(start[k], start[k + 1]):
            count, value = times[gene[j]], term[j]
            for draw in range(times.shape[1]):
                out[k, draw] += count[draw] * value
