"""singscore: mean rank of raised genes from the bottom, of lowered ones from the top.

Genes of one observation are ranked from the lowest value (rank 1), lowered ones the other way
round. With n genes of a set in the data and G in all::

    half = (mean rank − (n + 1)/2) / (G − n) − 1/2

    score = half(raised) + half(lowered)

Each half lies between −½ and ½. Tied genes share their mean rank; under ``compat="singscore"`` the
lowest one, as in the R package. Nothing depends on the other observations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._rank import RankMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets
    from cytosig.methods._rank import RankSums

    Array = NDArray[np.float64]


def _tune(settings: Mapping[str, float], n_genes: int, compat: str | None, /) -> dict[str, float]:
    return {}


def _one(total: Array, sums: RankSums) -> Array:
    """(mean rank − lowest possible) / (highest possible − lowest possible) − 1/2."""
    n, n_genes = sums.size, sums.n_genes
    some = (n > 0) & (n < n_genes)
    n, left = np.where(some, n, 1.0), np.where(some, n_genes - n, 1.0)
    score = total / (n * left)
    score -= (n + 1) / (2 * left) + 0.5
    return np.asarray(score * some)


def _finish(up: RankSums, down: RankSums | None, sets: Sets, how: How, /) -> Array:
    """Centred score of the raised genes plus that of the lowered ones in the reversed ranking.

    Tied genes share their mean rank; the R package gives them the lowest one.
    """
    lowest = how.compat == "singscore"
    score = _one(up.lowest if lowest else up.rank, up)
    if down is None:
        return score
    reversed = down.size * (down.n_genes + 1) - (down.lowest if lowest else down.rank)
    return score + _one(reversed, down)


METHOD = RankMethod(
    name="singscore",
    title="singscore: mean rank of the raised genes and reversed rank of the lowered, about 0",
    reference="Foroutan M et al. BMC Bioinformatics 2018;19:404",
    unit="singscore",
    compat=("singscore",),
    tune=_tune,
    finish=_finish,
)
