"""Tables on stdout: readable on a terminal, tsv or json for a program."""

from __future__ import annotations

import json
import math
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cytosig._log import logger
from cytosig.cli._notices import plain
from cytosig.io._safe_text import disarm

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rich.console import Console

Cell = str | int | float | bool | tuple[str, ...] | None


class Format(StrEnum):
    """How a table is printed."""

    tsv = "tsv"
    json = "json"


FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Print as tsv or json.",
        show_default="a table on a terminal, else tsv",
    ),
]


def emit(
    rows: Sequence[Mapping[str, Cell]],
    /,
    *,
    format: Format | None,
    percent: Collection[str] = (),
    caption: str = "",
    digits: int = 2,
    spaced: bool = False,
) -> None:
    """Print a table on stdout.

    Parameters
    ----------
    rows
        One mapping a row, all with the same keys.
    format
        tsv or json; when None a readable table on a terminal and tsv elsewhere.
    percent
        Columns that hold shares, shown as percentages in the readable table.
    caption
        Line under the readable table; a notice elsewhere.
    digits
        Decimals in the readable table.
    spaced
        Leave a line free between its rows, for cells too long for one line.
    """
    if format is Format.json:
        typer.echo(json_text([dict(row) for row in rows]))
    elif format is Format.tsv or not sys.stdout.isatty():
        _emit_tsv(rows)
    else:
        _emit_rich(rows, percent, digits, spaced)
        if caption:
            _console().print(f"\n{caption}")
        return
    if caption:
        logger.info("%s", caption)


def json_text(value: object, /) -> str:
    """JSON that every parser reads: NaN becomes null."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _emit_tsv(rows: Sequence[Mapping[str, Cell]]) -> None:
    if rows:
        typer.echo("\t".join(rows[0]))
    for row in rows:
        typer.echo("\t".join(_tsv_cell(value) for value in row.values()))


def _tsv_cell(value: Cell) -> str:
    if isinstance(value, tuple):
        value = ", ".join(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = plain(" ".join(str(value).split()))
    return str(disarm(text)) if isinstance(value, str) else text


def _console() -> Console:
    from rich.console import Console

    # labels come from files: no markup, no emoji codes
    return Console(markup=False, emoji=False, highlight=False)


def _emit_rich(
    rows: Sequence[Mapping[str, Cell]], percent: Collection[str], digits: int, spaced: bool
) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, int(spaced), 1))
    for key, value in (rows[0] if rows else {}).items():
        number = isinstance(value, int | float) or value is None
        table.add_column(key.replace("_", "\n"), justify="right" if number else "left")
    for row in rows:
        table.add_row(*(_rich_cell(value, key in percent, digits) for key, value in row.items()))
    _console().print(table)


def _rich_cell(value: Cell, share: bool, digits: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.0%}" if share else f"{value:.{digits}f}"
    return plain("\n".join(value) if isinstance(value, tuple) else str(value))
