"""Moments of Σ T(g)·x(π(g)) over all permutations π of the genes, in closed form.

With a = T − mean(T), b = x − mean(x), A_k = Σ a^k, B_k = Σ b^k and S = Σ a·b(π):

- E S² = A2·B2 / (G−1), so that z = √(G−1) · Pearson(T, x);
- E S³ = G / ((G−1)(G−2)) · A3·B3;
- E S⁴ sums over the five ways in which four gene indices can coincide.

The identities follow from sampling without replacement (Hoeffding 1951) and hold exactly
for every G; the tests compare them with all G! permutations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def central_power_sums(sums: Array, n_genes: int, /) -> Array:
    """Central power sums B_2, B_3, B_4 from raw ones.

    Parameters
    ----------
    sums
        Raw sums Σx, Σx², Σx³, Σx⁴ in the last axis, shape (..., 4).
    n_genes
        Number of genes G the sums run over.

    Returns
    -------
    Array of shape (..., 3).
    """
    s1, s2, s3, s4 = np.moveaxis(sums, -1, 0)
    mean = s1 / n_genes
    b2 = s2 - mean * s1
    b3 = s3 - 3 * mean * s2 + 2 * mean**2 * s1
    b4 = s4 - 4 * mean * s3 + 6 * mean**2 * s2 - 3 * mean**3 * s1
    return np.stack([np.maximum(b2, 0.0), b3, np.maximum(b4, 0.0)], axis=-1)


def moments(a: Array, b: Array, n_genes: int, /) -> tuple[Array, Array, Array]:
    """Second, third and fourth moment of S under permutation of the genes.

    Parameters
    ----------
    a
        A_2, A_3, A_4 of the weights in the last axis.
    b
        B_2, B_3, B_4 of the observation in the last axis; broadcast against ``a``.
    n_genes
        Number of genes G, at least 4.

    Returns
    -------
    E S², E S³, E S⁴ with the broadcast shape.
    """
    a2, a3, a4 = np.moveaxis(a, -1, 0)
    b2, b3, b4 = np.moveaxis(b, -1, 0)
    g = float(n_genes)
    second = a2 * b2 / (g - 1)
    third = g / ((g - 1) * (g - 2)) * a3 * b3
    fourth = (
        a4 * b4 / g
        + 4 * a4 * b4 / (g * (g - 1))
        + 3 * (a2**2 - a4) * (b2**2 - b4) / (g * (g - 1))
        + 6 * (a2**2 - 2 * a4) * (b2**2 - 2 * b4) / (g * (g - 1) * (g - 2))
        + 9 * (a2**2 - 2 * a4) * (b2**2 - 2 * b4) / (g * (g - 1) * (g - 2) * (g - 3))
    )
    return second, third, fourth
