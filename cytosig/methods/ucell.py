"""UCell: the Mann-Whitney U of a signature's genes among the top of the ranking.

Genes of one observation are ranked from the highest value (place 1). With n genes of a set in
the data, G genes in all and m = ``max_rank``, no more than G::

    U = 1 − (Σ min(place, m) − n(n + 1)/2) / (n·m − n(n + 1)/2)

    score = max(0, U(raised) − w_neg · U(lowered))

Tied genes share the mean of their places. Nothing depends on the other observations.
``compat="pyucell"`` ranks the genes that are not zero and puts all others, and those the data
lack, at ``max_rank``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._base import Setting
from cytosig.methods._rank import RankMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets
    from cytosig.methods._rank import RankSums

    Array = NDArray[np.float64]


def _tune(settings: Mapping[str, float], n_genes: int, compat: str | None, /) -> dict[str, float]:
    """Places end at ``max_rank``, which cannot be more than there are genes."""
    asked = settings["max_rank"]
    return {"max_rank": asked if compat == "pyucell" else min(asked, n_genes)}


def _one(sums: RankSums, listed: NDArray[np.int64], how: How) -> Array:
    """1 − (Σ place − n(n+1)/2) / (n·max_rank − n(n+1)/2), places capped at max_rank.

    pyucell ranks the non-zero genes only and puts all others, and those the data lack, at
    ``max_rank``; by the definition genes that are zero share the places that are left.
    """
    n, total = sums.size, sums.capped
    max_rank = _tune(how.settings, sums.n_genes, how.compat)["max_rank"]
    if how.compat == "pyucell":
        n = listed.astype(float)
        total = sums.capped_filled + (n - sums.filled) * max_rank
    least, most = n * (n + 1) / 2, n * max_rank
    some = most > least
    scale = np.divide(1.0, most - least, out=np.zeros_like(most), where=some)
    return np.asarray((most * some - total * some) * scale)


def _finish(up: RankSums, down: RankSums | None, sets: Sets, how: How, /) -> Array:
    """Raised less lowered (times ``w_neg``), never below 0, as its authors have it."""
    score = _one(up, sets.n_listed[:, 0], how)
    if down is not None:
        score -= how.settings["w_neg"] * _one(down, sets.n_listed[:, 1], how)
    return np.maximum(score, 0.0, out=score)


METHOD = RankMethod(
    name="ucell",
    title="UCell: Mann-Whitney U of the raised genes less that of the lowered, 0 to 1",
    reference="Andreatta M, Carmona SJ. Comput Struct Biotechnol J 2021;19:3796-3798",
    unit="UCell score",
    about_zero=False,
    settings=(
        Setting("max_rank", 1500, 2, 1e6, "place from the top beyond which all count alike", True),
        Setting("w_neg", 1, 0, 100, "weight of the lowered genes"),
    ),
    compat=("pyucell",),
    needs_raised=True,
    largest=lambda how, n_genes: min(how.settings["max_rank"], n_genes),
    tune=_tune,
    finish=_finish,
)
