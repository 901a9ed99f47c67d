"""Preranked GSEA, by gseapy: each observation's contrast as one ranking, gene sets permuted.

gseapy runs it, on each observation as one ranking of genes by its contrast. NES is the largest
deviation of the running sum over the mean of those, of its sign, of ``permutations`` shuffled gene
sets; ``weight`` is the power of the contrast that weighs a gene::

    score = (NES(raised) − NES(lowered)) / 2,   0 where both move one way
    p     = the larger of the two,              1 where both move one way

With raised or with lowered genes alone it is that NES, its sign turned for lowered ones, and its p.
gseapy's p can be 0; here the set itself is counted among the shuffles on its side of 0, about half
of all. It is for bulk, pseudobulk and contrasts: more than 500 observations are refused. The rule
for pairs of sets is that of connectivity scores (Lamb et al., Science 2006;313:1929-1935).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig.methods._base import Setting
from cytosig.methods._gseapy import as_gene_sets, as_table, gene_names, nothing, quiet
from cytosig.methods._whole import Whole, WholeMethod

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


class _Half(NamedTuple):
    """NES and p of the raised or the lowered genes; NaN where a signature has none."""

    nes: Array
    pvalue: Array


def _run(values: Array, sets: Sets, how: How, /, *, threads: int) -> Whole:
    """NES of the raised genes; with lowered ones, half of the raised less the lowered.

    Where both halves move the same way the score is 0 and p is 1, as connectivity scores have
    it (Lamb et al., Science 2006;313:1929-1935); elsewhere p is the larger of the two.
    """
    up, down = (_prerank(values, half, how, threads) for half in (sets.raised, sets.lowered))
    has_up, has_down = sets.raised.any(axis=0), sets.lowered.any(axis=0)
    alone = np.where(has_up, up.nes, -down.nes)
    alone_p = np.where(has_up, up.pvalue, down.pvalue)
    apart = np.sign(up.nes) != np.sign(down.nes)
    pair = np.where(apart, (up.nes - down.nes) / 2, 0.0)
    pair_p = np.where(apart, np.maximum(up.pvalue, down.pvalue), 1.0)
    both = has_up & has_down
    return Whole(np.where(both, pair, alone), np.where(both, pair_p, alone_p))


def _prerank(values: Array, chosen: NDArray[np.bool_], how: How, threads: int) -> _Half:
    """One run an observation, so that none depends on the others."""
    shape = (len(values), chosen.shape[1])
    half = _Half(nothing(*shape), nothing(*shape))
    gene_sets = as_gene_sets(chosen)
    for i, row in enumerate(values if gene_sets else ()):
        found = _gseapy(row, gene_sets, how, threads)
        half.nes[i] = as_table(found, "NES", 1, shape[1])
        half.pvalue[i] = as_table(found, "NOM p-val", 1, shape[1])
    # gseapy's p can be 0: count the set itself among those on its side of 0, about half of all
    own = 2 / how.settings["permutations"]
    return _Half(half.nes, np.minimum(half.pvalue + own, 1.0))


def _gseapy(row: Array, gene_sets: dict[str, list[str]], how: How, threads: int) -> pd.DataFrame:
    import gseapy
    import pandas as pd

    order = np.argsort(row, kind="stable")[::-1]
    names = np.array(gene_names(len(row)))
    with quiet():
        found = gseapy.prerank(
            pd.Series(row[order], index=names[order]),
            dict(gene_sets),
            outdir=None,
            no_plot=True,
            ascending=None,
            min_size=1,
            max_size=len(row),
            weight=how.settings["weight"],
            permutation_num=int(how.settings["permutations"]),
            seed=int(how.settings["seed"]),
            threads=threads,
        )
    table: pd.DataFrame = found.res2d.assign(Name="0")
    return table


METHOD = WholeMethod(
    name="gsea",
    title="preranked GSEA by gseapy: normalised enrichment score of each contrast",
    reference="Subramanian A et al. PNAS 2005;102:15545-15550",
    unit="NES",
    settings=(
        Setting("permutations", 1000, 100, 1e6, "shuffles of the gene sets", True),
        Setting("weight", 1, 0, 10, "power of the contrast that weighs a gene"),
        Setting("seed", 0, 0, 2**31 - 1, "of the shuffles", True),
    ),
    centred=True,
    run=_run,
    compares=False,
    fewest=1,
    most=500,
    why_most="it shuffles gene sets for every observation, seconds each",
    tested=True,
)
