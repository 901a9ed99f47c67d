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


class Shelf:
    """Hands out tables, and knows which nobody has asked for.

    Parameters
    ----------
    record
        Whose tables these are.

    Attributes
    ----------
    observed
        Names of the tables of scores.
    """

    def __init__(self, record: Record, /) -> None:
        self._frames: dict[str, tuple[pd.DataFrame, Words]] = {
            name: (table, _words(record, name)) for name, table in record.tables.items()
        }
        scored = observed(record)
        self.observed = tuple(scored)
        self._frames |= scored
        self._key = record.key
        self._all = {name: table_of(name, *known) for name, known in self._frames.items()}
        self._tables = dict(self._all)

    def fitting(self, room: int, /) -> dict[str, Table]:
        """Every table by its name, all together in so many letters.

        Where they are too large, the largest of those that are folded up have numbers of seven
        digits, and where that is not enough are left out; main tables come last.
        """
        found = dict(self._all)
        by_size = sorted(found, key=lambda name: (found[name].main, -len(found[name].data)))
        taken = sum(len(table.data) for table in found.values())
        for name in by_size:
            if taken > room:
                taken -= len(found[name].data)
                found[name] = rounded(found[name], *self._frames[name])
                taken += len(found[name].data)
        for name in by_size:
            if taken > room:
                taken -= len(found[name].data)
                found[name] = left_out(found[name], f"adata.uns[{self._key!r}][{name!r}]")
        return found

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
