"""From projections to scores: one small matrix product and a null per row."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from cytosig.kernels.tails import N_BINS, N_STEPS, bin_values, cumulant_table, two_sided
from cytosig.stats.permutation import central_power_sums, moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

_central_power_sums: Any = nb.njit(nogil=True)(central_power_sums)
_moments: Any = nb.njit(nogil=True)(moments)
NOTHING = 1e-10  # of an observation's own size: what is left after centring is rounding


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
        Signatures × outputs: weights of an output are T = W·mix[:, output].
    drift, power
        Σ_g T and A_2, A_3, A_4 of each output over all genes.
    level, number, n_levels
        Grouped non-zero weights of each output, scaled to Σ number·level² = 1.
    estimate, score, pvalue
        Out, rows × outputs, given as NaN.
    """
    n_genes = mean.shape[1]
    n_outputs = mix.shape[1]
    total_of = np.empty(n_outputs)
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
        b2, b3, b4 = _central_power_sums(s1, s2, s3, s4, g)
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
            total_of[q] = -drift[q] * s1 / g
        for k in range(mix.shape[0]):
            for q in range(n_outputs):
                total_of[q] += projection[row, k] * mix[k, q]
        for q in range(n_outputs):
            s = total_of[q]
            m2, m3, m4 = _moments(power[q, 0], power[q, 1], power[q, 2], b2, b3, b4, g)
            sd = sqrt(m2)
            skew, excess = m3 / (m2 * sd), m4 / (m2 * m2) - 3.0
            z = s / sd
            n = n_levels[q]
            estimate[row, q] = s
            score[row, q] = z
            pvalue[row, q] = two_sided(
                z, skew, excess, level[q, :n], number[q, :n], table, up, down
            )
