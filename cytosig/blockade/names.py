"""From names that people write to scenarios: drugs, cytokines, genes, and what they define."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, get_args

from cytosig._errors import UsageError
from cytosig._log import logger
from cytosig.blockade.scenario import Part, Scenario, pair_of, subunits
from cytosig.genes.tables import symbol_by_any_name
from cytosig.signatures.model import Action
from cytosig.signatures.names import normalise

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

    Definition = Mapping[str, object] | Sequence[str] | str
    Targets = str | Mapping[str, Definition] | Sequence[str | Mapping[str, Definition]]

ALL = "all"
"""Every drug of the catalogue."""
ACTIONS: tuple[Action, ...] = get_args(Action)
_KEYS = ("targets", "action")


def read_targets(
    asked: Targets, catalogue: Catalogue, /, *, pairs: bool = False
) -> tuple[Scenario, ...]:
    """Scenarios in the order they are named, the same one twice counted once; then their pairs.

    Raises
    ------
    UsageError
        When a name fits nothing, two scenarios have one name, a definition is none, or there are
        no two scenarios to pair.

    Examples
    --------
    >>> from cytosig.signatures import load
    >>> [one.name for one in read_targets(["IL-6", "Tocilizumab", "il4r"], load())]
    ['IL6', 'tocilizumab', 'IL4R']
    """
    singles = _singles(asked, Names(catalogue))
    if not pairs:
        return singles
    if len(singles) < 2:
        raise UsageError(f"pairs=True needs two scenarios or more; targets names {len(singles)}.")
    found = (*singles, *(pair_of(one, other) for one, other in combinations(singles, 2)))
    names: set[str] = set()
    for one in found:
        if one.name in names:
            raise _same_name(one.name)
        names.add(one.name)
    return found


def _singles(asked: object, names: Names) -> tuple[Scenario, ...]:
    if isinstance(asked, str) and normalise(asked) == ALL:
        return tuple(names.drug(name) for name in names.drugs)
    entries = [asked] if isinstance(asked, str | Mapping) else asked
    if not isinstance(entries, Iterable):
        raise UsageError(
            f"targets={asked!r}: expected 'all', a name, a list of names, or a dict of definitions."
        )
    found: dict[str, Scenario] = {}
    for entry in entries:
        for one in _scenarios(entry, names):
            if found.setdefault(one.name, one) != one:
                raise _same_name(one.name)
    if not found:
        raise UsageError("targets: nothing is named; expected at least one drug, gene or cytokine.")
    return tuple(found.values())


def _same_name(name: str) -> UsageError:
    return UsageError(f"targets: two scenarios are called {name!r}; rename one.")


def _scenarios(entry: object, names: Names) -> list[Scenario]:
    if isinstance(entry, str):
        return [names.scenario(entry)]
    if isinstance(entry, Mapping):
        return [_defined(name, what, names) for name, what in entry.items()]
    raise UsageError(f"targets holds {entry!r}; expected names, or dicts of definitions.")


def _defined(name: object, what: object, names: Names) -> Scenario:
    """A scenario of the user's: ``{"targets": [...], "action": "blocks"}``, or its targets."""
    if not isinstance(name, str) or not name.strip() or "/" in name:
        raise UsageError(
            f"targets: a scenario is called {name!r}; expected a name without '/', which h5ad"
            " files cannot hold in column names."
        )
    held = what if isinstance(what, Mapping) else {"targets": what}
    extra = [key for key in held if key not in _KEYS]
    if extra or "targets" not in held:
        raise UsageError(
            f"targets: {name!r} has the keys {', '.join(map(repr, held))}; expected 'targets' and,"
            " where it does not block, 'action'."
        )
    action = held.get("action", "blocks")
    if action not in ACTIONS:
        raise UsageError(
            f"targets: the action of {name!r} is {action!r}; expected {', '.join(ACTIONS)}."
        )
    genes, cytokines = names.members(_listed(held["targets"], name), name)
    return Scenario(name.strip(), (Part(action, genes, cytokines),))


def _listed(targets: object, name: str) -> list[str]:
    found = [targets] if isinstance(targets, str) else targets
    texts = list(found) if isinstance(found, Iterable) and not isinstance(found, Mapping) else []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f"targets: {name!r} has the targets {targets!r}; expected genes or cytokines in a list."
        )
    return texts


class Names:
    """What can be named: drugs, cytokines and genes of a catalogue.

    Case, blanks, hyphens and the spelling of Greek letters do not count. Of a name that is
    several things the first counts: drug, cytokine, gene of the catalogue, other name of a
    cytokine, other human gene.
    """

    def __init__(self, catalogue: Catalogue, /) -> None:
        self._catalogue = catalogue
        known = catalogue.cytokines
        self.drugs = tuple(dict.fromkeys(d.name for c in known.values() for d in c.drugs))
        self._drug = {normalise(name): name for name in self.drugs}
        self._cytokine = {normalise(id): id for id in known}
        genes = {g for c in known.values() for f in (*c.ligands, *c.receptors) for g in subunits(f)}
        genes |= {gene for c in known.values() for drug in c.drugs for gene in drug.targets}
        genes |= {g for c in known.values() for group in astuple(c.modifiers) for g in group}
        self._gene = {normalise(gene): gene for gene in sorted(genes)}

    def scenario(self, name: str, /) -> Scenario:
        """A drug; a cytokine, all ligand forms of which are caught; or a gene that is blocked."""
        key = normalise(name)
        if key in self._drug:
            return self.drug(self._drug[key])
        id = self._cytokine.get(key) or (None if key in self._gene else self._other_id(name))
        if id is not None:
            return Scenario(id, (Part("blocks", (), (id,)),))
        gene = self._any_gene(name)
        if gene is None:
            raise self._unknown(name, "drug, gene or cytokine", self._drug)
        return Scenario(gene, (Part("blocks", (gene,)),))

    def drug(self, name: str, /) -> Scenario:
        """A drug of the catalogue, with its targets in all files that list it."""
        genes: dict[Action, dict[str, None]] = {}
        listed: dict[Action, list[str]] = {}
        for id, cytokine in self._catalogue.cytokines.items():
            for drug in cytokine.drugs:
                if drug.name == name:
                    genes.setdefault(drug.action, {}).update(dict.fromkeys(drug.targets))
                    listed.setdefault(drug.action, []).append(id)
        parts = (Part(action, tuple(genes[action]), (), tuple(listed[action])) for action in genes)
        return Scenario(name, tuple(parts))

    def members(
        self, names: Sequence[str], scenario: str, /
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Genes and cytokines of a definition; a name that is both is the gene."""
        genes: dict[str, None] = {}
        cytokines: dict[str, None] = {}
        for name in names:
            key = normalise(name)
            id = self._cytokine.get(key) or self._other_id(name)
            if key in self._gene or id is None:
                gene = self._any_gene(name)
                if gene is None:
                    raise self._unknown(name, f"gene or cytokine ({scenario!r})", {})
                genes[gene] = None
            else:
                cytokines[id] = None
        return tuple(genes), tuple(cytokines)

    def _other_id(self, name: str) -> str | None:
        """Cytokine by another of its names."""
        if name not in self._catalogue:
            return None
        id = self._catalogue.resolve(name)
        return id if id in self._catalogue.cytokines else None

    def _any_gene(self, name: str) -> str | None:
        """Symbol of a gene, of the catalogue or not."""
        known = self._gene.get(normalise(name))
        if known is not None:
            return known
        symbol = symbol_by_any_name("human").get(name.strip().casefold())
        if symbol is not None and symbol.casefold() != name.strip().casefold():
            logger.info("%s is read as the gene %s.", name, symbol)
        return symbol

    def _unknown(self, name: str, what: str, drugs: Mapping[str, str]) -> UsageError:
        every = {**self._gene, **self._cytokine, **drugs}
        near = [every[key] for key in get_close_matches(normalise(name), every, n=3, cutoff=0.6)]
        hint = f" Near: {', '.join(dict.fromkeys(near))}." if near else ""
        return UsageError(f"targets: no {what} is called {name!r}.{hint}")
