"""From gene symbols to the columns that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from cytosig.genes import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cytosig.genes.tables import Organism, Synonyms

_ENSEMBL = re.compile(r"(ENS[A-Z]*G\d{6,})(?:\.\d+)?\Z", re.IGNORECASE)
MISSING = "missing"


@dataclass(frozen=True)
class GeneMap:
    """Where each asked-for gene stands in the data.

    Parameters
    ----------
    genes
        Human symbols as asked for.
    columns
        Columns of the data that hold each gene: none, one, or several (duplicates).
    how
        ``exact``, ``case``, ``previous symbol``, ``alias``, ``Ensembl id``,
        ``ortholog`` or ``missing``.
    found_as
        The name in the data, empty when missing.
    """

    genes: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    how: tuple[str, ...]
    found_as: tuple[str, ...]

    @property
    def n_found(self) -> int:
        """Genes with at least one column."""
        return sum(1 for columns in self.columns if columns)

    @property
    def duplicates(self) -> dict[str, tuple[int, ...]]:
        """Genes that several columns claim equally."""
        pairs = zip(self.genes, self.columns, strict=True)
        return {gene: columns for gene, columns in pairs if len(columns) > 1}


class _Names:
    """The data's gene names, indexed as spelt and, when first needed, regardless of spelling."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = [label.strip() for label in labels]
        self._exact = _index(self.labels)
        self._loose: Mapping[str, tuple[int, ...]] | None = None

    def exact(self, name: str) -> tuple[int, ...]:
        return self._exact.get(name, ())

    def loose(self, name: str) -> tuple[int, ...]:
        """Case aside, with R's dots read as hyphens and Ensembl versions dropped."""
        if self._loose is None:
            self._loose = _index([_loosen(label) for label in self.labels])
        return self._loose.get(_loosen(name), ())


def _index(labels: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """Columns by name, ascending."""
    found: dict[str, tuple[int, ...]] = dict(zip(labels, zip(count()), strict=False))
    if len(found) == len(labels):
        return found
    every: dict[str, list[int]] = {}
    for column, label in enumerate(labels):
        every.setdefault(label, []).append(column)
    return {label: tuple(columns) for label, columns in every.items()}


def _loosen(name: str) -> str:
    if name[:3].upper() == "ENS" and (match := _ENSEMBL.match(name)):
        return match.group(1).casefold()
    return name.replace(".", "-").casefold()


def resolve(
    labels: Sequence[str], genes: Sequence[str], /, *, organism: Organism = "human"
) -> GeneMap:
    """Find the columns that hold ``genes``.

    An exact match wins; then the same name in other case (or with R's dots for
    hyphens), then the approved, previous and alias symbols of the same gene, then its
    Ensembl id with or without version. Mouse names are matched through one-to-one
    orthologs only. Within the first kind that matches, every matching column is kept.

    Parameters
    ----------
    labels
        Gene names of the data, one a column.
    genes
        Human symbols to find.
    organism
        Whose names ``labels`` are.

    Examples
    --------
    >>> found = resolve(["IL8", "STAT1"], ["CXCL8", "STAT1", "IL6"])
    >>> found.columns, found.how
    (((0,), (1,), ()), ('previous symbol', 'exact', 'missing'))
    """
    names = _Names(labels)
    hits = [_find(names, gene, organism) for gene in genes]
    return GeneMap(
        tuple(genes),
        tuple(columns for columns, _ in hits),
        tuple(how for _, how in hits),
        tuple(names.labels[columns[0]] if columns else "" for columns, _ in hits),
    )


def _find(names: _Names, gene: str, organism: Organism) -> tuple[tuple[int, ...], str]:
    if organism == "human" and (columns := names.exact(gene)):
        return columns, "exact"
    for name, how in _candidates(gene, organism):
        columns = names.exact(name) or names.loose(name)
        if columns:
            exact = names.labels[columns[0]] == name
            return columns, "case" if how == "exact" and not exact else how
    return (), MISSING


def _candidates(gene: str, organism: Organism) -> Iterator[tuple[str, str]]:
    """Names to try, best first, each with what a match would be called."""
    if organism == "mouse":
        entry = tables.mouse().get(_approved(gene))
        return _names_of(entry, "ortholog") if entry else iter(())
    return _human_names(gene)


def _human_names(gene: str) -> Iterator[tuple[str, str]]:
    yield gene, "exact"
    approved = _approved(gene)
    entry = tables.human().get(approved)
    if entry is None:
        return
    if approved != gene:
        yield approved, "approved symbol"
    yield from _names_of(entry, "approved symbol")


def _names_of(entry: Synonyms, own: str) -> Iterator[tuple[str, str]]:
    yield entry.symbol, own
    for name in entry.previous:
        yield name, "previous symbol"
    for name in entry.ensembl:
        yield name, "Ensembl id" if own != "ortholog" else own
    for name in entry.aliases:
        yield name, "alias" if own != "ortholog" else own


def approved_names(labels: Sequence[str], organism: Organism, /) -> list[str]:
    """Today's human symbol of every label, the label itself where none is known.

    Examples
    --------
    >>> approved_names(["WARS", "ENSG00000115415.20", "FOO"], "human")
    ['WARS1', 'STAT1', 'FOO']
    """
    known = tables.symbol_by_any_name(organism)
    return [
        label
        if organism == "human" and label in tables.human()
        else known.get(_loosen(label), label)
        for label in (label.strip() for label in labels)
    ]


def _approved(gene: str) -> str:
    """Today's approved symbol for a signature's gene name, the name itself if unknown."""
    if gene in tables.human():
        return gene
    return tables.approved_by_old_name().get(gene, gene)
