"""How well several rankings of the same things agree."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def concordance(scores: Array, /) -> float:
    """Kendall's coefficient W of m rankings (rows) of n things (columns), corrected for ties.

    W = 12 Σ (R − mean R)² / (m²(n³ − n) − m Σ (t³ − t)), R the rank sums, t the sizes of ties
    (Kendall and Babington Smith, Ann. Math. Stat. 1939;10:275). 1 is full agreement; NaN
    where every ranking is one tie.

    Examples
    --------
    >>> import numpy as np
    >>> concordance(np.array([[1.0, 2, 3], [1, 3, 2]]))
    0.75
    """
    m, n = scores.shape
    ranks = rankdata(scores, axis=1)
    total = ranks.sum(axis=0)
    ties = sum(((count := np.bincount((2 * row).astype(np.int64))) ** 3 - count).sum()
               for row in ranks)  # fmt: skip
    most = m**2 * (n**3 - n) - m * float(ties)
    return 12 * float(((total - total.mean()) ** 2).sum()) / most if most > 0 else float("nan")


def rank_correlations(scores: Array, /) -> dict[tuple[int, int], float]:
    """Spearman's correlation of every pair of rows; NaN where one does not vary."""
    ranks = rankdata(scores, axis=1)
    away = ranks - ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((away**2).sum(axis=1))
    return {
        (i, j): float(away[i] @ away[j] / (length[i] * length[j]))
        if length[i] * length[j] > 0
        else float("nan")
        for i, j in combinations(range(len(scores)), 2)
    }
