"""What the catalogue is made of: frozen records. Only the parser builds them from files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from cytosig._errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cytosig.signatures.evidence import Evidence

Kind = Literal["anti", "pro", "dual"]
Confidence = Literal["high", "medium", "low"]
Action = Literal["blocks", "activates", "depletes"]
Scorability = Literal["high", "medium", "low", "none"]
Tier = Literal["specific", "family", "shared", "user"]
Grade = Literal["A", "B", "C", "D"]
Compartment = Literal["epithelial", "stromal", "myeloid", "T_NK", "B"]
COMPARTMENTS: tuple[Compartment, ...] = get_args(Compartment)
_NO_TEXT = r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # control characters and what ends a line
_NAME = re.compile(rf"[^/{_NO_TEXT}]{{1,200}}")
_GENE = re.compile(rf"[^{_NO_TEXT}]+")
_SMALLEST, _LARGEST = 1e-9, 1e9  # of weights: their squares are added up
GENERIC = "generic"
"""What stands for no compartment: the lists of all other cells and of bulk data."""


@dataclass(frozen=True, slots=True)
class ResponseGene:
    """A gene a cytokine moves; ``weight`` is signed (positive: the cytokine raises it).

    ``studies_for`` and ``studies_against`` count the experiments in which the gene moved
    in this direction and in the other; ``support`` names sources, by label or reference id.
    """

    gene: str
    weight: float
    tier: Tier = "user"
    support: tuple[str, ...] = ()
    studies_for: int = 0
    studies_against: int = 0


@dataclass(frozen=True)
class Signature:
    """A named set of signed gene weights.

    Parameters
    ----------
    id
        Column name of its scores.
    genes
        Signed weights, one record a gene.
    grade
        How well experiments support this list, A (best) to D; None where nobody graded it.
    grade_reason
        Why, in one sentence.
    axis
        Response axis that a user's own file names; axes of the curated ones are in ``axes.toml``.
    evidence
        The experiment it was learnt from, where its file states one. No part of what a
        catalogue's digest covers: the same weights give the same scores.

    Examples
    --------
    >>> Signature.from_genes("MINE", up=["SOCS3", "BCL3"], down=["CCND1"]).weights
    {'SOCS3': 1.0, 'BCL3': 1.0, 'CCND1': -1.0}
    """

    id: str
    genes: tuple[ResponseGene, ...]
    grade: Grade | None = None
    grade_reason: str = ""
    axis: str = field(default="", repr=False)
    evidence: Evidence | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.id) or self.id.strip() in ("", ".", ".."):
            raise SignatureError(
                f"A signature is called {self.id[:80]!r}; expected a name without '/', line breaks"
                " and the like, of at most 200 characters: it becomes a column, and in zarr a"
                " folder. Rename it."
            )
        seen: set[str] = set()
        for record in self.genes:
            if not _GENE.fullmatch(record.gene) or record.gene != record.gene.strip():
                raise SignatureError(
                    f"Signature {self.id!r} names gene {record.gene!r}; expected a name of one line"
                    " without blanks around it. Rename it or leave it out."
                )
            if record.gene in seen:
                raise SignatureError(
                    f"Signature {self.id!r} names gene {record.gene!r} twice; keep one line for it."
                )
            seen.add(record.gene)
            if not _SMALLEST <= abs(record.weight) <= _LARGEST:
                raise SignatureError(
                    f"Signature {self.id!r}, gene {record.gene!r}: weight {record.weight:g};"
                    f" expected {_SMALLEST:g} to {_LARGEST:g}, or less than 0 by as much."
                )

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Gene symbol to signed weight."""
        return {record.gene: record.weight for record in self.genes}

    @property
    def studies(self) -> int:
        """Experiments behind the gene that has the most, for and against; 0 where uncounted."""
        return max((r.studies_for + r.studies_against for r in self.genes), default=0)

    @classmethod
    def from_genes(cls, id: str, /, *, up: Iterable[str], down: Iterable[str] = ()) -> Signature:
        """Build an unweighted signature: +1 for ``up``, -1 for ``down``."""
        plus = tuple(ResponseGene(gene, 1.0) for gene in up)
        return cls(id, plus + tuple(ResponseGene(gene, -1.0) for gene in down))

    @classmethod
    def from_weights(cls, id: str, weights: Mapping[str, float], /) -> Signature:
        """Build a signature from signed weights; zero weights are left out."""
        kept = tuple(ResponseGene(g, float(w)) for g, w in weights.items() if w != 0)
        return cls(id, kept)


class Lists(NamedTuple):
    """The response lists of one cytokine: the generic one, and those of single compartments."""

    generic: Signature
    variants: Mapping[Compartment, Signature] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Form:
    """One working form of a ligand or receptor: every gene in ``genes`` is needed.

    ``supplied`` are subunits another cell brings (soluble IL6R, presented IL15RA).
    """

    name: str
    genes: tuple[str, ...]
    supplied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Modifiers:
    """Genes that shift a cytokine's effect without being its ligand or receptor."""

    decoys: tuple[str, ...] = ()
    antagonists: tuple[str, ...] = ()
    presenters: tuple[str, ...] = ()
    activators: tuple[str, ...] = ()
    coreceptors: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """Prior on what the cytokine does in an established tumour: +1 against it, -1 for it."""

    value: float
    kind: Kind
    confidence: Confidence
    reason: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug and what it does to its targets."""

    name: str
    targets: tuple[str, ...]
    action: Action
    status: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """How well the response can be read, and from which signature when it has none of its own.

    ``grade`` says how well experiments support the list, ``grade_reason`` why.
    """

    scorability: Scorability
    caveat: str = ""
    proxy: str = ""
    grade: Grade | None = None
    grade_reason: str = ""


@dataclass(frozen=True, slots=True)
class Cytokine:
    """What is known of one cytokine, apart from its response weights."""

    id: str
    name: str
    family: str
    ligands: tuple[Form, ...]
    receptors: tuple[Form, ...]
    role: Role
    aliases: tuple[str, ...] = ()
    tfs: tuple[str, ...] = ()
    modifiers: Modifiers = field(default_factory=Modifiers)
    drugs: tuple[Drug, ...] = ()
    response: Response | None = None

    @property
    def ligand_genes(self) -> tuple[str, ...]:
        """Every gene of every ligand form, each once, in file order."""
        return tuple(dict.fromkeys(gene for form in self.ligands for gene in form.genes))


@dataclass(frozen=True, slots=True)
class Axis:
    """Cytokines whose responses the transcriptome cannot tell apart."""

    id: str
    name: str
    members: tuple[str, ...]
    tfs: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication or statement that a fact leans on; identifiers only where confirmed."""

    id: str
    citation: str
    status: Literal["confirmed", "partly"]
    doi: str = ""
    pmid: str = ""
