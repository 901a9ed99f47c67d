"""The ligand channel: how much of each cytokine's working ligand form is expressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.blocks import for_each
from cytosig.kernels.rows import pick_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.prepare import Rows
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float32]


def ligand_expression(
    rows: Rows,
    place: Mapping[str, int],
    cytokines: Sequence[Cytokine],
    /,
    *,
    base: float | None,
    n_jobs: int | None,
) -> Array:
    """Expression of every cytokine's ligand, observations × cytokines, on the data's scale.

    Subunits of one form are all needed (the smallest counts); forms add up on the linear
    scale. A form with an unmeasured subunit is left out; a cytokine with none left is NaN.

    Parameters
    ----------
    rows
        The matrix, logged.
    place
        Engine gene of each ligand gene that is measured.
    cytokines
        Whose ligands.
    base
        Logarithm base of x + 1; None for plain log2.
    """
    genes = sorted(
        {gene for c in cytokines for gene in c.ligand_genes if gene in place},
        key=lambda gene: place[gene],
    )
    slot = np.full(rows.n_genes, -1, dtype=np.int32)
    for i, gene in enumerate(genes):
        slot[place[gene]] = i
    column = {gene: i for i, gene in enumerate(genes)}
    out = np.full((rows.n_obs, len(cytokines)), np.nan, dtype=np.float32)

    def work(block: Block) -> None:
        picked = np.zeros((block.stop - block.start, len(genes)), dtype=np.float32)
        pick_columns(block.indptr, block.indices, block.data, slot, picked)
        for k, cytokine in enumerate(cytokines):
            forms = _forms(picked, column, cytokine)
            if forms:
                out[block.rows, k] = _add_forms(forms, base)

    for_each(iter(rows), work, n_jobs=n_jobs)
    return out


def _forms(picked: Array, column: Mapping[str, int], cytokine: Cytokine) -> list[Array]:
    whole = [f.genes for f in cytokine.ligands if all(gene in column for gene in f.genes)]
    return [picked[:, [column[g] for g in genes]].min(axis=1) for genes in whole]


def _add_forms(forms: list[Array], base: float | None) -> Array:
    if len(forms) == 1:
        return forms[0]
    values = np.stack(forms).astype(np.float64)
    if base is None:
        total = np.log2(np.exp2(values).sum(axis=0))
    else:
        scale = np.log(base)
        total = np.log1p(np.expm1(values * scale).sum(axis=0)) / scale
    return np.asarray(total, dtype=np.float32)
