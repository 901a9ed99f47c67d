"""Columns of ``obs`` that a user names, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from anndata import AnnData


def names_of(keys: Iterable[Any], /) -> str:
    """What is there, for a message."""
    return ", ".join(map(repr, keys)) or "none"


def in_memory(table: Any, /) -> pd.DataFrame:
    """A table of obs or var as pandas has it; read now where anndata left it on disk."""
    found: pd.DataFrame = table.to_memory() if hasattr(table, "to_memory") else table
    return found


def are_numbers(values: pd.Series[Any], /) -> bool:
    """Whether a column holds numbers on a line: no yes and no, and nothing imaginary."""
    from pandas.api import types

    other = types.is_bool_dtype(values) or types.is_complex_dtype(values)
    return bool(types.is_numeric_dtype(values)) and not other


def column_of(adata: AnnData, key: str, /, *, argument: str, gaps: bool = False) -> pd.Series[Any]:
    """A column of obs, without empty entries unless ``gaps`` are fine."""
    if key not in adata.obs.columns:
        raise UsageError(f"{argument}: obs has no column {key!r}; it has {names_of(adata.obs)}.")
    values: pd.Series[Any] = in_memory(adata.obs[[key]])[key]
    if not gaps and values.isna().any():
        first = adata.obs_names[values.isna().to_numpy()][0]
        raise DataError(
            f"{argument}: obs[{key!r}] is empty for {int(values.isna().sum())} observations,"
            f" {first!r} first; fill it in or leave them out."
        )
    return values
