"""How a program can tell that a context rule holds: tests of data and of the user's columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from cytosig.signatures.model import COMPARTMENTS
from cytosig.signatures.programmes import within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cytosig.signatures._strict import Table
    from cytosig.signatures.programmes import Known

DetectionKind = Literal["data", "metadata", "none"]
ColumnType = Literal["word", "words", "number", "genotype"]

CELLS: tuple[str, ...] = (*COMPARTMENTS, "malignant")
"""Cells a test of data may be confined to: the compartments, and cells marked as malignant."""
MIN_REFERENCE = 20
"""Samples a reference needs; with fewer, no test of data is decided."""
MIN_CELLS = 10
"""Cells of the named compartments a sample needs; with fewer, the test is undecided."""
MIN_SHARE = 0.5
"""Share of the genes of a programme that must be measured; with less, the test is undecided."""

GENOTYPE = re.compile(r"[A-Z][A-Za-z0-9-]*:(loss|activating)\Z")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of metadata that rules ask for, and what it may hold.

    ``word``: one of ``values``. ``words``: any number of them, separated by ``;``. ``number``: in
    ``unit``. ``genotype``: ``SYMBOL:loss`` or ``SYMBOL:activating``, separated by ``;``.
    """

    id: str
    type: ColumnType
    note: str
    values: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class DataTest:
    """A measure of the sample against quantiles of the same measure over a reference.

    Parameters
    ----------
    of
        Programme (mean standardised expression) or cytokine (activity).
    above, below
        Quantiles between which the measure lies; at least one is given.
    cells
        Compartments whose pooled cells are measured; empty for the whole sample.
    minus
        Programme or cytokine taken off, both standardised over the reference.
    minus_cells
        Compartments in which the same is measured and taken off.
    given
        Programme or cytokine on which ``of`` is regressed over the reference; the residual counts.
    """

    of: str
    above: float | None = None
    below: float | None = None
    cells: tuple[str, ...] = ()
    minus: str = ""
    minus_cells: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """A column of the user's metadata against words, or against numbers in the column's unit."""

    column: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_least: float | None = None
    less_than: float | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """One way to tell that a rule holds: every test must. ``none``: it cannot be told."""

    kind: DetectionKind
    tests: tuple[DataTest | ColumnTest, ...] = ()
    why: str = ""


def take_columns(table: Table, /) -> dict[str, Column]:
    """Columns of the ``[[column]]`` tables, by id."""
    found: dict[str, Column] = {}
    for entry in table.tables("column"):
        id = entry.id()
        with within(f"column {id}"):
            if id in found:
                entry.fail(f"column {id!r} is there twice; keep one.", key="id")
            kind: ColumnType = entry.choice("type", get_args(ColumnType))
            worded = kind in ("word", "words")
            values = entry.words("values", required=worded)
            unit = entry.text("unit", required=kind == "number")
            if values and not worded:
                entry.fail(f"values of a column of type {kind}; leave them out.", key="values")
            if unit and kind != "number":
                entry.fail(f"unit of a column of type {kind}; leave it out.", key="unit")
            if any(";" in value for value in values):
                entry.fail("a value holds ';', which separates values.", key="values", needle=";")
            found[id] = Column(id, kind, entry.text("note"), values, unit)
            entry.close()
    return found


def take_detections(
    rule: Table, columns: Mapping[str, Column], known: Known, /
) -> tuple[Detection, ...]:
    """Ways of the ``[[rule.detect]]`` tables, any of which will do."""
    found = tuple(_detection(entry, columns, known) for entry in rule.tables("detect"))
    if not found:
        rule.fail("no [[rule.detect]] table; expected at least one, of kind none where it is so.")
    if len(found) > 1 and any(way.kind == "none" for way in found):
        rule.fail("a [[rule.detect]] of kind none beside others; it must stand alone.")
    return found


def _detection(entry: Table, columns: Mapping[str, Column], known: Known) -> Detection:
    kind: DetectionKind = entry.choice("kind", get_args(DetectionKind))
    if kind == "none":
        way = Detection(kind, why=entry.text("why"))
        entry.close()
        return way
    tests = tuple(
        _column_test(test, columns) if "column" in test.data else _data_test(test, known)
        for test in entry.tables("all")
    )
    if not tests:
        entry.fail("no test in all; expected at least one.", key="all")
    asks = "metadata" if any(isinstance(test, ColumnTest) for test in tests) else "data"
    if asks != kind:
        entry.fail(f"kind = {kind!r}, but the tests are of kind {asks}.", key="kind")
    entry.close()
    return Detection(kind, tests)


def _data_test(entry: Table, known: Known) -> DataTest:
    test = DataTest(
        of=known.signal(entry, "of"),
        above=_number(entry, "above", low=0, high=1),
        below=_number(entry, "below", low=0, high=1),
        cells=_cells(entry, "cells"),
        minus=known.signal(entry, "minus", required=False),
        minus_cells=_cells(entry, "minus_cells"),
        given=known.signal(entry, "given", required=False),
    )
    entry.close()
    if test.above is None and test.below is None:
        entry.fail("a test without above or below; give at least one quantile.", key="of")
    if {test.above, test.below} & {0.0, 1.0}:
        entry.fail("a quantile of 0 or 1 decides nothing; expected one in between.", key="of")
    if test.above is not None and test.below is not None and test.above >= test.below:
        entry.fail(f"above {test.above:g} and below {test.below:g} leave nothing.", key="above")
    if sum(map(bool, (test.minus, test.minus_cells, test.given))) > 1:
        entry.fail("more than one of minus, minus_cells and given; keep one.", key="of")
    if test.of in (test.minus, test.given):
        entry.fail(f"{test.of} is compared with itself.", key="of")
    if test.minus_cells and not test.cells:
        entry.fail("minus_cells without cells; say which cells it is taken off.", key="minus_cells")
    if set(test.cells) & set(test.minus_cells):
        entry.fail("the same cells in cells and minus_cells.", key="minus_cells")
    return test


def _column_test(entry: Table, columns: Mapping[str, Column]) -> ColumnTest:
    test = ColumnTest(
        column=entry.choice("column", columns.keys()),
        any_of=entry.words("any_of"),
        none_of=entry.words("none_of"),
        at_least=_number(entry, "at_least", low=0, high=1e6),
        less_than=_number(entry, "less_than", low=0, high=1e6),
    )
    entry.close()
    column = columns[test.column]
    numbers = [x for x in (test.at_least, test.less_than) if x is not None]
    words = (*test.any_of, *test.none_of)
    if column.type == "number":
        if words or not numbers:
            entry.fail(f"{column.id} is a number; expected at_least or less_than.", key="column")
        if len(numbers) == 2 and numbers[0] >= numbers[1]:
            entry.fail("at_least and less_than leave nothing.", key="at_least")
    elif numbers or len([x for x in (test.any_of, test.none_of) if x]) != 1:
        entry.fail(f"{column.id} holds words; expected any_of or none_of.", key="column")
    for word in words:
        if column.type == "genotype" and not GENOTYPE.match(word):
            entry.fail(f"{word!r}: expected SYMBOL:loss or SYMBOL:activating.", needle=word)
        if column.values and word not in column.values:
            known = ", ".join(column.values)
            entry.fail(f"{column.id} holds no {word!r}; expected {known}.", needle=word)
    return test


def _number(entry: Table, key: str, *, low: float, high: float) -> float | None:
    entry.taken.add(key)
    return entry.number(key, low=low, high=high) if key in entry.data else None


def _cells(entry: Table, key: str) -> tuple[str, ...]:
    names = entry.words(key, required=key in entry.data)
    for name in names:
        if name not in CELLS:
            entry.fail(f"{key} names {name!r}; expected some of {', '.join(CELLS)}.", key=key)
    return names
