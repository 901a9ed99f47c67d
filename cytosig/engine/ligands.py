"""The ligand channel: how much of each cytokine's working ligand form is expressed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.engine.outputs import Field
from cytosig.kernels.ligands import LINEAR, LOG1P, LOG2, Forms, ligand_levels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned
    from cytosig.engine.outputs import Outputs, Slots
    from cytosig.engine.recognise import Values
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine


class LigandJob:
    """Expression of every cytokine's ligand, observations × cytokines, on the data's scale.

    Subunits of one form are all needed (the smallest counts); forms add up on the linear
    scale. A form with an unmeasured subunit is left out; a cytokine with none left is NaN.
    Contrasts have no expression, and no columns here.

    Parameters
    ----------
    aligned
        The matrix, logged, and where its genes are.
    catalogue
        Whose ligands.
    """

    serves = None

    def __init__(self, aligned: Aligned, catalogue: Catalogue, /) -> None:
        contrasts = aligned.values.kind == "contrasts"
        self._cytokines = [] if contrasts else list(catalogue.cytokines.values())
        self._kind, self._scale = _scale(aligned.values)
        place = aligned.place
        wanted = {gene for c in self._cytokines for gene in c.ligand_genes if gene in place}
        genes = sorted(wanted, key=place.__getitem__)
        number = np.min_scalar_type(-max(len(genes), 1))  # a small table stays at hand
        self._slot = np.full(aligned.rows.n_genes, -1, dtype=number)
        self._slot[[place[gene] for gene in genes]] = np.arange(len(genes))
        self._forms = _forms(self._cytokines, {gene: i for i, gene in enumerate(genes)})

    @property
    def fields(self) -> Mapping[str, Field]:
        """One column a cytokine."""
        return {"ligand": Field(len(self._cytokines), np.float32)}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Read the ligands of a block's observations."""
        del here, batch
        if not self._cytokines:
            return
        ligand_levels(
            block.indptr, block.indices, block.data, self._slot, self._forms, self._kind,
            self._scale, into["ligand"],
        )  # fmt: skip

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """No scores."""
        del filled
        return {}

    def table(self, filled: Slots, obs_names: pd.Index[str], /) -> pd.DataFrame:
        """What was read, once every block has been seen."""
        import pandas as pd

        columns = [cytokine.id for cytokine in self._cytokines]
        return pd.DataFrame(filled["ligand"], index=obs_names, columns=columns, copy=False)


def _scale(values: Values) -> tuple[int, float]:
    """The scale of the values, and what their natural logarithms are divided by."""
    if values.kind in ("counts", "linear"):
        return LINEAR, 1.0
    return (LOG2, 1.0) if values.base is None else (LOG1P, float(np.log(values.base)))


def _forms(cytokines: Sequence[Cytokine], number: Mapping[str, int]) -> Forms:
    """Forms of which every subunit is measured, by the numbers of their genes."""
    whole = [
        [[number[g] for g in form.genes] for form in c.ligands if number.keys() >= {*form.genes}]
        for c in cytokines
    ]
    needs = [{gene for form in forms for gene in form} for forms in whole]
    serves = [[k for k, genes in enumerate(needs) if gene in genes] for gene in number.values()]
    forms = list(chain.from_iterable(whole))
    return Forms(_starts(whole), _starts(forms), _flat(forms), _starts(serves), _flat(serves))


def _starts(lists: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    """Where each list starts in all of them end to end, and where the last ends."""
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _flat(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.fromiter(chain.from_iterable(lists), dtype=np.int64)
