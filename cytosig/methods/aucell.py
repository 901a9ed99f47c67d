"""AUCell: how early a signature's raised genes are recovered from the top of the ranking.

Genes of one observation are ranked from the highest value (place 1). With G genes in all and
t = ⌈``top``·G⌉ places looked at::

    AUC = Σ max(0, t − place) / its largest possible value

over the raised genes; lowered ones are not read, as its authors score raised sets. Over tied genes
it is the expectation over all their orders, in closed form. Nothing depends on the other
observations. ``compat="decoupler"`` drops genes that are zero everywhere and breaks ties by one
shuffled order.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._base import Setting
from cytosig.methods._rank import Ordinal, RankMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets
    from cytosig.methods._rank import RankSums

    Array = NDArray[np.float64]

_SHUFFLED_BY = 0  # decoupler's seed for the order that breaks ties


def _top(share: float, n_genes: int) -> int:
    """Places that are looked at."""
    return max(2, min(ceil(share * n_genes), n_genes))


def _tune(settings: Mapping[str, float], n_genes: int, compat: str | None, /) -> dict[str, float]:
    return {"top": _top(settings["top"], n_genes)}


def _largest(n: Array, top: int) -> Array:
    """Σ (top − place) of n genes in places 1 ... n."""
    inside = np.minimum(n, top - 1)
    return np.asarray(inside * top - inside * (inside + 1) / 2)


def _finish(up: RankSums, down: RankSums | None, sets: Sets, how: How, /) -> Array:
    """Σ max(0, top − place) / its largest value, expected over all orders of tied genes.

    The area under a recovery curve that steps up by one at each gene's place and ends at
    ``top``. Lowered genes are not read: their authors score raised sets only.
    """
    most = _largest(up.size, _top(how.settings["top"], up.n_genes))
    return np.asarray(up.recovered / np.maximum(most, 1.0))


def _decoupler_order(n_genes: int, filled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Genes that are not zero everywhere, shuffled as decoupler does."""
    kept = np.flatnonzero(filled)
    order = np.random.default_rng(_SHUFFLED_BY).choice(len(kept), len(kept), replace=False)
    return np.asarray(kept[order], dtype=np.int64)


def _decoupler(place: NDArray[np.int64], rank: Array, sets: Sets, how: How) -> Array:
    top = _top(how.settings["top"], place.shape[1])
    recovered = np.maximum(top - place, 0) @ sets.raised.astype(np.int64)
    most = _largest(sets.n_raised.astype(float), top)
    return np.asarray(np.divide(recovered, most, out=np.zeros(recovered.shape), where=most > 0))


METHOD = RankMethod(
    name="aucell",
    title="AUCell: recovery of the raised genes in the top 5 %, expected over ties, 0 to 1",
    reference="Aibar S et al. Nature Methods 2017;14:1083-1086",
    unit="AUC",
    about_zero=False,
    settings=(Setting("top", 0.05, 0.0001, 1, "share of the genes that is looked at"),),
    compat=("decoupler",),
    needs_raised=True,
    tune=_tune,
    finish=_finish,
    ordinal={"decoupler": Ordinal(_decoupler_order, _decoupler)},
)
