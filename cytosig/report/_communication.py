"""Sections: who makes and answers each cytokine, and who speaks to whom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report._commands import not_run
from cytosig.report._figures import figure
from cytosig.report._parts import Heading, Row, Section, Text
from cytosig.report._sentences import count
from cytosig.report._summary import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.report._parts import Figure, NoFigure, Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

_MADE = (
    "Which cell types make each cytokine, and which have its receptor and show its response, with"
    " samples as replicates. A dot takes both sides to be read: who makes it, who answers."
)
_SPOKEN = (
    "A link is two findings in the same samples: one cell type makes more of a cytokine than the"
    " others, and one hears and answers it. It is a hypothesis, not a message seen; RNA is not"
    " protein, and dissociated cells have no neighbours."
)
_MOST = 4  # conditions with figures of their own


def sources_and_targets(record: Record, shelf: Shelf, /) -> Section:
    """A dot plot of both sides, shares, and their tables."""
    parts: list[Part] = [Text(_MADE, "lead")]
    lacking = [tool for tool in ("sources", "targets") if record.table(tool) is None]
    if not lacking:
        parts += [_mirror(record, condition) for condition in _conditions(record, "sources")]
    for tool, heading in (("sources", "Who makes it"), ("targets", "Who answers")):
        parts.append(Heading(heading))
        if tool in lacking:
            parts.append(not_run(tool))
        elif tool == "sources":
            parts += _shares(record)
        parts += shelf.take(tool, f"{tool}_change")
    if record.slots.receptor not in record.adata.obsm:
        parts.append(not_run("channels"))
    parts += shelf.take("channels_forms")
    return Section("sources-targets", "Sources and targets", tuple(parts))


def who_to_whom(record: Record, shelf: Shelf, /) -> Section:
    """Network, tiles and table of links."""
    parts: list[Part] = [Text(_SPOKEN, "lead")]
    if record.table("links") is None:
        parts.append(not_run("links"))
    else:
        parts += [Text(_tested(record)), *_links(record)]
    parts += shelf.take("links", "links_strength", "links_contributions")
    return Section("links", "Who speaks to whom", tuple(parts))


def _conditions(record: Record, tool: str, /) -> list[str | None]:
    """Conditions that a tool asked each for itself; None where there is one."""
    table = record.table(tool)
    if table is None or "condition" not in table:
        return [None]
    found = list(dict.fromkeys(table["condition"].astype(str)))
    return list(found[:_MOST]) if len(found) > 1 else [None]


def _among(condition: str | None) -> str:
    return "" if condition is None else f" ({condition})"


def _place(record: Record, tool: str, condition: str | None) -> int:
    return _conditions(record, tool).index(condition)


def _mirror(record: Record, condition: str | None) -> Figure | NoFigure:
    among = _among(condition)
    return figure(
        f"mirror-{_place(record, 'sources', condition)}",
        partial(pl.mirror_dotplot, record.adata, condition=condition, key=record.key),
        caption=f"Who makes each cytokine (left) and who hears and answers it (right){among}.",
        alt=f"Dots, cytokines by cell types, sources left and targets right{among}; the tables have"
        " the numbers.",
    )


def _shares(record: Record) -> Iterator[Part]:
    """Shares of the output, of the cytokines with the surest sources."""
    table = record.tables["sources"]
    found = table[table["q"] <= LEVEL].sort_values(["q", "p"], kind="stable")
    ids = list(dict.fromkeys(found["cytokine"].astype(str)))[:2]
    figures = tuple(
        figure(
            f"share-{place}",
            partial(pl.share, record.adata, cytokine=id, key=record.key),
            caption=f"{id}: share of each cell type in what the samples make.",
            alt=f"Bars, one a cell type: its share of the output of {id}, with intervals.",
        )
        for place, id in enumerate(ids)
    )
    if figures:
        yield Row(figures)


def _tested(record: Record) -> str:
    links = record.tables["links"]
    tested = links[links["q"].notna()]
    found = int((tested["q"] <= LEVEL).sum())
    have = "has" if found == 1 else "have"
    said = f"{found:,} of {count(len(tested), 'link')} tested {have} q ≤ {LEVEL}."
    lost = len(links) - len(tested)
    return f"{said} {lost:,} could not be tested; their flags say why." if lost else said


def _links(record: Record) -> Iterator[Part]:
    for place, condition in enumerate(_conditions(record, "links")):
        among = _among(condition)
        yield figure(
            f"network-{place}",
            partial(pl.network, record.adata, condition=condition, key=record.key),
            caption=f"Links between cell types{among}: the surest ones.",
            alt=f"Network of cell types; arrows are links{among}. The table has all of them.",
        )
        yield figure(
            f"tile-{place}",
            partial(pl.links_tile, record.adata, condition=condition, key=record.key),
            caption=f"Links by source, target and cytokine{among}.",
            alt=f"Tiles, pairs of cell types by cytokines{among}; the table has the numbers.",
        )
