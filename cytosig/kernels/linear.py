"""From projections to scores: one small matrix product and a null per row."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from cytosig.kernels.tails import N_BINS, N_STEPS, bin_values, cumulant_table, two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = 1e-10  # of an observation's own size: what is left after centring is rounding


@nb.njit(cache=True, nogil=True)
def _shape(
    a2: float, a3: float, a4: float, b2: float, b3: float, b4: float, g: float
) -> tuple[float, float, float]:
    """Standard deviation, skewness and excess kurtosis of S (see stats.permutation)."""
    m2 = a2 * b2 / (g - 1)
    m3 = g / ((g - 1) * (g - 2)) * a3 * b3
    m4 = (
        a4 * b4 / g
        + 4 * a4 * b4 / (g * (g - 1))
        + 3 * (a2 * a2 - a4) * (b2 * b2 - b4) / (g * (g - 1))
        + 6 * (a2 * a2 - 2 * a4) * (b2 * b2 - 2 * b4) / (g * (g - 1) * (g - 2))
        + 9 * (a2 * a2 - 2 * a4) * (b2 * b2 - 2 * b4) / (g * (g - 1) * (g - 2) * (g - 3))
    )
    sd = sqrt(m2)
    return sd, m3 / (m2 * sd), m4 / (m2 * m2) - 3.0


@nb.njit(cache=True, nogil=True)
def finish_rows(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[Any],
    group: NDArray[np.int64],
    mean: NDArray[np.float64],
    inverse_sd: NDArray[np.float64],
    rest_bin: NDArray[np.uint8],
    rest_count: NDArray[np.float64],
    rest_sum: NDArray[np.float64],
    projection: NDArray[np.float64],
    sums: NDArray[np.float64],
    state: NDArray[np.int8],
    mix: NDArray[np.float64],
    drift: NDArray[np.float64],
    power: NDArray[np.float64],
    level: NDArray[np.float64],
    number: NDArray[np.float64],
    n_levels: NDArray[np.int64],
    estimate: NDArray[np.float64],
    score: NDArray[np.float64],
    pvalue: NDArray[np.float64],
) -> None:
    """Estimate, z and two-sided p of every output for every row with ``state`` 0.

    A row of which centring leaves nothing gets ``state`` 4.

    Parameters
    ----------
    rest_bin, rest_count, rest_sum
        Histogram of y over genes a row does not store, by group (see tails.bin_values).
    mix
        Outputs × signatures: weights of an output are T = W·mix[output].
    drift, power
        Σ_g T and A_2, A_3, A_4 of each output over all genes.
    level, number, n_levels
        Grouped non-zero weights of each output, scaled to Σ number·level² = 1.
    estimate, score, pvalue
        Out, rows × outputs, given as NaN.
    """
    n_genes = mean.shape[1]
    n_outputs = mix.shape[0]
    count = np.empty(2 * N_BINS)
    total = np.empty(2 * N_BINS)
    table = np.empty((2, N_STEPS + 1, 5))
    value = np.empty(np.diff(indptr).max()) if len(indptr) > 1 else np.empty(0)
    g = float(n_genes)
    for row in range(len(indptr) - 1):
        if state[row] != 0:
            continue
        which = group[row]
        s1, s2, s3, s4 = sums[row, 0], sums[row, 1], sums[row, 2], sums[row, 3]
        m = s1 / g
        b2 = s2 - m * s1
        b3 = s3 - 3 * m * s2 + 2 * m * m * s1
        b4 = s4 - 4 * m * s3 + 6 * m * m * s2 - 3 * m * m * m * s1
        if b2 <= NOTHING * sums[row, 4]:
            state[row] = 4
            continue
        here = slice(indptr[row], indptr[row + 1])
        bin_values(
            indices[here], data[here], mean[which], inverse_sd[which],
            rest_bin[which], rest_count[which], rest_sum[which], value, count, total,
        )  # fmt: skip
        up, down = cumulant_table(count, total, table)
        for q in range(n_outputs):
            s = -drift[q] * m
            for k in range(mix.shape[1]):
                s += projection[row, k] * mix[q, k]
            sd, skew, excess = _shape(power[q, 0], power[q, 1], power[q, 2], b2, b3, b4, g)
            z = s / sd
            n = n_levels[q]
            estimate[row, q] = s
            score[row, q] = z
            pvalue[row, q] = two_sided(
                z, skew, excess, level[q, :n], number[q, :n], table, up, down
            )
