"""Whose response is it? The learnt signature, and its experiment, beside every shipped one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.learn.scoring import LEARNT, scored
from cytosig.signatures import Catalogue
from cytosig.signatures.ambiguity import shares

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.signatures import Signature

COLUMNS = (
    "signature", "axis", "grade", "correlation", "jaccard", "n_shared", "shared", "experiment_z",
)  # fmt: skip
_SHOWN = 8


def overlap_of(
    learnt: Signature, contrast: pd.Series[float], shipped: Catalogue, /
) -> pd.DataFrame:
    """One row a shipped signature, the likest first.

    ``correlation`` of the two lists of weights over 20,000 genes (as in ``Catalogue.ambiguity``);
    ``jaccard`` and ``n_shared`` of their genes, where the direction is the same; ``shared`` names
    the heaviest of these in the learnt list; ``experiment_z`` is the shipped signature's score of
    the whole experiment's change.
    """
    import pandas as pd

    home = {member: axis.id for axis in shipped.axes.values() for member in axis.members}
    both = Catalogue({**shipped.signatures, LEARNT: learnt})
    likeness = shares(both.weights(both.genes))[-1]
    z, _ = scored(contrast.to_frame("experiment").T, [*shipped, replace(learnt, id=LEARNT)])
    mine = _directed(learnt)
    rows = []
    for k, signature in enumerate(shipped):
        theirs = _directed(signature)
        shared = [gene for gene, up in mine if (gene, up) in theirs]
        rows.append(
            (
                signature.id, home.get(signature.id, ""), signature.grade or "",
                float(likeness[k]), len(shared) / len(mine.keys() | theirs.keys()), len(shared),
                ", ".join(shared[:_SHOWN]), float(z[signature.id].iloc[0]),
            )
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = np.lexsort((table["signature"], -table["correlation"]))
    return table.iloc[order].reset_index(drop=True)


def _directed(signature: Signature) -> dict[tuple[str, bool], float]:
    """Weight by gene and whether it is raised, the heaviest first."""
    genes = sorted(signature.genes, key=lambda record: (-abs(record.weight), record.gene))
    return {(record.gene, record.weight > 0): record.weight for record in genes}
