"""Tables of what was scored: observations where they are few, means of groups of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cytosig.pl._rows import group_means
from cytosig.report._words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.report._record import Record

KINDS = {"axis": "response axes", "score": "cytokines"}
MEANS = "Means over observations describe them and test nothing: cells are no replicates."
_OBSERVED = {
    "axis": "Response axes: scores",
    "axis_pvalue": "Response axes: p-values",
    "score": "Cytokines: scores",
    "pvalue": "Cytokines: p-values",
    "estimate": "Cytokines: estimates, in units of the data",
    "spread": "Cytokines: spread of ranks over methods",
    "ligand": "Ligands: expression",
    "receptor": "Receptors less decoys: expression",
}


def observed(record: Record, /) -> dict[str, tuple[pd.DataFrame, Words]]:
    """Each table by its name, with what is to be said of it."""
    return dict(_means(record) if record.are_cells else _each(record))


def _each(record: Record) -> Iterator[tuple[str, tuple[pd.DataFrame, Words]]]:
    """A row an observation."""
    for kind, title in _OBSERVED.items():
        slot = getattr(record.slots, kind)
        found = record.slot(slot)
        if found is not None and found.shape[1]:
            yield slot, (found, Words(title=title, rows="observation", main=kind == "axis"))


def _means(record: Record) -> Iterator[tuple[str, tuple[pd.DataFrame, Words]]]:
    """A row a sample, or a cell type."""
    for groupby in record.groupings:
        groups = pd.Categorical(record.adata.obs[groupby])
        for kind, what in KINDS.items():
            found = record.slot(getattr(record.slots, kind))
            if found is None or not found.shape[1]:
                continue
            rows, means = group_means(found, groups)
            frame = pd.DataFrame(means, index=rows, columns=found.columns)
            title = f"Means of {what} by {groupby}"
            words = Words(title=title, note=MEANS, rows=groupby, main=kind == "axis")
            yield f"mean_{kind}_by_{groupby}", (frame, words)
