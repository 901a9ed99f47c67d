"""What a signature was learnt from, as its file states it: the ``[signature.evidence]`` table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cytosig.signatures.model import COMPARTMENTS

if TYPE_CHECKING:
    from cytosig.signatures._strict import Table

_MOST_RANKS = 1e6
_LARGEST_Z = 1e6


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How the signature did on samples left out of its making.

    Parameters
    ----------
    folds
        How often samples were left out.
    found
        In how many of them the signature, made from the rest, showed the response.
    auroc
        Area under the ROC curve over the samples left out.
    median_z
        Of the contrasts left out; None where no fold gave a signature.
    median_rank
        Of the signature among the shipped ones on those contrasts; None likewise.
    """

    folds: int
    found: int
    auroc: float
    median_z: float | None = None
    median_rank: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The experiment behind a learnt signature.

    Parameters
    ----------
    treatment, control
        The two sides, as ``column=value``.
    n_treated, n_control
        Samples, not cells.
    experiment
        Its name, such as an accession.
    organism, compartment
        Whose samples, and of which cells where that is known.
    values, design
        What the expression was read as, and the model.
    n_batches
        Blocks (donors, lines, times) that hold both sides; 0 where there are none.
    max_q, min_lfc
        The bars that genes had to pass.
    n_tested, n_passed
        Genes tested, and how many passed both bars.
    validated
        Whether the held-out check was passed; see docs/learn.md.
    software, catalogue
        Version that learnt it, and digest of the catalogue it was held against.
    held_out
        The check itself; None where samples are too few for one.
    """

    treatment: str
    control: str
    n_treated: int
    n_control: int
    experiment: str = ""
    organism: str = ""
    compartment: str = ""
    values: str = ""
    design: str = ""
    n_batches: int = 0
    max_q: float | None = None
    min_lfc: float | None = None
    n_tested: int = 0
    n_passed: int = 0
    validated: bool = False
    software: str = ""
    catalogue: str = ""
    held_out: HeldOut | None = None


def take_evidence(entry: Table, /) -> Evidence | None:
    """Take the table ``evidence`` of a signature; None where there is none.

    Raises
    ------
    SignatureError
        With file and line, for an unknown key, a value out of range, or figures that contradict
        each other.
    """
    table = entry.table("evidence")
    if table is None:
        return None
    found = Evidence(
        treatment=table.text("treatment"),
        control=table.text("control"),
        n_treated=_some(table, "n_treated"),
        n_control=_some(table, "n_control"),
        experiment=table.text("experiment", required=False),
        organism=table.choice("organism", ("human", "mouse"), required=False) or "",
        compartment=table.choice("compartment", COMPARTMENTS, required=False) or "",
        values=table.text("values", required=False),
        design=table.text("design", required=False),
        n_batches=table.count("n_batches"),
        max_q=table.optional("max_q", low=0, high=1),
        min_lfc=table.optional("min_lfc", low=0, high=100),
        n_tested=table.count("n_tested"),
        n_passed=table.count("n_passed"),
        validated=table.flag("validated"),
        software=table.text("software", required=False),
        catalogue=table.text("catalogue", required=False),
        held_out=_held_out(table),
    )
    table.close()
    if found.n_passed > found.n_tested:
        table.fail(f"n_passed is above n_tested, {found.n_tested}.", key="n_passed")
    if found.validated and found.held_out is None:
        table.fail("validated without a [signature.evidence.held_out] table.", key="validated")
    return found


def _some(table: Table, key: str) -> int:
    number = table.count(key)
    if number < 1:
        table.fail(f"{key} = {number}: expected 1 or more samples.", key=key)
    return number


def _held_out(entry: Table) -> HeldOut | None:
    table = entry.table("held_out")
    if table is None:
        return None
    found = HeldOut(
        folds=_some(table, "folds"),
        found=table.count("found"),
        auroc=table.number("auroc", low=0, high=1),
        median_z=table.optional("median_z", low=-_LARGEST_Z, high=_LARGEST_Z),
        median_rank=table.optional("median_rank", low=1, high=_MOST_RANKS),
    )
    table.close()
    if found.found > found.folds:
        table.fail(f"found is above folds, {found.folds}.", key="found")
    return found


def as_record(evidence: Evidence | HeldOut, /) -> dict[str, Any]:
    """What is stated, by key: nothing that is empty, unknown or zero of a count."""
    every = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    kept = {"validated", "found", "auroc", "max_q", "min_lfc"}
    return {
        key: value
        for key, value in every.items()
        if value is not None and (value not in ("", 0) or key in kept)
    }
