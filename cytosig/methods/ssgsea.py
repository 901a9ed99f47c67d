"""ssGSEA: the running difference between a signature's genes and all others, summed up.

Genes of one observation are ranked from the lowest value (rank r = 1 to G). With n genes of a set
in the data and α = ``alpha``, the sum over places of P_in − P_out is, in closed form::

    ES = Σ r^(1 + α) / Σ r^α − (G(G + 1)/2 − Σ r) / (G − n)

    score = (ES(raised) − ES(lowered)) / range

with sums over the set. ``range`` is 1: the score is not divided by the range of a cohort, which
would make one sample's score depend on the others; a range that you state divides it. Tied genes
share their mean rank. ``compat="gseapy"`` breaks ties by the order of genes and lets ranks run to
10,000.
"""

from __future__ import annotations

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

_UNIT = 10_000  # gseapy's ranks run to this


def _tune(settings: Mapping[str, float], n_genes: int, compat: str | None, /) -> dict[str, float]:
    return {"alpha": settings["alpha"]}


def _one(sums: RankSums) -> Array:
    """Σ over places of P_in − P_out, in closed form.

    P_in climbs by rank^alpha at each gene of the set, P_out by 1 at each other gene, both to 1;
    a gene of rank r is inside from its place to the end, r times. Hence
    Σ r^(1+alpha) / Σ r^alpha − (G(G+1)/2 − Σ r) / (G − n).
    """
    n, n_genes = sums.size, sums.n_genes
    some = (n > 0) & (n < n_genes)
    left = np.where(some, n_genes - n, 1.0)
    score = sums.weighted / np.where(sums.power > 0, sums.power, 1.0)
    score -= (n_genes * (n_genes + 1) / 2 - sums.rank) / left
    return np.asarray(score * some)


def _finish(up: RankSums, down: RankSums | None, sets: Sets, how: How, /) -> Array:
    """Raised less lowered, tied genes sharing their mean rank.

    Not divided by the range of the cohort, unless ``range`` states one.
    """
    score = _one(up) if down is None else _one(up) - _one(down)
    return score / how.settings["range"]


def _as_given(n_genes: int, filled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Every gene, the last of the data first."""
    return np.arange(n_genes)[::-1]


def _gseapy(place: NDArray[np.int64], rank: Array, sets: Sets, how: How) -> Array:
    """ES as gseapy has it: ties by the order of genes, weights from ranks that run to 10,000."""
    n_genes = place.shape[1]
    metric = (_UNIT * rank / n_genes) ** how.settings["alpha"]
    stay = n_genes + 1 - place

    def one(chosen: NDArray[np.bool_]) -> Array:
        member = chosen.astype(float)
        n = member.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = (metric * stay) @ member / (metric @ member)
            outside = (n_genes * (n_genes + 1) / 2 - stay @ member) / (n_genes - n)
        return np.where((n > 0) & (n < n_genes), inside - outside, 0.0)

    return (one(sets.raised) - one(sets.lowered)) / how.settings["range"]


METHOD = RankMethod(
    name="ssgsea",
    title="ssGSEA: summed running enrichment of the raised genes less that of the lowered",
    reference="Barbie DA et al. Nature 2009;462:108-112",
    unit="ES",
    about_zero=False,
    settings=(
        Setting("alpha", 0.25, 0, 10, "power of the rank that weighs a gene"),
        Setting("range", 1, 1e-12, 1e12, "divide scores by this stored range"),
    ),
    compat=("gseapy",),
    tune=_tune,
    finish=_finish,
    ordinal={"gseapy": Ordinal(_as_given, _gseapy)},
)
