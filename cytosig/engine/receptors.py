"""The receptor channel: how much of each cytokine's working receptor forms is expressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.ligands import FormsJob
from cytosig.kernels.decoys import Decoys, take_off_decoys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned
    from cytosig.engine.outputs import Slots
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine, Form


class ReceptorJob(FormsJob):
    """Expression of every cytokine's receptor, less its decoys, on the data's scale.

    Of each form the cell itself needs ``genes``; what is ``supplied`` to it is not asked of it.
    Forms that hold another form and more are left out (:func:`distinct`). Decoys are taken off
    the sum of the forms on the linear scale, down to nothing; unmeasured ones take nothing off.

    Parameters
    ----------
    aligned
        The matrix, logged, and where its genes are.
    catalogue
        Whose receptors.
    """

    def __init__(self, aligned: Aligned, catalogue: Catalogue, /) -> None:
        cytokines = catalogue.cytokines
        forms = {id: distinct(cytokine) for id, cytokine in cytokines.items()}
        super().__init__(aligned, forms, name="receptor")
        self._n_genes, place = aligned.rows.n_genes, aligned.place
        mine = [
            [place[gene] for gene in cytokines[id].modifiers.decoys if gene in place]
            for id in self._ids
        ]
        start = np.cumsum([0, *map(len, mine)], dtype=np.int64)
        self._decoys = Decoys(start, np.array([g for genes in mine for g in genes], np.int64))

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Read the receptors of a block's observations."""
        super().run(block, here, batch, into)
        if len(self._decoys.gene):
            take_off_decoys(
                block.indptr, block.indices, block.data, self._n_genes, self._decoys, self._kind,
                self._scale, into[self._name],
            )  # fmt: skip


def distinct(cytokine: Cytokine, /) -> list[Form]:
    """The receptor forms that a cell shows by itself, each receptor once.

    A form that needs a soluble subunit of other cells (IL6R for trans IL-6) is left out where the
    cytokine has another; one that the source presents (IL15RA) is not. Of the rest, a form that
    needs another one's genes and more is at most as high as that one and no further receptor.

    Examples
    --------
    >>> from cytosig.signatures import load
    >>> [[form.genes for form in distinct(load().cytokines[id])] for id in ("IL2", "IL6")]
    [[('IL2RB', 'IL2RG')], [('IL6R', 'IL6ST')]]
    """
    shown = set(cytokine.modifiers.presenters)
    own = [form for form in cytokine.receptors if shown.issuperset(form.supplied)]
    forms = own or list(cytokine.receptors)
    sets = [frozenset(form.genes) for form in forms]
    return [
        form
        for k, form in enumerate(forms)
        if sets[k] not in sets[:k] and not any(other < sets[k] for other in sets)
    ]
