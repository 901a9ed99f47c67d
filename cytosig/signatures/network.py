"""The signed network: which cytokine raises or lowers which, and what it does to programmes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from cytosig.signatures import context
from cytosig.signatures._strict import Document, Table
from cytosig.signatures.load import folder, load
from cytosig.signatures.programmes import Known, take_references, within

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from cytosig.signatures.catalogue import Catalogue
    from cytosig.signatures.context import Context
    from cytosig.signatures.model import Reference
    from cytosig.signatures.programmes import Evidence

MAX_GAIN = 0.5
"""A gain above this would let one edge outweigh what was measured at its target."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A source that raises (+1) or lowers (-1) a target.

    Parameters
    ----------
    source, target
        Ids of cytokines or programmes.
    sign
        +1 or -1.
    gain
        Share of the source's value that reaches the target; declared, not fitted.
    grade
        How good the evidence is.
    reason
        What is known, in one line.
    references
        Publications by id; empty where none was found to say so.
    gain_reason
        Why the gain is not that of the file; empty where it is.
    rule
        Context rule that tells the same; where it holds, the edge is silent.
    """

    source: str
    target: str
    sign: Literal[-1, 1]
    gain: float
    grade: Evidence
    reason: str
    references: tuple[str, ...] = ()
    gain_reason: str = ""
    rule: str = ""

    @property
    def id(self) -> str:
        """``source->target`` or ``source-|target``."""
        return f"{self.source}{'->' if self.sign > 0 else '-|'}{self.target}"


@dataclass(frozen=True, slots=True)
class Network:
    """Everything ``network.toml`` holds, with the publications its edges may cite."""

    edges: tuple[Edge, ...]
    references: Mapping[str, Reference]


def load_network() -> tuple[Edge, ...]:
    """The signed edges that ship with the package, in file order.

    Returns
    -------
    Frozen records, read once a process.

    Examples
    --------
    >>> edges = {edge.id: edge for edge in load_network()}
    >>> edges["IL12->IFNG"].gain, edges["il18bp-|IL18"].sign
    (0.2, -1)
    """
    return shipped().edges


@cache
def shipped() -> Network:
    """All of the shipped ``network.toml``."""
    return read_network(folder() / "network.toml", load(), context.shipped())


def read_network(path: Path, catalogue: Catalogue, rules: Context, /) -> Network:
    """Read and check a file of edges.

    Parameters
    ----------
    path
        A file in the form signatures/README.md describes.
    catalogue
        Whose cytokines the edges may name.
    rules
        Whose programmes and publications the edges may name.

    Raises
    ------
    SignatureError
        With file, line and edge, for anything that is not as signatures/README.md says.
    """
    table = Table(Document.read(path), {})
    table.data = table.doc.data
    references = take_references(table, rules.references)
    known = Known(catalogue, rules.programmes, references)
    ids = {rule.id for rule in rules.rules}
    usual = _gain(table)
    edges: dict[tuple[str, str], Edge] = {}
    for entry in table.tables("edge"):
        with within(f"edge {entry.data.get('source', '?')} to {entry.data.get('target', '?')}"):
            edge = _edge(entry, usual, known, ids)
            if (edge.source, edge.target) in edges:
                entry.fail("this pair of source and target is there twice; keep one.")
        edges[edge.source, edge.target] = edge
    if not edges:
        table.fail("no [[edge]] table; expected at least one.")
    table.close()
    return Network(tuple(edges.values()), references)


def _edge(entry: Table, usual: float, known: Known, ids: Collection[str]) -> Edge:
    source, target = known.node(entry, "source"), known.node(entry, "target")
    if source == target:
        entry.fail(f"{source} acts on itself; expected two nodes.", key="target")
    own = "gain" in entry.data
    gain_reason = entry.text("gain_reason", required=own)
    if gain_reason and not own:
        entry.fail("gain_reason without a gain; write both or neither.", key="gain_reason")
    references = known.cited(entry)
    edge = Edge(
        source=source,
        target=target,
        sign=_sign(entry),
        gain=_gain(entry) if own else usual,
        grade=known.evidence(entry, references),
        reason=entry.text("reason"),
        references=references,
        gain_reason=gain_reason,
        rule=entry.choice("rule", ids, required=False) or "",
    )
    entry.taken.add("gain")
    entry.close()
    return edge


def _gain(table: Table) -> float:
    gain = table.number("gain", low=0, high=MAX_GAIN)
    if gain == 0:
        table.fail(f"gain = 0: expected above 0 and at most {MAX_GAIN:g}.", key="gain")
    return gain


def _sign(entry: Table) -> Literal[-1, 1]:
    sign = entry.number("sign", low=-1, high=1)
    if sign == 1:
        return 1
    if sign == -1:
        return -1
    entry.fail(f"sign = {sign:g}: expected 1 or -1.", key="sign")
