"""From TOML files to records. Strict: a key nobody knows is an error with file and line."""

from __future__ import annotations

import math
import re
from typing import get_args

from cytosig.signatures import model
from cytosig.signatures._strict import Document, Table
from cytosig.signatures.model import (
    Axis,
    Cytokine,
    Drug,
    Form,
    Modifiers,
    Reference,
    Response,
    ResponseGene,
    Role,
    Signature,
)

_GENE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_@/]*\Z")
_TIERS = get_args(model.Tier)


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


def _response_genes(table: Table, key: str, sign: float) -> list[ResponseGene]:
    genes = []
    for entry in table.tables(key):
        gene = entry.text("gene")
        if not _GENE.match(gene):
            entry.fail(f"{gene!r} is no gene symbol.", key="gene", needle=gene)
        weight = entry.number("weight", low=0, high=100) if "weight" in entry.data else 1.0
        if weight == 0 or not math.isfinite(weight):
            entry.fail(f"weight of {gene} is {weight}; expected above 0.", needle=f'"{gene}"')
        tier: model.Tier = entry.choice("tier", _TIERS) if "tier" in entry.data else "user"
        support = entry.words("support")
        entry.taken |= {"weight", "tier"}
        entry.close()
        genes.append(ResponseGene(gene, sign * weight, tier, support))
    return genes


def _signature(id: str, entry: Table) -> Signature | None:
    genes = _response_genes(entry, "up", 1.0) + _response_genes(entry, "down", -1.0)
    seen: set[str] = set()
    for record in genes:
        if record.gene in seen:
            entry.fail(f"gene {record.gene} is listed twice.", needle=f'"{record.gene}"')
        seen.add(record.gene)
    return Signature(id, tuple(genes)) if genes else None


def _response(id: str, table: Table) -> tuple[Response | None, Signature | None]:
    entry = table.table("response")
    if entry is None:
        return None, None
    response = Response(
        scorability=entry.choice("scorability", get_args(model.Scorability)),
        caveat=entry.text("caveat", required=False),
        proxy=entry.text("proxy", required=False),
    )
    signature = _signature(id, entry)
    if response.proxy and signature is not None:
        entry.fail("proxy and own genes (up, down) exclude each other.", key="proxy")
    entry.close()
    return response, signature


def parse_cytokine(doc: Document, /) -> tuple[Cytokine, Signature | None]:
    """Read one cytokine file: what is known of it and, where it has one, its response."""
    table = Table(doc, doc.data)
    id = table.id()
    name, aliases = table.text("name"), table.words("aliases")
    family, tfs = table.text("family"), _genes(table, "tfs")
    ligands, receptors = _forms(table, "ligand"), _forms(table, "receptor")
    modifiers, role, drugs = _modifiers(table), _role(table), _drugs(table)
    response, signature = _response(id, table)
    table.close()
    cytokine = Cytokine(
        id, name, family, ligands, receptors, role, aliases, tfs, modifiers, drugs, response
    )
    return cytokine, signature


def parse_user_signatures(doc: Document, /) -> list[Signature]:
    """Read a user's own file: ``[[signature]]`` tables with ``id``, ``up`` and ``down``."""
    table = Table(doc, doc.data)
    signatures = []
    for entry in table.tables("signature"):
        id = entry.id()
        signature = _signature(id, entry)
        entry.close()
        if signature is None:
            entry.fail(f"signature {id!r} has no genes in up or down.", key="id")
        signatures.append(signature)
    if not signatures:
        table.fail("no [[signature]] table; expected at least one with id and up.")
    table.close()
    return signatures


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
