"""From TOML files to records. Strict: a key nobody knows is an error with file and line."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from cytosig.signatures import model
from cytosig.signatures._strict import Document, Table
from cytosig.signatures.evidence import take_evidence
from cytosig.signatures.model import (
    Axis,
    Cytokine,
    Drug,
    Form,
    Lists,
    Modifiers,
    Reference,
    Response,
    ResponseGene,
    Role,
    Signature,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cytosig.signatures.model import Compartment

_GENE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_@/]*\Z")
_TIERS = get_args(model.Tier)
_GRADES = get_args(model.Grade)


def _genes(table: Table, key: str, *, required: bool = False) -> tuple[str, ...]:
    genes = table.words(key, required=required)
    for gene in genes:
        if not _GENE.match(gene):
            table.fail(f"{gene!r} is no gene symbol.", key=key, needle=gene)
    return genes


def _forms(table: Table, key: str) -> tuple[Form, ...]:
    forms = []
    for entry in table.tables(key):
        name = entry.text("name")
        genes = _genes(entry, "genes", required=True)
        forms.append(Form(name, genes, _genes(entry, "supplied")))
        entry.close()
    if not forms:
        table.fail(f"no [[{key}]] table; expected at least one form.")
    return tuple(forms)


def _modifiers(table: Table) -> Modifiers:
    entry = table.table("modifiers")
    if entry is None:
        return Modifiers()
    found = Modifiers(
        decoys=_genes(entry, "decoys"),
        antagonists=_genes(entry, "antagonists"),
        presenters=_genes(entry, "presenters"),
        activators=_genes(entry, "activators"),
        coreceptors=_genes(entry, "coreceptors"),
        feedback=_genes(entry, "feedback"),
    )
    entry.close()
    return found


def _role(table: Table) -> Role:
    entry = table.table("role", required=True) or table
    role = Role(
        value=entry.number("value", low=-1, high=1),
        kind=entry.choice("kind", get_args(model.Kind)),
        confidence=entry.choice("confidence", get_args(model.Confidence)),
        reason=entry.text("reason"),
        references=entry.words("references"),
    )
    entry.close()
    return role


def _drugs(table: Table) -> tuple[Drug, ...]:
    drugs = []
    for entry in table.tables("drug"):
        drug = Drug(
            name=entry.text("name"),
            targets=_genes(entry, "targets", required=True),
            action=entry.choice("action", get_args(model.Action)),
            status=entry.text("status"),
            references=entry.words("references"),
        )
        entry.close()
        drugs.append(drug)
    return tuple(drugs)


def _response_genes(
    table: Table, key: str, sign: float, known: Mapping[tuple[str, bool], ResponseGene]
) -> list[ResponseGene]:
    """What an entry leaves out it has from ``known``, by gene and whether it is raised."""
    genes = []
    for entry in table.tables(key):
        gene = entry.text("gene")
        if not _GENE.match(gene):
            entry.fail(f"{gene!r} is no gene symbol.", key="gene", needle=gene)
        weight = entry.number("weight", low=0, high=100) if "weight" in entry.data else 1.0
        if weight == 0 or not math.isfinite(weight):
            entry.fail(f"weight of {gene} is {weight}; expected above 0.", needle=f'"{gene}"')
        same = known.get((gene, sign > 0), ResponseGene(gene, sign))
        tier: model.Tier = entry.choice("tier", _TIERS, required=False) or same.tier
        support = entry.words("support") or same.support
        plus = entry.count("for", same.studies_for)
        minus = entry.count("against", same.studies_against)
        entry.taken.add("weight")
        entry.close()
        genes.append(ResponseGene(gene, sign * weight, tier, support, plus, minus))
    return genes


def _grade(entry: Table) -> tuple[model.Grade | None, str]:
    grade: model.Grade | None = entry.choice("grade", _GRADES, required=False)
    reason = entry.text("grade_reason", required=False)
    if reason and grade is None:
        entry.fail("grade_reason without a grade; write both or neither.", key="grade_reason")
    return grade, reason


def _signature(
    id: str,
    entry: Table,
    grade: model.Grade | None = None,
    reason: str = "",
    generic: Signature | None = None,
) -> Signature | None:
    known = {(r.gene, r.weight > 0): r for r in generic.genes} if generic else {}
    genes = _response_genes(entry, "up", 1.0, known) + _response_genes(entry, "down", -1.0, known)
    seen: set[str] = set()
    for record in genes:
        if record.gene in seen:
            entry.fail(f"gene {record.gene} is listed twice.", needle=f'"{record.gene}"')
        seen.add(record.gene)
    return Signature(id, tuple(genes), grade, reason) if genes else None


def _variants(id: str, entry: Table, generic: Signature | None) -> dict[Compartment, Signature]:
    """Lists for single compartments; they need a generic list to stand beside."""
    found: dict[Compartment, Signature] = {}
    for variant in entry.tables("variant"):
        name: Compartment = variant.choice("compartment", model.COMPARTMENTS)
        if name in found:
            variant.fail(f"{id} has two variants for {name}; keep one.", key="compartment")
        if generic is None:
            variant.fail(f"{id} has a variant for {name} but no genes of its own in up or down.")
        own: model.Grade | None = variant.choice("grade", _GRADES, required=False)
        grade, reason = (own, "") if own else (generic.grade, generic.grade_reason)
        signature = _signature(id, variant, grade, reason, generic)
        variant.close()
        if signature is None:
            variant.fail(f"the variant of {id} for {name} has no genes in up or down.")
        found[name] = signature
    return {name: found[name] for name in model.COMPARTMENTS if name in found}


def _response(id: str, table: Table) -> tuple[Response | None, Lists | None]:
    entry = table.table("response")
    if entry is None:
        return None, None
    grade, reason = _grade(entry)
    response = Response(
        scorability=entry.choice("scorability", get_args(model.Scorability)),
        caveat=entry.text("caveat", required=False),
        proxy=entry.text("proxy", required=False),
        grade=grade,
        grade_reason=reason,
    )
    signature = _signature(id, entry, grade, reason)
    variants = _variants(id, entry, signature)
    if response.proxy and signature is not None:
        entry.fail("proxy and own genes (up, down) exclude each other.", key="proxy")
    entry.close()
    return response, None if signature is None else Lists(signature, variants)


def parse_cytokine(doc: Document, /) -> tuple[Cytokine, Lists | None]:
    """Read one cytokine file: what is known of it and, where it has any, its response lists."""
    table = Table(doc, doc.data)
    id = table.id()
    name, aliases = table.text("name"), table.words("aliases")
    family, tfs = table.text("family"), _genes(table, "tfs")
    ligands, receptors = _forms(table, "ligand"), _forms(table, "receptor")
    modifiers, role, drugs = _modifiers(table), _role(table), _drugs(table)
    response, lists = _response(id, table)
    table.close()
    cytokine = Cytokine(
        id, name, family, ligands, receptors, role, aliases, tfs, modifiers, drugs, response
    )
    return cytokine, lists


def parse_user_signatures(doc: Document, /) -> list[Lists]:
    """Read a user's own file: ``[[signature]]`` tables with genes, variants and evidence."""
    table = Table(doc, doc.data)
    found: list[Lists] = []
    seen: set[str] = set()
    for entry in table.tables("signature"):
        id = entry.id()
        if id in seen:
            entry.fail(f"signature {id!r} is given twice; rename one.", key="id")
        seen.add(id)
        axis = entry.text("axis", required=False)
        signature = _signature(id, entry, *_grade(entry))
        variants = _variants(id, entry, signature)
        evidence = take_evidence(entry)
        entry.close()
        if signature is None:
            entry.fail(f"signature {id!r} has no genes in up or down.", key="id")
        found.append(Lists(replace(signature, axis=axis, evidence=evidence), variants))
    if not found:
        table.fail("no [[signature]] table; expected at least one with id and up.")
    table.close()
    return found


def parse_axes(doc: Document, /) -> list[Axis]:
    """Read ``axes.toml``."""
    table = Table(doc, doc.data)
    axes = []
    for entry in table.tables("axis"):
        axis = Axis(
            id=entry.id(),
            name=entry.text("name"),
            members=entry.words("members", required=True),
            tfs=_genes(entry, "tfs"),
            note=entry.text("note", required=False),
        )
        entry.close()
        axes.append(axis)
    table.close()
    return axes


def parse_references(doc: Document, /) -> list[Reference]:
    """Read ``references.toml``."""
    table = Table(doc, doc.data)
    references = []
    for entry in table.tables("reference"):
        reference = Reference(
            id=entry.id(),
            citation=entry.text("citation"),
            status=entry.choice("status", ("confirmed", "partly")),
            doi=entry.text("doi", required=False),
            pmid=entry.text("pmid", required=False),
        )
        entry.close()
        references.append(reference)
    table.close()
    return references
