"""The samples of a reference, kept gene by gene for what moments cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cytosig.blocks import for_each
from cytosig.engine.nonfinite import no_number, refuse_nonfinite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned

    Array = NDArray[np.float64]

WHOLE = ""
"""View of the whole sample; others are named after the cells that are pooled for them."""
MOST_SAMPLES = 2000
"""A reference keeps its samples up to this number; more are cells, or no cohort to keep."""


@dataclass(frozen=True)
class Cohort:
    """Logged expression of samples, over the genes that a balance reads.

    Parameters
    ----------
    genes
        Human symbols.
    views
        By name, samples × genes: the whole sample (``""``), or some of its cells. NaN where a gene
        is not measured, and in the rows of samples that have too few of those cells.
    pooled
        How cells became samples: ``sum`` of counts, ``mean`` of logarithms, or ``none``.
    """

    genes: tuple[str, ...]
    views: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}))
    pooled: str = "none"

    @property
    def n_samples(self) -> int:
        """Samples, those with too few cells of a view included."""
        return len(self.views[WHOLE])

    def rows(self, which: NDArray[np.bool_], /) -> Cohort:
        """Some of the samples."""
        views = {name: view[which] for name, view in self.views.items()}
        return Cohort(self.genes, views, self.pooled)


def expression(aligned: Aligned, genes: Sequence[str], names: Sequence[str], /) -> Array:
    """Logged expression of these genes, observations × genes, NaN where one is not measured.

    Raises
    ------
    DataError
        Naming the first value that is no number.
    """
    column = np.array([aligned.place.get(gene, -1) for gene in genes], dtype=np.int64)
    there = np.flatnonzero(column >= 0)
    rows = aligned.rows
    found = np.full((rows.n_obs, len(genes)), np.nan)

    def read(block: Block) -> None:
        part = block.to_scipy(rows.n_genes)[:, column[there]].toarray()
        found[block.start : block.stop, there] = part

    for_each(rows, read, n_jobs=1)
    if no_number(found[:, there]).any():
        refuse_nonfinite(rows.blocks, list(names), aligned.labels)
    return found
