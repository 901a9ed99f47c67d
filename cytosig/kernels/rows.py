"""One pass over CSR rows: gene sums, projections on signatures.

Every accumulation runs inside one row or in twice the precision, so results do not depend on how
the rows are cut into blocks or how many threads work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@nb.njit(cache=True, nogil=True)
def gene_sums(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[Any],
    group: NDArray[np.int64],
    first: int,
    last: int,
    sums: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Add the block's Σx and Σx² of genes [first, last) to ``sums``.

    ``group`` gives each row's group, -1 to leave the row out. ``sums`` is groups × genes × 4: Σx,
    what rounding took from it, Σx², what rounding took from that (Knuth's two-sum). With twice
    the precision of a double, the order of the rows does not show in the result.

    To ``counts`` (groups × genes, or without groups for none) the rows are added in which the gene
    is not 0.
    """
    counted = len(counts) > 0
    for row in range(len(indptr) - 1):
        which = group[row]
        if which < 0:
            continue
        start, stop = indptr[row], indptr[row + 1]
        j = start + np.searchsorted(indices[start:stop], first)
        while j < stop and indices[j] < last:
            cell = sums[which, indices[j]]
            value = np.float64(data[j])
            if counted:
                counts[which, indices[j]] += value != 0
            for k in range(2):
                before = cell[2 * k]
                after = before + value
                taken = after - before
                cell[2 * k + 1] += (before - (after - taken)) + (value - taken)
                cell[2 * k] = after
                value *= value
            j += 1


@nb.njit(cache=True, nogil=True)
def filled_rows(indptr: NDArray[np.int64], data: NDArray[Any], out: NDArray[np.bool_]) -> None:
    """Whether each row holds a value that is not zero."""
    for row in range(len(indptr) - 1):
        out[row] = False
        for j in range(indptr[row], indptr[row + 1]):
            if data[j] != 0:
                out[row] = True
                break


@nb.njit(cache=True, nogil=True)
def row_summary(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[Any],
    group: NDArray[np.int64],
    mean: NDArray[np.float64],
    inverse_sd: NDArray[np.float64],
    base: NDArray[np.float64],
    weight_ptr: NDArray[np.int64],
    weight_col: NDArray[np.int32],
    weight_val: NDArray[np.float64],
    projection: NDArray[np.float64],
    sums: NDArray[np.float64],
    state: NDArray[np.int8],
) -> None:
    """Projections and power sums of y = (x − mean)·inverse_sd, row by row, from the non-zeros.

    Parameters
    ----------
    mean, inverse_sd
        Gene moments, groups × genes.
    base
        Σ_g y^k of an all-zero row, groups × 4.
    weight_ptr, weight_col, weight_val
        Signature weights by gene, in CSR form.
    projection
        Out: Σ_g W_gk·y_g, rows × signatures; given as that sum for an all-zero row.
    sums
        Out: Σy, Σy², Σy³, Σy⁴ and the size of what was subtracted from what,
        Σ(x·inverse_sd)² + Σ(mean·inverse_sd)², rows × 5.
    state
        Out: 0 fine, 1 no non-zero value, 2 every gene the same value, 3 NaN or infinite.
    """
    n_genes = mean.shape[1]
    for row in range(len(indptr) - 1):
        which = group[row]
        s1, s2, s3, s4 = base[which]
        size = base[which, 1]
        low, high = np.inf, -np.inf
        n_stored = indptr[row + 1] - indptr[row]
        n_filled = 0
        for j in range(indptr[row], indptr[row + 1]):
            x = np.float64(data[j])
            gene = indices[j]
            scale = inverse_sd[which, gene]
            before = -mean[which, gene] * scale
            step = x * scale
            y = before + step
            y2 = y * y
            before2 = before * before
            s1 += step
            size += step * step
            s2 += y2 - before2
            s3 += y2 * y - before2 * before
            s4 += y2 * y2 - before2 * before2
            low, high = min(low, x), max(high, x)
            n_filled += x != 0
            for k in range(weight_ptr[gene], weight_ptr[gene + 1]):
                projection[row, weight_col[k]] += weight_val[k] * step
        sums[row, 0], sums[row, 1], sums[row, 2], sums[row, 3] = s1, s2, s3, s4
        sums[row, 4] = size
        if not np.isfinite(s4):
            state[row] = 3
        elif n_filled == 0:
            state[row] = 1
        elif n_stored == n_genes and low == high:
            state[row] = 2


@nb.njit(cache=True, nogil=True)
def mix_rows(
    projection: NDArray[np.float64],
    mix: NDArray[np.float64],
    state: NDArray[np.int8],
    out: NDArray[np.float64],
) -> None:
    """Rows of ``projection`` times ``mix`` (outputs × columns), where ``state`` is 0."""
    for row in range(projection.shape[0]):
        if state[row] != 0:
            continue
        for q in range(mix.shape[0]):
            total = 0.0
            for k in range(mix.shape[1]):
                total += projection[row, k] * mix[q, k]
            out[row, q] = total
