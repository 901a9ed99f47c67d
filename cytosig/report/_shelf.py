"""The tables of a report: each put on the page once, and all of them of bounded size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cytosig.report._observed import observed
from cytosig.report._sentences import question
from cytosig.report._table import left_out, rounded, table_of
from cytosig.report._words import words_of

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.report._record import Record
    from cytosig.report._table import Table
    from cytosig.report._words import Words

ROOM = 2_700_000
"""Letters that all tables may take; a page has some 5 million."""


class Shelf:
    """Hands out tables, and knows which nobody has asked for.

    Where they are too large together, the largest of those that are folded up have numbers of
    seven digits, and where that is not enough are left out; main tables come last.

    Parameters
    ----------
    record
        Whose tables these are.
    room
        Letters they may take.

    Attributes
    ----------
    observed
        Names of the tables of scores.
    """

    def __init__(self, record: Record, /, *, room: int = ROOM) -> None:
        frames: dict[str, tuple[pd.DataFrame, Words]] = {
            name: (table, _words(record, name)) for name, table in record.tables.items()
        }
        scored = observed(record)
        self.observed = tuple(scored)
        frames |= scored
        self._tables = {name: table_of(name, *known) for name, known in frames.items()}
        self._make_room(room, frames, record.key)

    def _make_room(
        self, room: int, frames: dict[str, tuple[pd.DataFrame, Words]], key: str
    ) -> None:
        """Round tables, then leave some out, the largest first, until they have room."""
        by_size = sorted(self._tables.values(), key=lambda table: (table.main, -len(table.data)))
        taken = sum(len(table.data) for table in by_size)
        for table in by_size:
            if taken > room:
                self._tables[table.name] = rounded(table, *frames[table.name])
                taken -= len(table.data) - len(self._tables[table.name].data)
        for table in by_size:
            if taken > room:
                taken -= len(self._tables[table.name].data)
                where = f"adata.uns[{key!r}][{table.name!r}]"
                self._tables[table.name] = left_out(table, where)

    def take(self, *names: str) -> list[Table]:
        """Tables of these names, those there are."""
        return [self._tables.pop(name) for name in names if name in self._tables]

    def rest(self) -> list[Table]:
        """All others."""
        return self.take(*list(self._tables))


def _words(record: Record, name: str) -> Words:
    """What is known of a table; comparisons may have any name."""
    if name not in record.comparisons:
        return words_of(name)
    title = f"{question(record.params(name))} ({name})"
    return replace(words_of("comparison"), title=title)
