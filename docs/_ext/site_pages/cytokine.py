"""The page of one cytokine: all that ``signatures/`` knows of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from site_pages.gene_tables import compartment_table, folded, gene_table, raw, weight
from site_pages.knowledge import cited
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

    from cytosig.signatures import ContextRule, Cytokine, Signature
    from cytosig.signatures.model import Drug, Form
    from site_pages.knowledge import Knowledge

KINDS = {
    "anti": "against the tumour",
    "pro": "for the tumour",
    "dual": "both ways, by context",
}
_MODIFIERS = {
    "decoys": "catch the ligand without passing on the signal",
    "antagonists": "hold the ligand or receptor back",
    "presenters": "hold and show the ligand",
    "activators": "turn a silent form into a working one",
    "coreceptors": "strengthen the signal, not required",
    "feedback": "genes of the response that dampen it",
}


def cytokine_page(cytokine: Cytokine, known: Knowledge, /) -> str:
    """Everything known of one cytokine as a page."""
    return page(
        plain(_title(cytokine)),
        _facts(cytokine, known),
        section("Role in an established tumour", *_role(cytokine)),
        section("Ligand", bullets(_form(form) for form in cytokine.ligands)),
        section("Receptor", bullets(_form(form) for form in cytokine.receptors)),
        section("Decoys and other modifiers", bullets(_modifiers(cytokine))),
        section("Drugs", table(("drug", "does", "to", "status"), map(_drug, cytokine.drugs))),
        section("When the role is another one", bullets(map(_rule, known.rules_of(cytokine.id)))),
        section("Network", bullets(_edges(cytokine.id, known))),
        section("How its response is read", *_response(cytokine, known)),
        section("Response genes", *_genes(cytokine.id, known)),
        section("References", bullets(_references(cytokine, known))),
    )


def _title(cytokine: Cytokine) -> str:
    """Id and name; one of them where the name says the id."""
    if cytokine.name.startswith(cytokine.id):
        return cytokine.name
    return f"{cytokine.id}: {cytokine.name}"


def _facts(cytokine: Cytokine, known: Knowledge) -> str:
    axis = known.axis_of(cytokine.id)
    facts = {
        "Other names": plain(", ".join(cytokine.aliases)),
        "Family": link(plain(cytokine.family), "by_family.md"),
        "Response axis": link(plain(axis.id), f"#axis-{anchor(axis.id)}") if axis else "none",
        "Transcription factors": genes(cytokine.tfs),
        "Role": f"{role(cytokine)} ({KINDS[cytokine.role.kind]}; confidence"
        f" {cytokine.role.confidence})",
        "Evidence grade of its list": grade(cytokine, known),
    }
    return bullets(f"**{name}**: {text}" for name, text in facts.items() if text)


def role(cytokine: Cytokine, /) -> str:
    """Value of the role, from −1 to +1."""
    return weight(cytokine.role.value) if cytokine.role.value else "0"


def grade(cytokine: Cytokine, known: Knowledge, /) -> str:
    """Grade of the response list; who stands in, or none where there is no list."""
    response = cytokine.response
    if response is not None and response.proxy:
        return f"read through {link(response.proxy, f'{response.proxy}.md')}"
    if cytokine.id not in known.catalogue.signatures:
        return "no list"
    return (response.grade if response is not None else "") or "none given"


def _role(cytokine: Cytokine) -> tuple[str, str]:
    what = cytokine.role
    return (
        f"{plain(what.reason)} {cite(what.references)}".strip(),
        "" if what.references else "No publication is cited: the role rests on general knowledge.",
    )


def _form(form: Form) -> str:
    """One working form: any form will do, every gene of it is needed."""
    other = f" (with {genes(form.supplied, between=' and ')} from elsewhere)"
    return (
        f"{plain(form.name)}: {genes(form.genes, between=' and ')}{other if form.supplied else ''}"
    )


def _modifiers(cytokine: Cytokine) -> Iterator[str]:
    for kind, names in asdict(cytokine.modifiers).items():
        if names:
            yield f"{kind} ({_MODIFIERS[kind]}): {genes(names)}"


def _drug(drug: Drug) -> tuple[str, ...]:
    status = f"{plain(drug.status)} {cite(drug.references)}".strip()
    return plain(drug.name), drug.action, genes(drug.targets), status


def _rule(rule: ContextRule) -> str:
    return f"{link(rule.id, f'#{anchor(rule.id)}')}: {plain(rule.condition)} {effect(rule)}"


def effect(rule: ContextRule, /) -> str:
    """What a rule does to the role, in words."""
    if rule.operation == "flag":
        return "Only reported."
    verb = "The role is multiplied by" if rule.operation == "multiplier" else "The role becomes"
    value = f"{rule.value:g}" if rule.operation == "multiplier" else weight(rule.value or 0.0)
    return f"{verb} {value}."


def _edges(id: str, known: Knowledge) -> Iterator[str]:
    for edge in known.edges_of(id):
        verb = "raises" if edge.sign > 0 else "lowers"
        both = (edge.source, edge.target)
        source, target = (f"**{id}**" if end == id else node(end, known) for end in both)
        text = f"{source} {verb} {target} (grade {edge.grade}, gain {edge.gain:g}): "
        yield f"{text}{plain(edge.reason)} {cite(edge.references)}".strip()


def node(id: str, known: Knowledge, /) -> str:
    """Cytokine or programme, linked to where it is described."""
    if id in known.catalogue.cytokines:
        return link(plain(id), f"{id}.md")
    return link(plain(known.programmes[id].name), f"#programme-{anchor(id)}")


def _response(cytokine: Cytokine, known: Knowledge) -> Iterator[str]:
    response = cytokine.response
    if response is None:
        yield "Not read from the transcriptome; only ligand and receptor are."
        return
    yield f"Scorability {response.scorability}. {_sentence(response.caveat)}".strip()
    if response.proxy:
        yield f"It has no list of its own: {grade(cytokine, known)}."
    if response.grade:
        yield f"Grade {response.grade}: {_sentence(response.grade_reason)}"
    others = known.catalogue.ambiguity().get(cytokine.id, {})
    if others:
        shares = ", ".join(f"{link(id, f'{id}.md')} {share:.0%}" for id, share in others.items())
        yield f"Its score shows part of the effect of others, too: {shares}."


def _sentence(text: str) -> str:
    return f"{plain(text[:1].upper() + text[1:]).rstrip('.')}." if text else ""


def _genes(id: str, known: Knowledge) -> Iterator[str]:
    signature = known.catalogue.signatures.get(id)
    if signature is None:
        return
    up = sum(gene.weight > 0 for gene in signature.genes)
    yield (
        f"{up} raised and {len(signature.genes) - up} lowered genes, for bulk data and for every"
        " cell without a list of its own compartment. A weight says how well a gene marks this"
        " cytokine among those of the catalogue, not how far it moves. What the columns mean is in"
        f" {link('the format', FORMAT)}, how weights are"
        f" made in {link('How signatures are made', '/signatures.md')}."
    )
    yield raw(gene_table(signature))
    variants = {n: kept[id] for n, kept in known.catalogue.variants.items() if id in kept}
    if variants:
        grades = ", ".join(f"{code(n)} {kept.grade or '–'}" for n, kept in variants.items())
        yield f"Lists of single compartments, with their grades: {grades}."
        lists: dict[str, Signature] = {"generic": signature, **variants}
        yield raw(folded("Weights by compartment", compartment_table(lists)))


def _references(cytokine: Cytokine, known: Knowledge) -> Iterator[str]:
    for id in cited(cytokine, known):
        yield f"{link(plain(id), f'#{anchor(id)}')}: {publication(known.references[id])}"
