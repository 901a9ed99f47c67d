"""Find out what separates the columns of a text table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CANDIDATES = ("\t", ",", ";", " ")


def sniff_delimiter(lines: Sequence[str], *, where: str) -> str:
    """Return the separator under which the first lines agree on their number of fields.

    A header with one field less than the rows, as R writes it, counts as agreement of second
    rank; where no separator makes the lines agree, the one that splits the header most wins,
    and the table reader will name the first line that differs.

    Examples
    --------
    >>> sniff_delimiter(["gene;a;b", "STAT1;1,5;2,5"], where="x.csv")
    ';'
    """
    filled = [line for line in lines if line.strip()]
    best: tuple[int, int, int] = (0, 0, 0)
    chosen = ""
    for order, delimiter in enumerate(_CANDIDATES):
        counts = [_count(line, delimiter) for line in filled]
        fields = max(counts, default=0)
        if fields < 2:
            continue
        rank = (_agreement(counts, delimiter), fields, -order)
        if rank > best:
            best, chosen = rank, delimiter
    if not chosen:
        raise DataError(
            f"{where}: no comma, semicolon, tab or space separates columns in its first lines. "
            "Is it a table of genes and samples?"
        )
    return chosen


def _agreement(counts: Sequence[int], delimiter: str) -> int:
    """3: all lines agree; 2: a header one field short; 1: neither. Spaces rank lower."""
    header, rows = counts[0], set(counts[1:])
    if len(rows) > 1 or not rows:
        return 0 if delimiter == " " else 1
    fields = rows.pop()
    if fields < 2 or header not in (fields, fields - 1):
        return 0 if delimiter == " " else 1
    if delimiter == " ":
        return 1
    return 3 if header == fields else 2


def _count(line: str, delimiter: str) -> int:
    if '"' not in line:
        return line.count(delimiter) + 1
    try:
        return len(next(csv.reader([line], delimiter=delimiter)))
    except (csv.Error, StopIteration):
        return 1
