"""Everything ``signatures/`` holds, as one record, and who cites or concerns whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from cytosig.signatures import context, load, network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cytosig.signatures import Axis, Catalogue, ContextRule, Cytokine, Edge, Programme
    from cytosig.signatures.detection import Column
    from cytosig.signatures.model import Reference


@dataclass(frozen=True)
class Knowledge:
    """The catalogue, the rules and edges about it, and all publications they cite."""

    catalogue: Catalogue
    rules: tuple[ContextRule, ...]
    edges: tuple[Edge, ...]
    programmes: Mapping[str, Programme]
    columns: Mapping[str, Column]
    references: Mapping[str, Reference]

    def axis_of(self, id: str, /) -> Axis | None:
        """Axis a cytokine belongs to."""
        return next((axis for axis in self.catalogue.axes.values() if id in axis.members), None)

    def rules_of(self, id: str, /) -> list[ContextRule]:
        """Rules about the role of a cytokine."""
        return [rule for rule in self.rules if rule.cytokine == id]

    def edges_of(self, id: str, /) -> list[Edge]:
        """Edges out of and into a cytokine or programme."""
        return [edge for edge in self.edges if id in (edge.source, edge.target)]

    @cached_property
    def cited_by(self) -> Mapping[str, list[str]]:
        """Ids of cytokines, rules, programmes and edges by the publication they cite."""
        found: dict[str, list[str]] = defaultdict(list)
        for id, references in self._citing():
            for reference in dict.fromkeys(references):
                found[reference].append(id)
        return dict(found)

    def _citing(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for id, cytokine in self.catalogue.cytokines.items():
            yield id, cited(cytokine, self)
        for rule in self.rules:
            yield rule.id, rule.references
        for programme in self.programmes.values():
            yield programme.id, programme.references
        for edge in self.edges:
            yield edge.id, edge.references


def cited(cytokine: Cytokine, known: Knowledge, /) -> tuple[str, ...]:
    """Publications behind the role, the drugs and the response genes of a cytokine."""
    drugs = (id for drug in cytokine.drugs for id in drug.references)
    lists = [known.catalogue.signatures.get(cytokine.id)]
    lists += [kept.get(cytokine.id) for kept in known.catalogue.variants.values()]
    support = (
        label for kept in lists if kept for gene in kept.genes for label in gene.support
        if label in known.references
    )  # fmt: skip
    return tuple(dict.fromkeys((*cytokine.role.references, *drugs, *support)))


@cache
def shipped() -> Knowledge:
    """What ships with the package."""
    rules, edges = context.shipped(), network.shipped()
    return Knowledge(
        load(), rules.rules, edges.edges, rules.programmes, rules.columns, edges.references
    )
