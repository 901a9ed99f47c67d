"""Which cytokines a score cannot be told from, derived from the weights alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THRESHOLD = 0.4
"""Share from which a cytokine counts as an equal explanation: above it, in every second held-out
experiment, its score is more than half of the true one (benchmarks/results/confusion.md)."""

BACKGROUND = 20_000
"""Genes the data are taken to hold: about the protein-coding genes of man."""

_ROUNDING = 1e-9


def shares(weights: NDArray[np.float64], /, *, background: int = BACKGROUND) -> NDArray[np.float64]:
    r"""Share of each response that the score of another signature shows.

    A cytokine :math:`j` moves the genes as its signature says: the effect is its weights, zero
    on every other gene of the background, centred and of unit length. A univariate score is the
    inner product of the data with the signature's own weights, brought to the same form. So the
    score of :math:`i` shows of that effect the cosine of both, which is their correlation

    .. math:: c_{ij} = \frac{\sum_g w_{gi} w_{gj} - S_i S_j / G}
              {\sqrt{(Q_i - S_i^2 / G)(Q_j - S_j^2 / G)}}

    with :math:`S` the sum and :math:`Q` the sum of squares of the weights among :math:`G`
    genes of the background, while the score of :math:`j` shows 1.

    Parameters
    ----------
    weights
        Signed weights, genes × signatures; every signature has one that is not zero.
    background
        Number of genes in the data, more than the rows of ``weights``.

    Returns
    -------
    Signatures × signatures, symmetric, from -1 to 1, with ones on the diagonal.

    Raises
    ------
    UsageError
        When the background has no gene beyond those of the signatures.

    Examples
    --------
    >>> weights = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 1], [0, 1]], dtype=float)
    >>> round(float(shares(weights)[0, 1]), 3)
    0.5
    >>> round(float(shares(weights, background=8)[0, 1]), 3)
    0.0
    """
    if background <= len(weights):
        raise UsageError(
            f"background={background}: the signatures alone name {len(weights)} genes; give the"
            " number of genes in the data, which is more."
        )
    total = weights.sum(axis=0)
    cross = weights.T @ weights - np.outer(total, total) / background
    length = np.sqrt(np.diag(cross))
    found: NDArray[np.float64] = np.clip(cross / np.outer(length, length), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def ambiguous(
    ids: Sequence[str],
    weights: NDArray[np.float64],
    /,
    *,
    threshold: float = THRESHOLD,
    background: int = BACKGROUND,
) -> dict[str, dict[str, float]]:
    """Signatures that explain each score at least to the share ``threshold``.

    Parameters
    ----------
    ids
        Names of the columns of ``weights``.
    weights
        Signed weights, genes × signatures.
    threshold
        Smallest share, above 0 and at most 1.
    background
        Number of genes in the data.

    Returns
    -------
    By id, the other signatures and their shares, the largest first; see `shares`.

    Raises
    ------
    UsageError
        When the threshold is no share or the background too small.

    Examples
    --------
    >>> weights = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=float)
    >>> found = ambiguous(["A", "B", "C"], weights)
    >>> {id: [*others] for id, others in found.items()}
    {'A': ['B'], 'B': ['A'], 'C': []}
    """
    if not 0 < threshold <= 1:
        raise UsageError(f"threshold={threshold}: expected a share above 0 and at most 1.")
    table = shares(weights, background=background)
    found: dict[str, dict[str, float]] = {}
    for i, id in enumerate(ids):
        order = [int(j) for j in np.argsort(-table[i], kind="stable") if j != i]
        found[id] = {
            ids[j]: float(table[i, j]) for j in order if table[i, j] >= threshold - _ROUNDING
        }
    return found
