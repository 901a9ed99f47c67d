"""Rows of a stored comparison: which test a plot shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import DataError, UsageError
from cytosig._obs import names_of
from cytosig.pl import _stored, _words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from anndata import AnnData

RUN = "cs.tl.compare(adata, groupby=...)"
POOLED = "pooled"
"""Cohort of the rows that pool all."""
_TEXTS = ("table", "name", "contrast", "group", "reference", "cell_type", "cohort", "test")
_NEEDED = ("table", "name", "contrast", "estimate", "p", "q")
_MANY = 12  # names of a message


def table_of(adata: AnnData, compare_key: str, /, *, key: str) -> pd.DataFrame:
    """What ``cs.tl.compare`` left under that name, labels as plain text."""
    found = _stored.tool_table(adata, compare_key, key=key, run=RUN)
    lacking = [column for column in _NEEDED if column not in found.columns]
    if lacking:
        raise DataError(
            f"uns[{key!r}][{compare_key!r}] has no column {lacking[0]!r}; it has"
            f" {names_of(found.columns)}. Pass the compare_key= that cs.tl.compare was given as"
            " key_added."
        )
    texts = {column: str for column in _TEXTS if column in found.columns}
    return found.astype(texts)


def narrowed(table: pd.DataFrame, wanted: Mapping[str, str | None], /) -> pd.DataFrame:
    """Rows of one label in each of these columns.

    Raises
    ------
    UsageError
        When there are several and none was asked for, or the one asked for is not there.
    """
    for column, label in wanted.items():
        if column not in table.columns:
            if label is not None:
                raise UsageError(
                    f"{column}={label!r}: the stored comparison has no column {column!r}; leave"
                    f" {column}= out."
                )
            continue
        there = list(dict.fromkeys(table[column]))
        if label is None and len(there) > 1:
            raise UsageError(
                f"The stored comparison has {len(there)} labels in {column!r}: {_few(there)}."
                f" Choose one by {column}=."
            )
        if label is not None and label not in there:
            raise UsageError(
                f"{column}={label!r} is not in the stored comparison; it has {_few(there)}."
                + _words.near(label, there)
            )
        table = table[(table[column] == (there[0] if label is None else label)).to_numpy()]
    return table


def _few(labels: list[str]) -> str:
    more = f" and {len(labels) - _MANY} more" if len(labels) > _MANY else ""
    return names_of(labels[:_MANY]) + more
