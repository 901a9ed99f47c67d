"""What the report says of stored tables, read from a file of the package."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN_ROWS = "row"


@dataclass(frozen=True)
class Words:
    """What is known of a table.

    Parameters
    ----------
    title, note
        Above it; empty where there is nothing to say.
    rows
        What the names of its rows are called; empty where they mean nothing.
    shown
        Columns shown at first; all when empty.
    order
        Column that sorts it at first, and whether the largest come first.
    main
        Whether its first rows are shown at once.
    helps
        What its columns hold.
    """

    title: str = ""
    note: str = ""
    rows: str = _UNKNOWN_ROWS
    shown: tuple[str, ...] = ()
    order: tuple[str, bool] | None = None
    main: bool = False
    helps: Mapping[str, str] = field(default_factory=dict)

    def help_of(self, column: str, /) -> str:
        """What a column holds; empty where nobody wrote it down."""
        return self.helps.get(column, "")


def read(name: str, /) -> str:
    """A file of the page."""
    return files("cytosig.report").joinpath("page", name).read_text(encoding="utf-8")


def words_of(name: str, /) -> Words:
    """What is known of the table of that name; a few general words of an unknown one.

    Examples
    --------
    >>> words_of("links").order
    ('q', False)
    >>> words_of("mine")
    Words(title='', note='', rows='row', shown=(), order=None, main=False, helps={})
    """
    known = _tables().get(name)
    if known is None or name == "columns":
        return Words()
    order = known.get("order", "")
    return Words(
        title=known.get("title", ""),
        note=known.get("note", ""),
        rows=known.get("rows", ""),
        shown=tuple(known.get("shown", ())),
        order=(order.removeprefix("-"), order.startswith("-")) if order else None,
        main=known.get("main", False),
        helps=_tables()["columns"] | known.get("columns", {}),
    )


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(read("tables.toml"))
