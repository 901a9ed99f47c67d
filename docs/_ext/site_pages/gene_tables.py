"""Response genes as HTML tables: Markdown tables of this size would take the build minutes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cytosig.signatures import Signature
    from cytosig.signatures.model import ResponseGene


def gene_table(signature: Signature, /) -> str:
    """Genes of one list with weights and what stands behind each, raised ones first."""
    order = sorted(signature.genes, key=lambda gene: (gene.weight < 0, -abs(gene.weight)))
    head = ("gene", "weight", "tier", "studies for", "against", "support")
    return _table(head, (_gene(gene) for gene in order), "genes")


def _gene(gene: ResponseGene) -> Sequence[str]:
    support = ", ".join(gene.support)
    studies = (str(gene.studies_for or ""), str(gene.studies_against or ""))
    return (_name(gene.gene), weight(gene.weight), gene.tier, *studies, escape(support))


def compartment_table(lists: Mapping[str, Signature], /) -> str:
    """Weights of every gene in each list, blank where a list does not name it.

    Parameters
    ----------
    lists
        The generic list first, then those of compartments, by name.
    """
    names = dict.fromkeys(gene for kept in lists.values() for gene in kept.weights)
    largest = {
        g: max((kept.weights.get(g, 0.0) for kept in lists.values()), key=abs) for g in names
    }
    order = sorted(names, key=lambda gene: (largest[gene] < 0, -abs(largest[gene]), gene))
    rows = (
        (_name(gene), *(_cell(kept.weights.get(gene)) for kept in lists.values())) for gene in order
    )
    return _table(("gene", *lists), rows, "genes compartments")


def folded(title: str, html: str, /) -> str:
    """What opens at a click."""
    return f"<details><summary>{escape(title)}</summary>\n{html}\n</details>"


def raw(html: str, /) -> str:
    """HTML as a directive of the page."""
    return f"```{{raw}} html\n{html}\n```"


def weight(value: float, /) -> str:
    """Signed number with a true minus sign.

    >>> weight(-0.5), weight(1.0)
    ('−0.50', '+1.00')
    """
    return f"{value:+.2f}".replace("-", "−")


def _cell(value: float | None) -> str:
    return "" if value is None else weight(value)


def _name(gene: str) -> str:
    return f"<code>{escape(gene)}</code>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    first = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table class="table {kind}"><thead><tr>{first}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )
