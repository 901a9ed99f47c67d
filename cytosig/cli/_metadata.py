"""What is known of the samples, from a table of its own."""

from __future__ import annotations

import warnings
from itertools import islice
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, FileError
from cytosig._log import logger
from cytosig._obs import column_of, names_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_EMPTY = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>", "null", "NULL")
_SHOWN = 5
_PEEK = 25


def add_metadata(adata: AnnData, path: Path, /, *, sample_key: str | None = None) -> None:
    """Add the columns of a table to ``obs``.

    Parameters
    ----------
    adata
        What it is added to, in place.
    path
        A text table (comma, semicolon, tab or space separated, gzipped or not) with a header.
        Its first column names observations, or the samples of ``sample_key``. Empty cells and NA
        are missing values.
    sample_key
        Column of ``obs`` with the sample of each observation.

    Raises
    ------
    FileError
        When the table cannot be read.
    DataError
        When a sample of the data has no row or two, or obs has a column of that name already.
    """
    import pandas as pd

    table = _read(path)
    if sample_key is None:
        labels = adata.obs_names.astype(str)
    else:
        labels = column_of(adata, sample_key, argument="sample_key").astype(str)
    _check_rows(table, labels.unique().tolist(), path, sample_key)
    there = [name for name in table.columns if name in adata.obs.columns]
    if there:
        raise DataError(
            f"{path}: obs has a column {there[0]!r} already. Rename it in the table, or leave it"
            " out."
        )
    rows = table.index.get_indexer(pd.Index(labels))
    for name in table.columns:
        adata.obs[name] = _compact(table[name]).iloc[rows].set_axis(adata.obs_names)
    logger.info("%s: added %s to obs.", path, names_of(table.columns))


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    from cytosig.io._delimiter import sniff_delimiter
    from cytosig.io._stream import open_text

    if path.is_dir():
        raise FileError(f"{path} is a folder; expected a table.")
    with open_text(path) as text:
        separator = sniff_delimiter(list(islice(text, _PEEK)), where=str(path))
    try:
        with open_text(path) as text, warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # fields that would be lost
            table = pd.read_csv(
                text, sep=separator, index_col=False, dtype={0: str}, na_values=list(_EMPTY),
                keep_default_na=False, skip_blank_lines=True, low_memory=False,
                float_precision="round_trip",
            )  # fmt: skip
    except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as exc:
        raise FileError(f"{path} is no table: {' '.join(str(exc).split())}.") from exc
    if table.shape[1] < 2:
        raise DataError(f"{path} has one column; expected samples and what is known of them.")
    first = str(table.columns[0])
    if table[first].isna().any():
        row = int(table[first].isna().to_numpy().argmax()) + 2
        raise DataError(f"{path}, row {row}: the first column, {first!r}, names no sample.")
    named = table.set_index(first)
    return named.set_axis(named.index.astype(str), axis=0)


def _compact(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text as categories: one label a sample is one a cell in obs."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(values) or is_bool_dtype(values):
        return values
    text = values.map(str, na_action="ignore")  # truth values beside empty cells, too
    return text.astype("category")


def _check_rows(table: pd.DataFrame, wanted: list[str], path: Path, sample_key: str | None) -> None:
    where = "an observation" if sample_key is None else f"a sample of obs[{sample_key!r}]"
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(f"{path} has two rows of {twice!r}; expected one row a sample.")
    known = set(table.index)
    lost = [name for name in wanted if name not in known]
    if len(lost) == len(wanted):
        raise DataError(
            f"{path}: no row is {where}. The first column holds {names_of(table.index[:_SHOWN])};"
            f" the data have {names_of(wanted[:_SHOWN])}."
        )
    if lost:
        raise DataError(
            f"{path}: no row for {len(lost)} of {len(wanted)} samples:"
            f" {names_of(lost[:_SHOWN])}{' ...' if len(lost) > _SHOWN else ''}. Add a row for each,"
            " with empty cells where nothing is known."
        )
    more = table.index[~table.index.isin(wanted)]
    if len(more):
        logger.warning(
            "%s: %d row(s) are not %s: %s%s.",
            path, len(more), where, names_of(more[:_SHOWN]), " ..." if len(more) > _SHOWN else "",
        )  # fmt: skip
