"""singscore: mean rank of raised genes from the bottom, of lowered ones from the top."""

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
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (total / n - (n + 1) / 2) / (n_genes - n) - 0.5
    return np.asarray(np.where((n > 0) & (n < n_genes), score, 0.0))


def _finish(up: RankSums, down: RankSums, sets: Sets, how: How, /) -> Array:
    """Centred score of the raised genes plus that of the lowered ones in the reversed ranking.

    Tied genes share their mean rank; the R package gives them the lowest one.
    """
    lowest = how.compat == "singscore"
    raised = up.lowest if lowest else up.rank
    lowered = down.size * (down.n_genes + 1) - (down.lowest if lowest else down.rank)
    return _one(raised, up) + _one(lowered, down)


METHOD = RankMethod(
    name="singscore",
    title="singscore: mean rank of the raised genes and reversed rank of the lowered, about 0",
    reference="Foroutan M et al. BMC Bioinformatics 2018;19:404",
    unit="singscore",
    compat=("singscore",),
    tune=_tune,
    finish=_finish,
)
