"""Moments of Σ T(g)·x(π(g)) over all permutations π of the genes, in closed form.

With a = T − mean(T), b = x − mean(x), A_k = Σ a^k, B_k = Σ b^k and S = Σ a·b(π):

- E S² = A2·B2 / (G−1), so that z = √(G−1) · Pearson(T, x);
- E S³ = G / ((G−1)(G−2)) · A3·B3;
- E S⁴ sums over the five ways in which four gene indices can coincide.

The identities follow from sampling without replacement (Hoeffding 1951) and hold exactly
for every G; the tests compare them with all G! permutations.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# Plain arithmetic on numbers or arrays alike, so that compiled loops and numpy share it.
Value = TypeVar("Value", float, NDArray[np.float64])


def central_power_sums(
    s1: Value, s2: Value, s3: Value, s4: Value, n_genes: float
) -> tuple[Value, Value, Value]:
    """Central power sums B_2, B_3, B_4 from the raw sums Σx, Σx², Σx³, Σx⁴ over G genes.

    Examples
    --------
    >>> central_power_sums(6.0, 14.0, 36.0, 98.0, 3)
    (2.0, 0.0, 2.0)
    """
    mean = s1 / n_genes
    b2 = s2 - mean * s1
    b3 = s3 - 3 * mean * s2 + 2 * mean * mean * s1
    b4 = s4 - 4 * mean * s3 + 6 * mean * mean * s2 - 3 * mean * mean * mean * s1
    return b2, b3, b4


def moments(
    a2: Value, a3: Value, a4: Value, b2: Value, b3: Value, b4: Value, n_genes: float
) -> tuple[Value, Value, Value]:
    """Second, third and fourth moment of S under permutation of the genes.

    Parameters
    ----------
    a2, a3, a4
        Central power sums of the weights.
    b2, b3, b4
        Central power sums of the observation; arrays broadcast.
    n_genes
        Number of genes G, at least 4.

    Returns
    -------
    E S², E S³, E S⁴.
    """
    g = float(n_genes)
    second = a2 * b2 / (g - 1)
    third = g / ((g - 1) * (g - 2)) * a3 * b3
    fourth = (
        a4 * b4 / g
        + 4 * a4 * b4 / (g * (g - 1))
        + 3 * (a2 * a2 - a4) * (b2 * b2 - b4) / (g * (g - 1))
        + 6 * (a2 * a2 - 2 * a4) * (b2 * b2 - 2 * b4) / (g * (g - 1) * (g - 2))
        + 9 * (a2 * a2 - 2 * a4) * (b2 * b2 - 2 * b4) / (g * (g - 1) * (g - 2) * (g - 3))
    )
    return second, third, fourth
