"""Compiled parts of tails.py: the shipped p-value as a function of z, and random permutations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from cytosig.kernels.tails import two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@nb.njit(cache=False, nogil=True)
def p_on_grid(
    grid: Array,
    skew: float,
    excess: float,
    level: Array,
    number: Array,
    table: Array,
    up: float,
    down: float,
    out: Array,
) -> None:
    """The package's two-sided p at every z of the grid."""
    for i in range(len(grid)):
        out[i] = two_sided(grid[i], skew, excess, level, number, table, up, down)


@nb.njit(cache=False, nogil=True)
def count_exceeding(
    seed: int,
    n_permutations: int,
    values: Array,
    pointer: NDArray[np.int64],
    column: NDArray[np.int32],
    weight: Array,
    mix: Array,
    threshold: Array,
    count: NDArray[np.int64],
) -> None:
    """Count |S| at or beyond each threshold over random permutations of the genes.

    Parameters
    ----------
    values
        Genes × observations, centred over genes.
    pointer, column, weight
        Weights of the genes in any signature, in CSR form.
    mix
        Outputs × signatures.
    threshold
        Observations × outputs × tails × levels, in units of S, growing along the levels.
    count
        Out, the same shape.
    """
    np.random.seed(seed)
    n_genes, n_obs = values.shape
    n_used = len(pointer) - 1
    n_outputs, n_signatures = mix.shape
    order = np.arange(n_genes)
    projection = np.empty((n_obs, n_signatures))
    turned = np.ascontiguousarray(mix.T)
    for _ in range(n_permutations):
        projection[:] = 0.0
        for i in range(n_used):
            j = i + np.random.randint(0, n_genes - i)
            gene = order[j]
            order[j] = order[i]
            order[i] = gene
            for r in range(n_obs):
                y = values[gene, r]
                for k in range(pointer[i], pointer[i + 1]):
                    projection[r, column[k]] += weight[k] * y
        s = np.abs(np.dot(projection, turned))
        for r in range(n_obs):
            for q in range(n_outputs):
                for f in range(threshold.shape[2]):
                    for a in range(threshold.shape[3]):
                        if s[r, q] < threshold[r, q, f, a]:
                            break
                        count[r, q, f, a] += 1
