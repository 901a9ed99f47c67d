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
_SEEN = {
    "network": "Network of cell types; arrows are links",
    "tile": "Tiles: sources by targets, coloured by the links between them",
}
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
    several = table["condition"].nunique() > 1
    best = found.drop_duplicates("cytokine").head(2).astype(str)
    figures = tuple(
        figure(
            f"share-{place}",
            partial(
                pl.share, record.adata, cytokine=id, condition=condition if several else None,
                key=record.key,
            ),
            caption=f"{id}: share of each cell type in what the samples make.",
            alt=f"Bars, one a cell type: its share of the output of {id}, with intervals.",
        )
        for place, (id, condition) in enumerate(
            zip(best["cytokine"], best["condition"], strict=True)
        )
    )  # fmt: skip
    if figures:
        yield Row(figures)
    yield from _changes(record)


def _changes(record: Record) -> Iterator[Part]:
    """What changes of output are made of, of the surest two."""
    table = record.table("sources_change")
    if table is None:
        return
    found = table[table["q"] <= LEVEL].sort_values("q", kind="stable")
    best = found.drop_duplicates("cytokine").head(2).astype(str)
    figures = tuple(
        figure(
            f"change-{place}",
            partial(
                pl.share, record.adata, cytokine=id, kind="change", contrast=contrast,
                key=record.key,
            ),
            caption=f"{id}, {contrast}: change of the output, from cells and from expression.",
            alt=f"Bars, one a cell type: what the change of the output of {id} is made of.",
        )
        for place, (id, contrast) in enumerate(zip(best["cytokine"], best["contrast"], strict=True))
    )  # fmt: skip
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
    """Network and tiles of the links that were found; of all, as description, where none was."""
    links = record.tables["links"]
    for place, condition in enumerate(_conditions(record, "links")):
        rows = links if condition is None else links[links["condition"].astype(str) == condition]
        most = LEVEL if (rows["q"] <= LEVEL).any() else None
        which = f"with q ≤ {LEVEL}" if most else "whatever their q, as description: none was found"
        among = _among(condition)
        for name, draw in (("network", pl.network), ("tile", pl.links_tile)):
            yield figure(
                f"{name}-{place}",
                partial(draw, record.adata, condition=condition, max_q=most, key=record.key),
                caption=f"Links between cell types{among}, {which}.",
                alt=f"{_SEEN[name]}{among}; the table has every link.",
            )
