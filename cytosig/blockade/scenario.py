"""Scenarios: who is blocked or activated, and which forms of which cytokines that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cytosig.signatures import Catalogue, Cytokine
    from cytosig.signatures.model import Action, Form

NOT_IN_A_FORM = "in no ligand or receptor form"
_INCOMPLETE = "completes no form"


@dataclass(frozen=True)
class Part:
    """One intervention.

    Parameters
    ----------
    action
        What it does to its targets.
    genes
        Targets.
    cytokines
        Cytokines that are caught, or given, as a whole.
    listed
        Cytokines in whose files it stands as a drug.
    """

    action: Action
    genes: tuple[str, ...]
    cytokines: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """One thing that is done, or several together; ``members`` names the two of a pair."""

    name: str
    parts: tuple[Part, ...]
    members: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``single`` or ``pair``."""
        return "pair" if self.members else "single"

    @property
    def action(self) -> str:
        """What is done, each action once."""
        return " + ".join(dict.fromkeys(part.action for part in self.parts))

    @property
    def targets(self) -> tuple[str, ...]:
        """Cytokines and genes, each once."""
        return tuple(
            dict.fromkeys(name for part in self.parts for name in (*part.cytokines, *part.genes))
        )


@dataclass(frozen=True)
class Touch:
    """What is done to the forms of one cytokine, by their places in its file.

    ``ligands`` and ``receptors`` are gone; ``engaged`` receptor forms are set off by a drug.
    """

    cytokine: str
    ligands: frozenset[int] = frozenset()
    receptors: frozenset[int] = frozenset()
    engaged: frozenset[int] = frozenset()

    def __or__(self, other: Touch) -> Touch:
        return Touch(
            self.cytokine,
            self.ligands | other.ligands,
            self.receptors | other.receptors,
            self.engaged | other.engaged,
        )

    @property
    def blocks(self) -> bool:
        """Whether any form is gone."""
        return bool(self.ligands or self.receptors)


def pair_of(one: Scenario, other: Scenario, /) -> Scenario:
    """Both at once."""
    parts = tuple(dict.fromkeys((*one.parts, *other.parts)))
    return Scenario(f"{one.name} + {other.name}", parts, (one.name, other.name))


def touches(scenario: Scenario, catalogue: Catalogue, /) -> dict[str, Touch]:
    """What a scenario does to every cytokine it reaches, in the catalogue's order."""
    found: dict[str, Touch] = {}
    for id, cytokine in catalogue.cytokines.items():
        whole = Touch(id)
        for part in scenario.parts:
            whole |= _touch(part, cytokine)
        if whole != Touch(id):
            found[id] = whole
    return found


def _touch(part: Part, cytokine: Cytokine) -> Touch:
    if part.action == "activates":
        return Touch(cytokine.id, engaged=frozenset(_engaged(part, cytokine)))
    genes = set(part.genes)
    return Touch(
        cytokine.id,
        frozenset(
            i
            for i, form in enumerate(cytokine.ligands)
            if cytokine.id in part.cytokines or genes & set(subunits(form))
        ),
        frozenset(i for i, form in enumerate(cytokine.receptors) if genes & set(subunits(form))),
    )


def _engaged(part: Part, cytokine: Cytokine) -> Sequence[int]:
    """Receptor forms that a drug sets off: those all subunits of which it binds.

    A subunit that other cells supply may come with a drug that the cytokine's own file lists. A
    cytokine that is given, or a whole ligand form, sets off all of them.
    """
    genes, every = set(part.genes), range(len(cytokine.receptors))
    if cytokine.id in part.cytokines or any(genes >= {*form.genes} for form in cytokine.ligands):
        return every
    brought = {gene for form in cytokine.receptors for gene in form.supplied}
    bound = genes | (brought if cytokine.id in part.listed else set())
    return [
        i
        for i in every
        if genes & {*cytokine.receptors[i].genes} and bound >= {*subunits(cytokine.receptors[i])}
    ]


def subunits(form: Form, /) -> tuple[str, ...]:
    """All subunits of a form, those that other cells supply included."""
    return (*form.genes, *form.supplied)


def not_modelled(scenario: Scenario, catalogue: Catalogue, /) -> tuple[str, ...]:
    """Targets that are in no form, so that this part of a drug is in no scenario, and why."""
    reached = _reasons(catalogue)
    found: dict[str, None] = {}
    for part in scenario.parts:
        for gene in part.genes:
            alone = Scenario("", (Part(part.action, (gene,)),))
            if part.action == "activates":
                whole = touches(Scenario("", (part,)), catalogue)
                if not _serves(gene, whole, catalogue):
                    found[f"{gene} ({_INCOMPLETE})"] = None
            elif not touches(alone, catalogue):
                found[f"{gene} ({reached.get(gene, NOT_IN_A_FORM)})"] = None
    return tuple(found)


def _serves(gene: str, whole: Mapping[str, Touch], catalogue: Catalogue) -> bool:
    """Whether a gene is a part of what a drug sets off."""
    return any(
        gene in form.genes
        for id in whole
        for form in (*catalogue.cytokines[id].ligands, *catalogue.cytokines[id].receptors)
    )


def _reasons(catalogue: Catalogue) -> dict[str, str]:
    """What genes that only shift a cytokine are to it."""
    words = {
        "decoys": "decoy of",
        "antagonists": "antagonist of",
        "presenters": "presents",
        "activators": "activates",
        "coreceptors": "coreceptor of",
        "feedback": "feedback of",
    }
    found: dict[tuple[str, str], list[str]] = {}
    for id, cytokine in catalogue.cytokines.items():
        for kind, word in words.items():
            for gene in getattr(cytokine.modifiers, kind):
                found.setdefault((gene, word), []).append(id)
    told: dict[str, list[str]] = {}
    for (gene, word), ids in found.items():
        told.setdefault(gene, []).append(f"{word} {', '.join(ids)}")
    return {gene: f"{NOT_IN_A_FORM}; {'; '.join(lines)}" for gene, lines in told.items()}
