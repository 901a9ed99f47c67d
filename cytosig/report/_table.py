"""A table of the report: its first rows to read, all of them to search and to save."""

from __future__ import annotations

import base64
import csv
import gzip
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cytosig.io._safe_text import has_carriage_return, safe_for_spreadsheets
from cytosig.report._columns import Column, columns_of

if TYPE_CHECKING:
    from cytosig.report._words import Words

STATIC_ROWS = 15
"""Rows that are there without a script, and in print."""
_ROUNDED = "Numbers have seven digits here, to keep the page small; the file has all of them."
_LEFT_OUT = "Too large for a page. In Python: {where}."


@dataclass(frozen=True)
class Table:
    """A table with all its rows.

    Parameters
    ----------
    name
        As it is stored; the name of the file that is saved, too.
    title, note
        What it is, and what to know of it.
    columns
        All of them, in the order of the file.
    head
        Cells of the first rows, of the columns that are shown.
    n_rows
        Of all.
    data
        The file (tab-separated), compressed by gzip, in base64.
    order
        Column that sorts it at first, and whether the largest come first.
    main
        Whether its first rows are shown at once; others are folded up.
    cut
        What was done to keep the page small; empty where nothing was.
    """

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    head: tuple[tuple[str, ...], ...]
    n_rows: int
    data: str
    order: tuple[str, bool] | None
    main: bool
    cut: str = ""
    kind: ClassVar[str] = "table"

    @property
    def shown(self) -> tuple[Column, ...]:
        """Columns that are shown at first."""
        return tuple(sorted((c for c in self.columns if c.place), key=lambda c: c.place))

    @property
    def spec(self) -> dict[str, Any]:
        """What the script of the page is told."""
        return {
            "name": self.name,
            "rows": self.n_rows,
            "columns": [
                {"name": c.name, "label": c.label, "help": c.help, "kind": c.kind,
                 "decimals": c.decimals, "place": c.place}
                for c in self.columns
            ],
            "order": None if self.order is None else {"by": self.order[0], "down": self.order[1]},
            "data": self.data,
        }  # fmt: skip


def table_of(name: str, frame: pd.DataFrame, words: Words, /) -> Table:
    """Make a stored table ready for the page.

    Parameters
    ----------
    name
        It is stored under.
    frame
        As it is stored.
    words
        What is known of tables of that name.
    """
    whole = with_rows_named(frame, words.rows)
    columns = columns_of(whole, words)
    order = words.order if words.order is not None and words.order[0] in whole else None
    head = sorted_by(whole, order).head(STATIC_ROWS if words.main else 0)
    table = Table(
        name, words.title or name, words.note, columns, (), len(whole),
        packed(tab_separated(whole)), order, words.main,
    )  # fmt: skip
    places = [(column, columns.index(column)) for column in table.shown]
    cells = (map(column.text, head.iloc[:, place]) for column, place in places)
    return replace(table, head=tuple(zip(*cells, strict=True)))


def rounded(table: Table, frame: pd.DataFrame, words: Words, /) -> Table:
    """The same with numbers of seven digits, which take half the room."""
    short = {name: np.float32 for name, kind in frame.dtypes.items() if kind == np.float64}
    whole = with_rows_named(frame.astype(short), words.rows)
    return replace(table, data=packed(tab_separated(whole)), cut=_ROUNDED)


def left_out(table: Table, where: str, /) -> Table:
    """The same with no more than its first rows, and where all of them are."""
    return replace(table, data="", cut=_LEFT_OUT.format(where=where))


def with_rows_named(frame: pd.DataFrame, rows: str, /) -> pd.DataFrame:
    """The names of the rows as a first column; left out where they mean nothing (``""``)."""
    whole = frame.reset_index(drop=True)
    whole.columns = pd.Index([str(column) for column in whole.columns], dtype=object)
    if rows and rows not in whole:
        whole.insert(0, rows, frame.index.astype(str).to_numpy(dtype=object))
    return whole


def sorted_by(frame: pd.DataFrame, order: tuple[str, bool] | None, /) -> pd.DataFrame:
    """Rows in that order, those without a value last."""
    if order is None:
        return frame
    return frame.sort_values(order[0], ascending=not order[1], kind="stable", na_position="last")


def tab_separated(frame: pd.DataFrame, /) -> str:
    """The table as text: numbers in full, text that a spreadsheet would run disarmed."""
    text = io.StringIO()
    first, *_ = frame.columns
    safe, label = safe_for_spreadsheets(frame.set_index(first), str(first))
    safe.to_csv(
        text, sep="\t", index_label=label, lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if has_carriage_return(safe) else csv.QUOTE_MINIMAL,
    )  # fmt: skip
    return text.getvalue()


def packed(text: str, /) -> str:
    """Compressed, and in letters; the same text gives the same letters."""
    return base64.b64encode(
        gzip.compress(text.encode(errors="backslashreplace"), compresslevel=9, mtime=0)
    ).decode()
