"""One cytokine on a page, for reading."""

from __future__ import annotations

from dataclasses import asdict
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cytosig.signatures import Axis, Catalogue, Cytokine, Signature
    from cytosig.signatures.model import (
        Drug,
        Form,
        Modifiers,
        Reference,
        Response,
        ResponseGene,
        Role,
    )

_WIDTH = 92
_LABEL = 14
_KINDS = {
    "anti": "against the tumour",
    "pro": "for the tumour",
    "dual": "both ways, by context",
}


def record(catalogue: Catalogue, id: str, /) -> dict[str, Any]:
    """The same facts as plain dicts and lists."""
    cytokine = catalogue.cytokines[id]
    axis = _axis(catalogue, id)
    signature = catalogue.signatures.get(id)
    return {
        **asdict(cytokine),
        "axis": None if axis is None else axis.id,
        "genes": [] if signature is None else [asdict(gene) for gene in signature.genes],
        "studies": 0 if signature is None else signature.studies,
        "variants": {
            name: {**asdict(variant), "studies": variant.studies}
            for name, variant in _variants(catalogue, id)
        },
        "ambiguous_with": catalogue.ambiguity().get(id, {}),
        "references": [asdict(found) for found in _references(catalogue, cytokine)],
    }


def card(catalogue: Catalogue, id: str, /) -> str:
    """Everything known of one cytokine as text."""
    cytokine = catalogue.cytokines[id]
    axis = _axis(catalogue, id)
    lines = [f"{cytokine.id}: {cytokine.name}", ""]
    lines += _entry("aliases", ", ".join(cytokine.aliases))
    lines += _entry("family", cytokine.family)
    lines += _entry("axis", f"{axis.id}: {axis.name}" if axis is not None else "")
    lines += _entry("factors", ", ".join(cytokine.tfs))
    lines += _entries("ligand", _forms(cytokine.ligands))
    lines += _entries("receptor", _forms(cytokine.receptors))
    lines += _entries("modifiers", _modifiers(cytokine.modifiers))
    lines += _entry("role", _role(cytokine.role))
    lines += _entries("drugs", map(_drug, cytokine.drugs))
    signature = catalogue.signatures.get(id)
    lines += _entry("response", _response(cytokine.response, signature))
    lines += _entry("grade", _grade(cytokine.response))
    lines += _entry("ambiguous", _ambiguous(catalogue, id))
    lines += _genes(signature)
    for name, variant in _variants(catalogue, id):
        lines += _entry("variant", f"{name} cells: {_list(variant)}; grade {variant.grade or '–'}")
        lines += _genes(variant)
    lines += _entries("references", map(_reference, _references(catalogue, cytokine)))
    return "\n".join(lines)


def _axis(catalogue: Catalogue, id: str) -> Axis | None:
    return next((axis for axis in catalogue.axes.values() if id in axis.members), None)


def _entry(label: str, text: str) -> list[str]:
    """A labelled paragraph; nothing where there is nothing to say."""
    blank = " " * _LABEL
    return wrap(
        text, _WIDTH, initial_indent=f"{label:<{_LABEL}}", subsequent_indent=blank,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _entries(label: str, texts: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for text in texts:
        lines += _entry("" if lines else label, text)
    return lines


def _forms(forms: Sequence[Form]) -> Iterator[str]:
    """Forms are alternatives (OR); the genes of one are all needed (AND)."""
    for number, form in enumerate(forms):
        other = f" (with {' AND '.join(form.supplied)} from elsewhere)" if form.supplied else ""
        either = "OR " if number else ""
        yield f"{either}{form.name}: {' AND '.join(form.genes)}{other}"


def _modifiers(modifiers: Modifiers) -> Iterator[str]:
    for kind, genes in asdict(modifiers).items():
        if genes:
            yield f"{kind}: {', '.join(genes)}"


def _role(role: Role) -> str:
    cited = f" [{', '.join(role.references)}]" if role.references else ""
    kind, confidence = _KINDS[role.kind], f"confidence {role.confidence}"
    return f"{role.value:+g} ({kind}; {confidence}). {role.reason}{cited}"


def _drug(drug: Drug) -> str:
    cited = f" [{', '.join(drug.references)}]" if drug.references else ""
    return f"{drug.name} {drug.action} {', '.join(drug.targets)}: {drug.status}{cited}"


def _response(response: Response | None, signature: Signature | None) -> str:
    if response is None:
        return "not read from the transcriptome; only ligand and receptors are"
    parts = [f"scorability {response.scorability}"]
    if signature is not None:
        parts.append(_list(signature))
    if response.proxy:
        parts.append(f"read through {response.proxy}")
    if response.caveat:
        parts.append(response.caveat)
    return "; ".join(parts)


def _list(signature: Signature) -> str:
    up = sum(gene.weight > 0 for gene in signature.genes)
    studies = f", up to {signature.studies} studies a gene" if signature.studies else ""
    return f"{up} genes up, {len(signature.genes) - up} down{studies}"


def _grade(response: Response | None) -> str:
    if response is None or response.grade is None:
        return ""
    return f"{response.grade}. {response.grade_reason}".rstrip()


def _variants(catalogue: Catalogue, id: str) -> list[tuple[str, Signature]]:
    return [(name, kept[id]) for name, kept in catalogue.variants.items() if id in kept]


def _ambiguous(catalogue: Catalogue, id: str) -> str:
    """Whose responses this score shows as well, as shares of what their own scores show."""
    if id not in catalogue.signatures:
        return ""
    from cytosig.signatures.ambiguity import THRESHOLD

    others = [f"{other} {share:.0%}" for other, share in catalogue.ambiguity()[id].items()]
    if not others:
        return f"no other cytokine shows {THRESHOLD:.0%} of its effect in this score"
    return f"part of their effect that this score shows: {', '.join(others)}"


def _genes(signature: Signature | None) -> list[str]:
    if signature is None:
        return []
    blank = " " * _LABEL
    longest = max(len(gene.gene) for gene in signature.genes)
    return [
        f"{blank}{gene.gene:<{longest}}  {gene.weight:+5.2f}  {gene.tier:<8}  "
        f"{len(gene.support)} source(s){_studies(gene)}"
        for gene in signature.genes
    ]


def _studies(gene: ResponseGene) -> str:
    if not gene.studies_for and not gene.studies_against:
        return ""
    return f"; studies {gene.studies_for} for, {gene.studies_against} against"


def _references(catalogue: Catalogue, cytokine: Cytokine) -> list[Reference]:
    cited = [*cytokine.role.references, *(r for d in cytokine.drugs for r in d.references)]
    return [catalogue.references[id] for id in dict.fromkeys(cited)]


def _reference(reference: Reference) -> str:
    where = [f"doi:{reference.doi}"] if reference.doi else []
    where += [f"PMID {reference.pmid}"] if reference.pmid else []
    unsure = " (partly confirmed)" if reference.status == "partly" else ""
    return " ".join([f"[{reference.id}] {reference.citation}", *where]) + unsure
