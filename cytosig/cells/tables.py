"""The tables of cell types that ship with the package, read when first needed."""

from __future__ import annotations

import csv
import gzip
import io
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple

from cytosig.cells.words import plain, words

if TYPE_CHECKING:
    from collections.abc import Mapping

Match = Literal["word", "hint", "vague", "tumour", "state"]
Key = tuple[str, ...]


class Entry(NamedTuple):
    """What one phrase of the vocabulary says."""

    match: Match
    compartment: str


class Tables(NamedTuple):
    """Everything that is looked up.

    Parameters
    ----------
    by_id
        Compartment by Cell Ontology id.
    by_name
        Compartment by the words of a whole label.
    vocabulary
        What a phrase inside a label says.
    known
        Every word of the vocabulary's phrases.
    longest
        Words in its longest phrase.
    """

    by_id: Mapping[str, str]
    by_name: Mapping[Key, str]
    vocabulary: Mapping[Key, Entry]
    known: frozenset[str]
    longest: int


def key_of(name: str, /) -> Key:
    """Words of a name, to look it up by.

    Examples
    --------
    >>> key_of("CD8-positive, alpha-beta T cells")
    ('cd8', 'alpha', 'beta', 'tcell')
    """
    return tuple(words(plain(name)))


@cache
def tables() -> Tables:
    """Both tables, the curated one before the ontology where they name the same."""
    by_id, by_name = _ontology()
    vocabulary: dict[Key, Entry] = {}
    for row in _rows("cell_types.tsv"):
        compartment, match = row["compartment"], row["match"]
        if row["ontology_id"] and compartment:
            by_id[row["ontology_id"]] = compartment
        for key in map(key_of, row["names"].split("|")):
            if compartment:
                by_name[key] = compartment
            if match != "name":
                vocabulary[key] = Entry(match, compartment)  # type: ignore[arg-type]
    known = frozenset(word for key in vocabulary for word in key)
    return Tables(by_id, by_name, vocabulary, known, max(map(len, vocabulary)))


def _ontology() -> tuple[dict[str, str], dict[Key, str]]:
    """Compartments of the ontology's terms; names that two compartments share are left out."""
    by_id: dict[str, str] = {}
    by_name: dict[Key, set[str]] = {}
    for row in _rows("cell_ontology.tsv.gz"):
        by_id[row["ontology_id"]] = row["compartment"]
        by_name.setdefault(key_of(row["name"]), set()).add(row["compartment"])
    return by_id, {key: found.pop() for key, found in by_name.items() if key and len(found) == 1}


def _rows(name: str) -> list[dict[str, str]]:
    held = (files("cytosig.cells") / "data" / name).read_bytes()
    if name.endswith(".gz"):
        held = gzip.decompress(held)
    return list(csv.DictReader(io.StringIO(held.decode("utf-8")), delimiter="\t"))
