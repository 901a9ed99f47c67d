"""GSVA, by gseapy: each gene's standing among the samples, then a running sum along the genes.

gseapy runs it. Each gene's value is put on its cumulative distribution over the samples; in each
sample the genes are then ordered by that standing, and::

    ES = largest deviation above 0 − size of the largest below 0, of the running sum

    score = ES(raised) − ES(lowered)

``tau`` weighs the tails of the ranking. Every score depends on all observations, 2 to 2,000 of
them: it is for bulk, pseudobulk and contrasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._base import Setting
from cytosig.methods._gseapy import as_gene_sets, as_table, gene_names, nothing, quiet
from cytosig.methods._whole import Whole, WholeMethod

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


def _run(values: Array, sets: Sets, how: How, /, *, threads: int) -> Whole:
    """Difference of the two largest deviations; raised less lowered genes."""
    score = np.zeros((len(values), sets.raised.shape[1]))
    for sign, chosen in ((1.0, sets.raised), (-1.0, sets.lowered)):
        if chosen.any():
            part = _gsva(values, chosen, how.settings["tau"], threads)
            score += sign * np.where(chosen.any(axis=0), part, 0.0)
    return Whole(score)


def _gsva(values: Array, chosen: NDArray[np.bool_], tau: float, threads: int) -> Array:
    import gseapy
    import pandas as pd

    gene_sets = as_gene_sets(chosen)
    if not gene_sets:
        return nothing(len(values), chosen.shape[1])
    names = [str(i) for i in range(len(values))]
    frame = pd.DataFrame(values.T, index=gene_names(values.shape[1]), columns=names)
    with quiet():
        found = gseapy.gsva(
            frame,
            gene_sets,
            outdir=None,
            weight=tau,
            min_size=1,
            max_size=len(chosen),
            threads=threads,
        )
    return as_table(found.res2d, "ES", len(values), chosen.shape[1])


METHOD = WholeMethod(
    name="gsva",
    title="GSVA by gseapy: enrichment of each gene's standing among the samples",
    reference="Hänzelmann S et al. BMC Bioinformatics 2013;14:7",
    unit="ES",
    settings=(Setting("tau", 1, 0, 10, "weight of the tails of the ranking"),),
    run=_run,
    compares=True,
    fewest=2,
    most=2000,
    why_most="it compares every gene over all observations, held dense",
)
