"""Section: axes and cytokines of samples and cell types, and how groups of samples differ."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report._commands import not_run
from cytosig.report._compared import comparisons
from cytosig.report._figures import figure
from cytosig.report._observed import KINDS, MEANS
from cytosig.report._parts import Heading, NoFigure, Section, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from cytosig.report._parts import Figure, Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

    What = Literal["axis", "score"]

_LEAD = (
    "How strongly the response to each cytokine is seen. Axes first: cytokines whose responses look"
    " alike share one, and the axis is surer than its members."
)
_OF_CELLS = "Scores of all {n:,} observations are in the file: adata.obsm[{slot!r}] and beside it."


def activities(record: Record, shelf: Shelf, /) -> Section:
    """Heat maps, scores as tables, comparisons."""
    parts: list[Part] = [Text(_LEAD, "lead")]
    if record.scores is None:
        parts.append(not_run("score"))
    else:
        parts += _maps(record)
        parts += shelf.take(*shelf.observed)
        if record.are_cells:
            parts.append(Text(_OF_CELLS.format(n=record.adata.n_obs, slot=record.slots.score)))
    parts += [Heading("Comparisons of samples"), *comparisons(record, shelf)]
    return Section("activities", "Axes and cytokines", tuple(parts))


def _maps(record: Record) -> Iterator[Part]:
    groupings: list[str | None] = [*record.groupings] if record.are_cells else [None]
    if not groupings:
        why = (
            f"{record.adata.n_obs:,} observations are too many for rows of a heat map, and nobody"
            " said which are of one sample or cell type."
        )
        yield NoFigure("Heat map of the activities.", why)
    if record.are_cells and groupings:
        yield Text(MEANS)
    for what in ("axis", "score"):
        table = record.slot(getattr(record.slots, what))
        if table is not None and table.shape[1]:
            for groupby in groupings:
                yield _map(record, what, groupby)


def _map(record: Record, what: What, groupby: str | None) -> Figure | NoFigure:
    rows = "observations" if groupby is None else f"groups of {groupby}"
    n = record.adata.n_obs if groupby is None else int(record.adata.obs[groupby].nunique())
    of = "each observation" if groupby is None else f"each value of {groupby} (means)"
    place = ["none", record.sample_key, record.cell_type_key].index(groupby or "none")
    return figure(
        f"heatmap-{what}-{place}",
        partial(pl.heatmap, record.adata, what=what, groupby=groupby, key=record.key),
        caption=f"Scores ({record.unit}) of {KINDS[what]} in {of}.",
        alt=f"Heat map: {n} {rows} by {KINDS[what]}; colours are scores ({record.unit}). The tables"
        " have the numbers.",
    )
