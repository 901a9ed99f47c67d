"""The ligand channel: how much of each cytokine's working ligand form is expressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.outputs import Field
from cytosig.kernels.rows import pick_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned
    from cytosig.engine.outputs import Outputs, Slots
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float32]


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
        self._base = aligned.values.base
        self._logged = aligned.values.kind not in ("counts", "linear")
        place = aligned.place
        wanted = {gene for c in self._cytokines for gene in c.ligand_genes if gene in place}
        genes = sorted(wanted, key=place.__getitem__)
        self._slot = np.full(aligned.rows.n_genes, -1, dtype=np.int32)
        self._slot[[place[gene] for gene in genes]] = np.arange(len(genes))
        self._column = {gene: i for i, gene in enumerate(genes)}

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
        picked = np.zeros((block.stop - block.start, len(self._column)), dtype=np.float32)
        pick_columns(block.indptr, block.indices, block.data, self._slot, picked)
        for k, cytokine in enumerate(self._cytokines):
            forms = _forms(picked, self._column, cytokine)
            if forms:
                total = _add_logged(forms, self._base) if self._logged else sum(forms)
                into["ligand"][:, k] = total

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """No scores."""
        del filled
        return {}

    def table(self, filled: Slots, obs_names: pd.Index[str], /) -> pd.DataFrame:
        """What was read, once every block has been seen."""
        import pandas as pd

        columns = [cytokine.id for cytokine in self._cytokines]
        return pd.DataFrame(filled["ligand"], index=obs_names, columns=columns, copy=False)


def _forms(picked: Array, column: Mapping[str, int], cytokine: Cytokine) -> list[Array]:
    whole = [f.genes for f in cytokine.ligands if all(gene in column for gene in f.genes)]
    return [picked[:, [column[g] for g in genes]].min(axis=1) for genes in whole]


def _add_logged(forms: list[Array], base: float | None) -> Array:
    if len(forms) == 1:
        return forms[0]
    values = np.stack(forms).astype(np.float64)
    if base is None:
        total = np.log2(np.exp2(values).sum(axis=0))
    else:
        scale = np.log(base)
        total = np.log1p(np.expm1(values * scale).sum(axis=0)) / scale
    return np.asarray(total, dtype=np.float32)
