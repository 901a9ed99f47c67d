"""Context rules: when the role of a cytokine is not what it usually is, and how that shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from cytosig.signatures._strict import Document, Table
from cytosig.signatures.detection import take_columns, take_detections
from cytosig.signatures.load import folder, load
from cytosig.signatures.programmes import Known, take_programmes, take_references, within

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cytosig.signatures.catalogue import Catalogue
    from cytosig.signatures.detection import Column, Detection
    from cytosig.signatures.model import Reference
    from cytosig.signatures.programmes import Evidence, Programme

Dimension = Literal[
    "dose", "duration", "stage", "compartment", "genotype", "treatment", "tumour type", "co-signal"
]
Operation = Literal["multiplier", "override", "flag"]
MAX_MULTIPLIER = 3.0
"""A rule that makes a role more than three times as strong is taken for a slip."""


@dataclass(frozen=True, slots=True)
class ContextRule:
    """A condition under which a cytokine's role changes.

    Parameters
    ----------
    id
        Name the result lists the rule by.
    cytokine
        Whose role it is.
    dimension
        What kind of circumstance decides.
    condition
        The circumstance in words.
    operation
        ``multiplier`` scales the role, ``override`` replaces it, ``flag`` only says so.
    value
        The factor or the new role; None for a flag.
    grade
        How good the evidence is.
    detections
        Ways to tell that the condition holds; any one will do.
    references
        Publications by id; empty where none was found to say so.
    note
        A caveat, or what the evidence does not cover.
    """

    id: str
    cytokine: str
    dimension: Dimension
    condition: str
    operation: Operation
    value: float | None
    grade: Evidence
    detections: tuple[Detection, ...]
    references: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything ``context.toml`` holds, with the publications its rules may cite."""

    rules: tuple[ContextRule, ...]
    programmes: Mapping[str, Programme]
    columns: Mapping[str, Column]
    references: Mapping[str, Reference]


def load_context() -> tuple[ContextRule, ...]:
    """The context rules that ship with the package, in file order.

    Returns
    -------
    Frozen records, read once a process.

    Examples
    --------
    >>> rules = {rule.id: rule for rule in load_context()}
    >>> rules["CR12"].cytokine, rules["CR12"].operation, rules["CR12"].value
    ('IFNG', 'multiplier', 0.3)
    """
    return shipped().rules


def load_programmes() -> Mapping[str, Programme]:
    """The gene programmes that rules and edges name, by id.

    Examples
    --------
    >>> load_programmes()["checkpoint"].genes
    ('CD274', 'PDCD1LG2', 'IDO1', 'LAG3')
    """
    return shipped().programmes


@cache
def shipped() -> Context:
    """All of the shipped ``context.toml``."""
    return read_context(folder() / "context.toml", load())


def read_context(path: Path, catalogue: Catalogue, /) -> Context:
    """Read and check a file of context rules.

    Parameters
    ----------
    path
        A file in the form signatures/README.md describes.
    catalogue
        Whose cytokines, signatures and publications the rules may name.

    Raises
    ------
    SignatureError
        With file, line and rule, for anything that is not as signatures/README.md says.
    """
    table = Table(Document.read(path), {})
    table.data = table.doc.data
    references = take_references(table, catalogue.references)
    programmes = take_programmes(table, catalogue, references)
    columns = take_columns(table)
    known = Known(catalogue, programmes, references)
    rules: dict[str, ContextRule] = {}
    for entry in table.tables("rule"):
        id = entry.id()
        with within(f"rule {id}"):
            if id in rules:
                entry.fail(f"rule {id!r} is there twice; keep one.", key="id")
            rules[id] = _rule(id, entry, columns, known)
    if not rules:
        table.fail("no [[rule]] table; expected at least one.")
    table.close()
    frozen = MappingProxyType(programmes), MappingProxyType(columns), MappingProxyType(references)
    return Context(tuple(rules.values()), *frozen)


def _rule(id: str, entry: Table, columns: Mapping[str, Column], known: Known) -> ContextRule:
    cytokine = entry.text("cytokine")
    if cytokine not in known.catalogue.cytokines:
        entry.fail(f"cytokine = {cytokine!r}: no cytokine has this id.", key="cytokine")
    operation: Operation = entry.choice("operation", get_args(Operation))
    references = known.cited(entry)
    rule = ContextRule(
        id=id,
        cytokine=cytokine,
        dimension=entry.choice("dimension", get_args(Dimension)),
        condition=entry.text("condition"),
        operation=operation,
        value=_value(entry, operation),
        grade=known.evidence(entry, references),
        detections=take_detections(entry, columns, known),
        references=references,
        note=entry.text("note", required=False),
    )
    entry.close()
    return rule


def _value(entry: Table, operation: Operation) -> float | None:
    if operation == "override":
        return entry.number("value", low=-1, high=1)
    if operation == "multiplier":
        value = entry.number("value", low=0, high=MAX_MULTIPLIER)
        if value == 0:
            entry.fail("a multiplier of 0: expected above 0; use an override of 0.", key="value")
        return value
    if "value" in entry.data:
        entry.fail("a flag has no value; leave it out.", key="value")
    return None
