"""References, numbered in the order in which sentences cite them."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

from cytosig.report._parts import Reference
from cytosig.report._words import read

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

_NEAR = 10  # times fewer genes, and a publication is not named


class Citations:
    """Gives each publication its number."""

    def __init__(self) -> None:
        self._found: dict[Reference, int] = {}

    def mark(self, *references: Reference) -> str:
        """The numbers to stand behind a sentence: ``" [1, 3]"``."""
        numbers = [self._found.setdefault(one, len(self._found) + 1) for one in references]
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    @property
    def items(self) -> tuple[Reference, ...]:
        """All that were cited, in the order of their numbers."""
        return tuple(self._found)


def statistics(id: str, /) -> Reference:
    """A publication behind a statistic."""
    return _of_statistics()[id]


@cache
def _of_statistics() -> dict[str, Reference]:
    known = tomllib.loads(read("references.toml"))
    return {id: Reference(entry["citation"], entry["doi"]) for id, entry in known.items()}


def package() -> Reference:
    """The package itself, as its metadata have it."""
    from importlib.metadata import metadata, version

    found = metadata("cytosig-toolkit")
    author = found["Author"] or "The cytosig developers"
    return Reference(f"{author}. cytosig, version {version('cytosig-toolkit')}: {found['Summary']}")


def method(name: str, /) -> Reference | None:
    """What a scoring method asks to be cited for; None for one of this package's own."""
    from cytosig.methods import available

    known = available().get(name)
    if known is None or known.reference.startswith("this package"):
        return None
    return Reference(known.reference)


def catalogue(digest: object, /) -> Catalogue | None:
    """The curated catalogue, if a run with that digest used it."""
    from cytosig.signatures import load

    found = load()
    return found if digest == found.digest else None


def behind_signatures(known: Catalogue, /) -> list[Reference]:
    """Publications that response genes rest on: the one behind most, and those near it."""
    from collections import Counter

    genes = [gene for signature in known.signatures.values() for gene in signature.genes]
    counts = Counter(id for gene in genes for id in set(gene.support) if id in known.references)
    least = max(counts.values(), default=0) / _NEAR
    order = sorted((id for id in counts if counts[id] >= least), key=lambda id: (-counts[id], id))
    return [Reference(known.references[id].citation, known.references[id].doi) for id in order]


def behind_role(known: Catalogue, cytokine: str, /) -> list[Reference]:
    """Publications that the role of a cytokine rests on."""
    found = known.cytokines.get(cytokine)
    ids = found.role.references if found is not None else ()
    listed = [known.references[id] for id in ids if id in known.references]
    return [Reference(one.citation, one.doi) for one in listed]
