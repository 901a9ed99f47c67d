"""What context rules and network edges share: named programmes, citations and evidence grades."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from cytosig._errors import SignatureError
from cytosig.signatures._strict import Document
from cytosig.signatures.parse import parse_references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cytosig.signatures._strict import Table
    from cytosig.signatures.catalogue import Catalogue
    from cytosig.signatures.model import Reference

Evidence = Literal["A", "B", "C"]
"""Human data or several reviews; one good study or mouse with human support; plausible only."""

_ID = re.compile(r"[a-z][a-z0-9_]*\Z")
_SYMBOL = re.compile(r"[A-Z][A-Za-z0-9-]*\Z")


@dataclass(frozen=True, slots=True)
class Programme:
    """Genes that stand for a state of cells or for one molecule, read as their mean expression."""

    id: str
    name: str
    genes: tuple[str, ...]
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule or an edge may name."""

    catalogue: Catalogue
    programmes: Mapping[str, Programme]
    references: Mapping[str, Reference]

    def signal(self, entry: Table, key: str, /, *, required: bool = True) -> str:
        """Take a key that names something a program can measure in one sample.

        Returns
        -------
        Id of a programme (mean expression) or of a cytokine that has response genes of its own
        (activity); empty where an optional key is left out.
        """
        name = entry.text(key, required=required)
        if key not in entry.data or name in self.programmes or name in self.catalogue.signatures:
            return name
        if name in self.catalogue.cytokines:
            entry.fail(
                f"{key} = {name!r}: this cytokine has no response genes of its own; name a"
                " programme that holds its ligand genes.",
                key=key,
            )
        entry.fail(f"{key} = {name!r}: neither a cytokine id nor a [[programme]].", key=key)

    def node(self, entry: Table, key: str, /) -> str:
        """Take a key that names a cytokine, with response genes or without, or a programme."""
        name = entry.text(key)
        if name not in self.programmes and name not in self.catalogue.cytokines:
            entry.fail(f"{key} = {name!r}: neither a cytokine id nor a [[programme]].", key=key)
        return name

    def cited(self, entry: Table, /) -> tuple[str, ...]:
        """Take the key ``references``; every one is a known publication."""
        ids = entry.words("references")
        for id in ids:
            if id not in self.references:
                entry.fail(
                    f"reference {id!r} is neither in references.toml nor in a [[reference]] of"
                    " this file.",
                    key="references",
                    needle=id,
                )
        return ids

    def evidence(self, entry: Table, references: tuple[str, ...], /) -> Evidence:
        """Take the key ``grade``; A and B stand on at least one publication."""
        grade: Evidence = entry.choice("grade", get_args(Evidence))
        if grade != "C" and not references:
            entry.fail(
                f"grade {grade} without references; cite at least one or grade it C.", key="grade"
            )
        return grade


@contextmanager
def within(what: str, /) -> Iterator[None]:
    """Add to an error which rule or edge it is about; the file and line are there already."""
    try:
        yield
    except SignatureError as error:
        raise SignatureError(f"{error} In {what}.") from error


def take_references(table: Table, known: Mapping[str, Reference], /) -> dict[str, Reference]:
    """Known publications and those of the ``[[reference]]`` tables of this file.

    Publications that only rules and edges cite stand in their files, not in
    ``references.toml``: the digest of the catalogue covers that file and says whether scores
    are the same, which rules do not touch.
    """
    table.taken.add("reference")
    part = Document(
        table.doc.label, table.doc.text, {k: v for k, v in table.data.items() if k == "reference"}
    )
    found = dict(known)
    for reference in parse_references(part):
        if reference.id in found:
            table.fail(f"reference {reference.id} is known already; keep one.", needle=reference.id)
        found[reference.id] = reference
    return found


def take_programmes(
    table: Table, catalogue: Catalogue, references: Mapping[str, Reference], /
) -> dict[str, Programme]:
    """Programmes of the ``[[programme]]`` tables, by id."""
    known = Known(catalogue, {}, references)
    found: dict[str, Programme] = {}
    for entry in table.tables("programme"):
        id = entry.text("id")
        with within(f"programme {id}"):
            if not _ID.match(id):
                entry.fail(f"id = {id!r}: expected small letters, digits and '_'.", key="id")
            if id in found:
                entry.fail(f"programme {id!r} is there twice; keep one.", key="id")
            if id in catalogue:
                entry.fail(f"id = {id!r} is also the name of a cytokine; choose another.", key="id")
            found[id] = Programme(
                id, entry.text("name"), _symbols(entry, "genes"), known.cited(entry)
            )
            entry.close()
    return found


def _symbols(entry: Table, key: str) -> tuple[str, ...]:
    genes = entry.words(key, required=True)
    for gene in genes:
        if not _SYMBOL.match(gene):
            entry.fail(f"{gene!r} is no human gene symbol.", key=key, needle=gene)
    return genes
