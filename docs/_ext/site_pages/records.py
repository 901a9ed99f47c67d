"""Pages of what is not one cytokine's: axes, context rules, the network, publications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.signatures.detection import ColumnTest
from site_pages.cytokine import effect, node
from site_pages.markdown import (
    FORMAT,
    anchor,
    bullets,
    cite,
    code,
    genes,
    link,
    page,
    plain,
    publication,
    section,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.signatures import Axis, ContextRule, Detection, Edge, Programme
    from cytosig.signatures.detection import Column, DataTest
    from site_pages.knowledge import Knowledge


def axes_page(known: Knowledge, /) -> str:
    """Response axes with their members."""
    return page(
        "Response axes",
        "Cytokines whose answers look alike in a transcriptome share an axis. Read the axis first:"
        " where a cytokine and its axis disagree, trust the axis. Chemokines belong to none.",
        *(_axis(axis, known) for axis in known.catalogue.axes.values()),
    )


def _axis(axis: Axis, known: Knowledge) -> str:
    listed = [id for id in axis.members if id in known.catalogue.signatures]
    other = [id for id in axis.members if id not in listed]
    return f"(axis-{anchor(axis.id)})=\n" + section(
        plain(f"{axis.id}: {axis.name}"),
        f"Read by {genes(axis.tfs)}." if axis.tfs else "",
        f"With response genes: {_cytokines(listed)}.",
        f"Without a list, here for the pathway: {_cytokines(other)}." if other else "",
        plain(axis.note),
    )


def _cytokines(ids: list[str]) -> str:
    return ", ".join(link(id, f"{id}.md") for id in ids)


def rules_page(known: Knowledge, /) -> str:
    """Context rules, the columns they ask for and the programmes they read."""
    return page(
        "Context rules",
        f"{len(known.rules)} rules on when the role of a cytokine is another one, and how a program"
        f" can tell. How they are decided is in {link('the format', FORMAT)}; what becomes of them"
        f" in {link('the balance of a sample', '/balance.md')}. Grade A: human data or several"
        " agreeing reviews; B: one good study or mouse work with human support; C: plausible.",
        *(_rule(rule, known) for rule in known.rules),
        section("Columns that rules ask for", bullets(map(_column, known.columns.values()))),
        section("Programmes", *(_programme(p) for p in known.programmes.values())),
    )


def _rule(rule: ContextRule, known: Knowledge) -> str:
    return f"({anchor(rule.id)})=\n" + section(
        f"{rule.id}: {rule.cytokine}, {rule.dimension}",
        f"{plain(rule.condition)} {effect(rule)} Grade {rule.grade}. {cite(rule.references)}"
        f" Cytokine: {node(rule.cytokine, known)}.",
        f"Told by any of:\n\n{bullets(_way(way, known) for way in rule.detections)}",
        plain(rule.note),
    )


def _way(way: Detection, known: Knowledge) -> str:
    if way.kind == "none":
        return f"nothing: {plain(way.why)}"
    return ", and ".join(
        _asked(test) if isinstance(test, ColumnTest) else _measured(test, known)
        for test in way.tests
    )


def _asked(test: ColumnTest) -> str:
    words = {"is one of": test.any_of, "is none of": test.none_of}
    parts = [f"{verb} {', '.join(map(code, given))}" for verb, given in words.items() if given]
    if test.at_least is not None:
        parts.append(f"is at least {test.at_least:g}")
    if test.less_than is not None:
        parts.append(f"is less than {test.less_than:g}")
    return f"column {code(test.column)} {' and '.join(parts)}"


def _measured(test: DataTest, known: Knowledge) -> str:
    text = node(test.of, known)
    if test.cells:
        text += f" in {', '.join(map(code, test.cells))} cells"
    if test.minus:
        text += f", less {node(test.minus, known)},"
    if test.minus_cells:
        text += f", less the same in {', '.join(map(code, test.minus_cells))} cells,"
    if test.given:
        text += f", beyond what {node(test.given, known)} explains,"
    bounds = {"above": test.above, "below": test.below}
    parts = [f"{verb} the {q:g} quantile" for verb, q in bounds.items() if q is not None]
    return f"{text} {' and '.join(parts)}"


def _column(column: Column) -> str:
    holds = ", ".join(map(code, column.values)) or f"{column.type} {column.unit}".strip()
    return f"{code(column.id)}: {plain(column.note)} Holds {holds}."


def _programme(programme: Programme) -> str:
    return f"(programme-{anchor(programme.id)})=\n" + section(
        plain(programme.name),
        f"{code(programme.id)}: {genes(programme.genes)} {cite(programme.references)}".strip(),
        level=3,
    )


def network_page(known: Knowledge, /) -> str:
    """Signed edges as one table."""
    rows = (_edge(edge, known) for edge in known.edges)
    return page(
        "Network",
        f"{len(known.edges)} signed edges: which cytokine raises or lowers which, and what it does"
        f" to {link('programmes', 'context_rules.md')} of genes. Gains are declared, not fitted; an"
        " edge is silent where a context rule that says the same holds."
        f" {link('How it is used', '/balance.md')}.",
        table(("source", "does", "target", "gain", "grade", "why"), rows),
    )


def _edge(edge: Edge, known: Knowledge) -> tuple[str, ...]:
    said = plain(edge.reason), plain(edge.gain_reason), cite(edge.references)
    rule = f" Rule {link(edge.rule, f'#{anchor(edge.rule)}')} says the same." if edge.rule else ""
    verb = "raises" if edge.sign > 0 else "lowers"
    ends = node(edge.source, known), node(edge.target, known)
    return ends[0], verb, ends[1], f"{edge.gain:g}", edge.grade, " ".join(filter(None, said)) + rule


def references_page(known: Knowledge, /) -> str:
    """Publications, and what cites each."""
    return page(
        "References",
        f"{len(known.references)} publications and statements that roles, drugs, lists, rules and"
        " edges lean on. A role without any rests on general knowledge.",
        *_publications(known),
    )


def _publications(known: Knowledge) -> Iterator[str]:
    for id, reference in sorted(known.references.items()):
        citing = ", ".join(_citing(one, known) for one in known.cited_by.get(id, ()))
        used = f" Cited by {citing}." if citing else ""
        yield f"({anchor(id)})=\n**{plain(id)}** {publication(reference)}.{used}"


def _citing(id: str, known: Knowledge) -> str:
    if id in known.catalogue.cytokines or id in known.programmes:
        return node(id, known)
    if id in {rule.id for rule in known.rules}:
        return link(id, f"#{anchor(id)}")
    return link(id.replace("->", " → ").replace("-|", " ⊣ "), "network.md")
