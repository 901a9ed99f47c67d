"""Read csv, tsv and txt tables of numbers, genes on either side."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from cytosig._anndata import not_genes
from cytosig._errors import DataError
from cytosig._log import logger
from cytosig.io._cells import is_number, parse_row
from cytosig.io._delimiter import sniff_delimiter
from cytosig.io._matrix import build, compact, sparse_if_mostly_zero
from cytosig.io._orientation import known_genes, rows_are_genes
from cytosig.io._stream import open_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

_PEEK = 25
_ANNOTATION = {
    "length", "genelength", "effectivelength", "width", "start", "end", "strand", "chr", "chrom",
    "chromosome", "seqnames", "entrez", "entrezid", "entrezgene", "geneid", "gccontent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """Row names, column names and the numbers between them (rows × columns)."""

    rows: list[str]
    columns: list[str]
    values: NDArray[np.float64]


def read_table(path: Path, *, transpose: bool | None) -> AnnData:
    """Read a text table; ``transpose=True`` says that its rows are genes."""
    import pandas as pd

    table = _parse(path)
    by_genes = transpose
    if by_genes is None:
        by_genes = rows_are_genes(table.rows, table.columns, where=str(path))
        logger.info("%s: took the %s for genes.", path, "rows" if by_genes else "columns")
    if by_genes:
        table = _without_annotation(path, table)
    samples, genes = (table.columns, table.rows) if by_genes else (table.rows, table.columns)
    values = table.values.T if by_genes else table.values
    aside, note = not_genes(pd.DataFrame(index=genes))
    if note:
        logger.info("%s: %s.", path, note)
        values = values[:, ~aside]
        genes = [gene for gene, left_out in zip(genes, aside, strict=True) if not left_out]
    matrix = sparse_if_mostly_zero(compact(values))
    return build(matrix, samples=samples, genes=genes, var={}, where=str(path))


def _without_annotation(path: Path, table: Table) -> Table:
    """Set aside columns that describe genes (a length, a position) and are no samples."""
    plain = ["".join(c for c in name.casefold() if c.isalnum()) for name in table.columns]
    kept = [i for i, name in enumerate(plain) if name not in _ANNOTATION]
    if len(kept) == len(plain):
        return table
    aside = [name for i, name in enumerate(table.columns) if i not in kept]
    logger.warning("%s: %s taken for annotation of genes, not samples.", path, ", ".join(aside))
    return Table(table.rows, [table.columns[i] for i in kept], table.values[:, kept])


def _parse(path: Path) -> Table:
    with open_text(path) as text:
        head = list(islice(text, _PEEK))
        delimiter = sniff_delimiter(head, where=str(path))
        reader = csv.reader(chain(head, text), delimiter=delimiter)
        try:
            return _collect(path, _numbered(reader))
        except csv.Error as exc:
            raise DataError(
                f"{path}, line {reader.line_num}: not a table ({exc}). "
                'Look for a stray quote (") on or before this line.'
            ) from exc


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that hold anything, with their row number as a spreadsheet counts."""
    for number, fields in enumerate(reader, start=1):
        if any(fields):
            yield number, fields


def _collect(path: Path, records: Iterator[tuple[int, list[str]]]) -> Table:
    import numpy as np

    _, header = next(records, (0, []))
    columns: list[str] = []
    rows: list[str] = []
    values: list[NDArray[np.float64]] = []
    blank_end = True
    for number, fields in records:
        if not rows:
            columns = _column_names(path, header, fields)
        if len(fields) != len(columns) + 1:
            raise DataError(
                f"{path}, row {number}: {len(fields)} fields where the rows above have "
                f"{len(columns) + 1}. The file may be cut short, or a field holds the separator."
            )
        where = f"{path}, row {number} ({fields[0]!r})"
        values.append(parse_row(fields[1:], columns, where=where))
        rows.append(fields[0])
        blank_end = blank_end and not fields[-1].strip()
    if not rows:
        raise DataError(f"{path} has no rows below its header. Is the whole file there?")
    if blank_end and len(header) == len(columns):
        raise DataError(
            f"{path}: the rows have one field more than the header, and the last one is empty, "
            "so names and values may not match. Remove the separator at the end of the rows."
        )
    return _without_empty_tail(path, Table(rows, columns, np.vstack(values)))


def _column_names(path: Path, header: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Names of the value columns; R leaves out the name of the first column."""
    short = len(header) == len(fields) - 1
    if not short and len(header) != len(fields):
        raise DataError(
            f"{path}: the header has {len(header)} fields and the first row {len(fields)}. "
            "Give every column one name, and remove lines above the header."
        )
    names = list(header) if short else list(header[1:])
    if not short:
        _refuse_missing_header(path, header[0], names)
    return names


def _refuse_missing_header(path: Path, corner: str, names: Sequence[str]) -> None:
    """Raise DataError if the first line is a row of numbers; log where it merely could be."""
    if not (corner.strip() and names and all(map(is_number, names))):
        return
    if known_genes([corner]) or any("." in name for name in names):
        raise DataError(
            f"{path}: the first line ({corner}, {names[0]} ...) holds numbers, not column names. "
            "Add a header line with the sample or gene names."
        )
    logger.warning("%s: all column names are numbers; took %r for the header.", path, corner)


def _without_empty_tail(path: Path, table: Table) -> Table:
    """Drop the nameless empty columns that spreadsheets leave at the right end."""
    import numpy as np

    empty = [bool(np.isnan(column).all()) for column in table.values.T]
    width = len(table.columns)
    while width and empty[width - 1] and not table.columns[width - 1].strip():
        width -= 1
    if not width:
        raise DataError(f"{path} has no column of numbers. Is the whole file there?")
    if width < len(table.columns):
        logger.info("%s: ignored %d empty columns.", path, len(table.columns) - width)
    return Table(table.rows, table.columns[:width], table.values[:, :width])
