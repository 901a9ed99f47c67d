"""The table of genes that were tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.learn.effects import passing, programme_of

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.learn.effects import Bars
    from cytosig.signatures import Catalogue, Cytokine, Signature

COLUMNS = (
    "gene", "weight", "direction", "lfc", "lfc_low", "lfc_high", "confident", "t", "df", "p", "q",
    "also_in", "note",
)  # fmt: skip


def genes_table(
    table: pd.DataFrame, signature: Signature, bars: Bars, shipped: Catalogue, cytokine: str, /
) -> pd.DataFrame:
    """Every gene, the listed ones first, then by p; see :class:`cytosig.learn.Learned`."""
    weight = table.index.to_series().map(signature.weights).fillna(0.0)
    also = _also_in(shipped)
    raised = table["lfc"] > 0
    own = parts_of(shipped.cytokines[cytokine]) if cytokine else {}
    barred = set(passing(table, _all_programmes(bars)).index) - set(passing(table, bars).index)
    found = table.assign(
        gene=table.index,
        weight=weight,
        direction=np.where(raised, "up", "down"),
        also_in=[
            ", ".join(also.get((gene, up), ()))
            for gene, up in zip(table.index, raised, strict=True)
        ],
        note=[
            f"left out: {programme_of(gene)}" if gene in barred else own.get(gene, "")
            for gene in table.index
        ],
    )
    order = np.lexsort((found["gene"], found["p"], -found["weight"].abs()))
    return found.iloc[order][list(COLUMNS)].reset_index(drop=True)


def _all_programmes(bars: Bars) -> Bars:
    from dataclasses import replace

    return replace(bars, drop_programmes=False)


def _also_in(shipped: Catalogue) -> dict[tuple[str, bool], list[str]]:
    """Signatures that move each gene, by gene and whether it is raised."""
    found: dict[tuple[str, bool], list[str]] = {}
    for signature in shipped:
        for gene, weight in signature.weights.items():
            found.setdefault((gene, weight > 0), []).append(signature.id)
    return found


def parts_of(cytokine: Cytokine, /) -> dict[str, str]:
    """Genes of the signal itself, and what they are: kept in a list, as in the shipped ones."""
    modifiers = cytokine.modifiers
    every = {"decoy": modifiers.decoys, "antagonist": modifiers.antagonists}
    every |= {"coreceptor": modifiers.coreceptors, "feedback": modifiers.feedback}
    every["receptor"] = tuple(gene for form in cytokine.receptors for gene in form.genes)
    every["ligand"] = cytokine.ligand_genes
    return {gene: what for what, genes in every.items() for gene in genes}
