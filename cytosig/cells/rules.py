"""What the words of a label say, where the label as a whole is in no table.

The rules, in this order:

1. A label that speaks of doublets, mixtures, low quality or debris, or has a question mark,
   says nothing.
2. The label is cut at ``/ | & ; ,`` and at *and*, *or*, *vs*; each part is read on its own.
3. In a part, phrases of the vocabulary are found from left to right, the longest first. A word
   the vocabulary lacks is tried without its final number, then cut at its capitals.
4. What stands before *like*, *associated*, *infiltrating*, *derived*, *specific*, *adjacent*
   or *zone*, and what stands after *non* or *not*, is taken out; so is the letter in *type B*,
   *cluster T*, *patient B*.
5. Words decide; where there is none, hints do (adjectives, markers, a bare T or B); then vague
   words (immune, lymphocyte), which are unclear; then words for tumours, which say generic.
   Two compartments at the level that decides are unclear. A bare T or B counts where nothing
   but words of the vocabulary stands before it, and no tumour word: ``Tumor B`` is a cluster.
6. Parts must agree, or the label says nothing. A part without any phrase does not count, and
   tumour beside epithelial is epithelial.
"""

from __future__ import annotations

from typing import NamedTuple

from cytosig.cells.tables import Entry, Key, Tables, tables
from cytosig.cells.words import alternatives, pieces, plain, tokens, words

_VETO = frozenset(
    {"doublet", "multiplet", "triplet", "mixed", "mixture", "hybrid", "contaminated",
     "contamination", "contaminant", "debris", "ambient", "ambiguous", "uncertain", "dying",
     "lowquality"}
)  # fmt: skip
_DROPS_BEFORE = frozenset(
    {"like", "associated", "infiltrating", "derived", "specific", "adjacent", "zone"}
)
_DROPS_AFTER = frozenset({"non", "not"})
_LETTERED = frozenset(
    {"type", "subtype", "cluster", "sample", "patient", "donor", "group", "stage", "class", "pt",
     "batch", "program", "state"}
)  # fmt: skip
_LETTERS = (("t",), ("b",))
_TUMOUR, _UNCLEAR = "tumour", "unclear"


class _Unit(NamedTuple):
    """A phrase of the vocabulary, or a word that is in none."""

    key: Key
    entry: Entry | None


def read(label: str, /) -> str | None:
    """Compartment that the words of a label name, None where they name none or several.

    Examples
    --------
    >>> read("tumor-associated macrophages"), read("Cancer epithelial"), read("T/B")
    ('myeloid', 'epithelial', None)
    """
    text = plain(label)
    every = words(text)
    if "?" in label or _VETO & set(every) or ("low" in every and "quality" in every):
        return None
    said = {found for part in alternatives(text) if (found := _read_part(part, tables()))}
    if said == {_TUMOUR, "epithelial"}:
        return "epithelial"
    agreed = {"generic" if found == _TUMOUR else found for found in said}
    only = agreed.pop() if len(agreed) == 1 else _UNCLEAR
    return None if only == _UNCLEAR else only


def says_tumour(label: str, /) -> bool:
    """Whether a word for a tumour stands in the label and is not taken out by its neighbours.

    Examples
    --------
    >>> says_tumour("Malignant cell"), says_tumour("non-malignant"), says_tumour("tumor-like")
    (True, False, False)
    """
    held = tables()
    units = [
        unit
        for part in alternatives(plain(label))
        for unit in _counted(_units(_known_words(part, held), held))
    ]
    return any(unit.entry is not None and unit.entry.match == "tumour" for unit in units)


def _read_part(part: str, held: Tables) -> str | None:
    """What one part says; None where no phrase of the vocabulary is in it."""
    units = _lineage_letters(_counted(_units(_known_words(part, held), held)))
    entries = [unit.entry for unit in units]
    for level in ("word", "hint", "vague", "tumour"):
        named = {entry.compartment for entry in entries if entry is not None and entry[0] == level}
        if named and level == "tumour":
            return _TUMOUR
        if named:
            return named.pop() if len(named) == 1 and level != "vague" else _UNCLEAR
    return None


def _known_words(part: str, held: Tables) -> list[str]:
    """The part's words; those the vocabulary lacks read in another way where that helps."""
    found: list[str] = []
    for word, written in tokens(part):
        ways = [] if word in held.known else pieces(written)
        found.extend(next((way for way in ways if held.known.intersection(way)), [word]))
    return found


def _units(every: list[str], held: Tables) -> list[_Unit]:
    """Phrases from left to right, the longest first, and the words between them."""
    units: list[_Unit] = []
    start = 0
    while start < len(every):
        ends = range(min(start + held.longest, len(every)), start, -1)
        keys = (tuple(every[start:end]) for end in ends)
        key = next((key for key in keys if key in held.vocabulary), (every[start],))
        units.append(_Unit(key, held.vocabulary.get(key)))
        start += len(key)
    return units


def _counted(units: list[_Unit]) -> list[_Unit]:
    """Without what a neighbouring word takes out of account."""
    kept: list[_Unit] = []
    before = ""
    for unit in units:
        word = unit.key[0] if len(unit.key) == 1 else ""
        if word in _DROPS_BEFORE and kept:
            kept.pop()
        elif not (before in _DROPS_AFTER or (before in _LETTERED and unit.key in _LETTERS)):
            kept.append(unit)
        before = word
    return kept


def _lineage_letters(units: list[_Unit]) -> list[_Unit]:
    """Without the T or B that names a cluster, not a lineage."""
    kept: list[_Unit] = []
    for unit in units:
        known = all(u.entry is not None and u.entry.match != "tumour" for u in kept)
        if unit.key not in _LETTERS or known:
            kept.append(unit)
    return kept
