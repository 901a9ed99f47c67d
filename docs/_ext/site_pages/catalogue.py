"""Pages of the catalogue: an index, one page a cytokine, and lists by family and by role."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from site_pages.cytokine import KINDS, cytokine_page, grade, role
from site_pages.knowledge import shipped
from site_pages.markdown import FORMAT, anchor, link, page, plain, put, section, table, toctree
from site_pages.records import axes_page, network_page, references_page, rules_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cytosig.signatures import Cytokine
    from site_pages.knowledge import Knowledge

_HEAD = ("cytokine", "name", "family", "axis", "role", "confidence", "grade")
_WAYS = {
    "by_family": "By family",
    "by_role": "By role",
    "axes": "By response axis",
    "context_rules": "Context rules",
    "network": "Network",
    "references": "References",
}


def write(folder: Path, /) -> list[Path]:
    """Write all pages of the catalogue."""
    known = shipped()
    pages = {
        "index": _index(known),
        "by_family": _by_family(known),
        "by_role": _by_role(known),
        "axes": axes_page(known),
        "context_rules": rules_page(known),
        "network": network_page(known),
        "references": references_page(known),
        **{id: cytokine_page(one, known) for id, one in known.catalogue.cytokines.items()},
    }
    return [put(folder / f"{name}.md", text) for name, text in pages.items()]


def _index(known: Knowledge) -> str:
    cytokines = known.catalogue.cytokines
    return page(
        "The curated catalogue",
        f"{len(cytokines)} cytokines, made from the files of `signatures/`:"
        f" {len(known.catalogue)} have response genes, and so a score; of the others ligand and"
        " receptor are read. A role runs from −1 (for the tumour) to +1 (against it) and is an"
        " expert's prior, not an estimate; a grade, A to D, says how well experiments support the"
        f" list of response genes. {link('The format', FORMAT)} says what every field means.",
        "Other ways in: "
        + ", ".join(link(title.lower(), f"{name}.md") for name, title in _WAYS.items())
        + ".",
        _table(cytokines.values(), known),
        toctree([*(f"{title} <{name}>" for name, title in _WAYS.items())]),
        toctree([f"{id} <{id}>" for id in cytokines]),
    )


def _table(cytokines: Iterable[Cytokine], known: Knowledge) -> str:
    return table(_HEAD, (_row(one, known) for one in cytokines))


def _row(one: Cytokine, known: Knowledge) -> Sequence[str]:
    axis = known.axis_of(one.id)
    return (
        link(one.id, f"{one.id}.md"),
        plain(one.name),
        plain(one.family),
        link(plain(axis.id), f"#axis-{anchor(axis.id)}") if axis else "–",
        role(one),
        one.role.confidence,
        grade(one, known),
    )


def _by_family(known: Knowledge) -> str:
    families: dict[str, list[Cytokine]] = defaultdict(list)
    for one in known.catalogue.cytokines.values():
        families[one.family].append(one)
    order = sorted(families, key=lambda name: (name == "other", name.casefold()))
    return page(
        "Cytokines by family", *(section(plain(f), _table(families[f], known)) for f in order)
    )


def _by_role(known: Knowledge) -> str:
    cytokines = sorted(known.catalogue.cytokines.values(), key=lambda one: -one.role.value)
    parts = (
        section(
            f"{text.capitalize()} ({kind})",
            _table([one for one in cytokines if one.role.kind == kind], known),
        )
        for kind, text in KINDS.items()
    )
    return page(
        "Cytokines by role",
        "From the one that works hardest against an established tumour to the one that works"
        " hardest for it. Two experts would differ by 0.2 without either being wrong; what turns a"
        f" role is in the {link('context rules', 'context_rules.md')}.",
        *parts,
    )
