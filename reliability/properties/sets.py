"""Signatures as people bring them: weights of any size, genes nobody measured, sets twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from cytosig import methods
from cytosig.signatures import Axis, Catalogue
from reliability.properties import names

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    Weights = dict[str, dict[str, float]]

USUAL = (1.0, 0.7, 0.5, -0.5, -1.0)


def weights() -> SearchStrategy[float]:
    """What a weight may be: 1e-9 to 1e9, of either sign; mostly what people write."""
    size = st.floats(1e-9, 1e9)
    return st.one_of(st.sampled_from(USUAL), size, size.map(lambda w: -w))


@st.composite
def sound_sets(draw: DrawFn, *, least: int = 2, usual: bool = True) -> Weights:
    """Two to four signatures of five to twelve known genes that share some."""
    wanted = names.known_genes()[:36]
    weight = st.sampled_from(USUAL) if usual else weights()
    found = {}
    for k in range(draw(st.integers(least, 4))):
        chosen = draw(st.lists(st.sampled_from(wanted), min_size=5, max_size=12, unique=True))
        found[f"SET{k}"] = {gene: draw(weight) for gene in chosen}
    return found


@st.composite
def any_sets(draw: DrawFn) -> Weights:
    """Signatures of one gene or of many, of genes that are not there, under odd names."""
    found = draw(sound_sets(least=1, usual=draw(st.booleans())))
    more = draw(
        st.sampled_from(("nothing", "one gene", "elsewhere", "twin", "odd name", "odd gene"))
    )
    if more == "one gene":
        found["ONE"] = {draw(st.sampled_from(names.known_genes())): draw(weights())}
    elif more == "elsewhere":
        found["GONE"] = {f"NOPE{i}": 1.0 for i in range(6)}
    elif more == "twin":
        found["TWIN"] = dict(found["SET0"])
    elif more == "odd name":
        found[draw(names.odd())] = dict(found["SET0"])
    elif more == "odd gene":
        found["SET0"][draw(names.odd())] = draw(weights())
    return found


@st.composite
def with_axes(draw: DrawFn, sets: Weights) -> Catalogue:
    """The signatures as a catalogue whose first two may share a response axis."""
    catalogue = Catalogue.from_dict(sets)
    if len(sets) < 2 or not draw(st.booleans()):
        return catalogue
    first, second, *rest = sets
    axes = {"PAIR": Axis("PAIR", "the first two", (first, second))}
    axes |= {f"OF_{id}": Axis(f"OF_{id}", "alone", (id,)) for id in rest}
    return Catalogue(dict(catalogue.signatures), axes=axes)


def catalogues() -> SearchStrategy[Catalogue]:
    """Sound signatures with or without axes."""
    return sound_sets().flatmap(with_axes)


@dataclass(frozen=True)
class Kind:
    """A method, and the peer it follows."""

    method: methods.Method
    peer: str | None = None

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(f"{self.method.name} as {self.peer}" if self.peer else self.method.name)

    @property
    def options(self) -> dict[str, Any]:
        """What it is asked for by, without many shuffles."""
        slow = {"settings": {"gsea": {"permutations": 100}}} if self.method.name == "gsea" else {}
        return {"method": self.method.name, "compat": self.peer, "n_jobs": 1, **slow}

    @property
    def by_order(self) -> bool:
        """As that peer has it, the order of the genes decides."""
        return self.peer in getattr(self.method, "ordinal", ()) or self.peer == "scanpy"

    @property
    def by_company(self) -> bool:
        """It compares observations, so that a stored reference cannot take the others' place."""
        compares = isinstance(self.method, methods.WholeMethod) and self.method.fewest > 1
        joins = isinstance(self.method, methods.ConsensusMethod)
        return compares or joins or self.peer == "decoupler"

    @property
    def linear(self) -> bool:
        """It has estimates and p-values."""
        return isinstance(self.method, methods.LinearMethod)


KINDS = [
    Kind(method, peer)
    for method in methods.available().values()
    for peer in (None, *sorted(method.compat))
]


def kinds(
    *, linear: bool | None = None, by_order: bool | None = None, by_company: bool | None = None
) -> SearchStrategy[Kind]:
    """Every method, by its definition and as each of its peers has it; of a sort, where asked."""

    def wanted(kind: Kind) -> bool:
        sorts = ((linear, kind.linear), (by_order, kind.by_order), (by_company, kind.by_company))
        return all(asked in (None, is_so) for asked, is_so in sorts)

    return st.sampled_from([kind for kind in KINDS if wanted(kind)])
