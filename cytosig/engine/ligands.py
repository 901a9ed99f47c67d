"""How much of each cytokine's working forms is expressed; the ligand channel."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
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
    from cytosig.signatures.model import Form


class FormsJob:
    """Expression of working forms, observations × cytokines, on the data's scale.

    Subunits of one form are all needed (the smallest counts); forms add up on the linear
    scale. A form with an unmeasured subunit is left out; a cytokine with none left is NaN.
    Contrasts have no expression, and no columns here.

    Parameters
    ----------
    aligned
        The matrix, logged, and where its genes are.
    forms
        Of every cytokine.
    name
        What the array of results is called.
    """

    serves = None

    def __init__(
        self, aligned: Aligned, forms: Mapping[str, Sequence[Form]], /, *, name: str
    ) -> None:
        contrasts = aligned.values.kind == "contrasts"
        self._name = name
        self._ids = [] if contrasts else list(forms)
        self._values = aligned.values
        self._kind, self._scale = _scale(aligned.values)
        place = aligned.place
        named = {gene for id in self._ids for form in forms[id] for gene in form.genes}
        genes = sorted((gene for gene in named if gene in place), key=place.__getitem__)
        number = np.min_scalar_type(-max(len(genes), 1))  # a small table stays at hand
        self._slot = np.full(aligned.rows.n_genes, -1, dtype=number)
        self._slot[[place[gene] for gene in genes]] = np.arange(len(genes))
        mine = [forms[id] for id in self._ids]
        self._forms = _forms(mine, {gene: i for i, gene in enumerate(genes)})

    @property
    def fields(self) -> Mapping[str, Field]:
        """One column a cytokine."""
        return {self._name: Field(len(self._ids), np.float32)}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Read the forms of a block's observations."""
        del here, batch
        if not self._ids:
            return
        ligand_levels(
            block.indptr, block.indices, block.data, self._slot, self._forms, self._kind,
            self._scale, into[self._name],
        )  # fmt: skip
        self._check(block, into[self._name])

    def _check(self, block: Block, found: NDArray[np.float32]) -> None:
        """Refuse levels that are infinite though no value is: a logarithm of no number."""
        wrong = np.isinf(found)
        if wrong.any() and np.isfinite(block.data).all():
            row, column = np.argwhere(wrong)[0]
            raise DataError(
                f"The {self._name} of {self._ids[column]} would be infinite at observation"
                f" {block.start + row} (counted from 0): its values, read as {self._values.kind}"
                f" ({self._values.reason}), are too large for that. Pass counts or logged"
                " expression (layer=, use_raw=)."
            )

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """No scores."""
        del filled
        return {}

    def table(self, filled: Slots, obs_names: pd.Index[str], /) -> pd.DataFrame:
        """What was read, once every block has been seen."""
        import pandas as pd

        return pd.DataFrame(filled[self._name], index=obs_names, columns=self._ids, copy=False)


class LigandJob(FormsJob):
    """Expression of every cytokine's ligand."""

    def __init__(self, aligned: Aligned, catalogue: Catalogue, /) -> None:
        ligands = {id: cytokine.ligands for id, cytokine in catalogue.cytokines.items()}
        super().__init__(aligned, ligands, name="ligand")


def _scale(values: Values) -> tuple[int, float]:
    """The scale of the values, and what their natural logarithms are divided by."""
    if values.kind in ("counts", "linear"):
        return LINEAR, 1.0
    return (LOG2, 1.0) if values.base is None else (LOG1P, float(np.log(values.base)))


def _forms(asked: Sequence[Sequence[Form]], number: Mapping[str, int]) -> Forms:
    """Forms of which every subunit is measured, by the numbers of their genes."""
    whole = [
        [[number[g] for g in form.genes] for form in forms if number.keys() >= {*form.genes}]
        for forms in asked
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
