"""Rows of a heat map: observations, samples or means of groups, and what obs says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import column_of
from cytosig.pl import _samples, _stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Rows(NamedTuple):
    """Rows × columns, names, and the row of every observation (-1: none).

    ``unit`` is what a row is: observation, sample or group; ``member`` what a group is the mean of.
    """

    names: list[str]
    values: Array
    of: NDArray[np.intp]
    unit: str
    member: str = ""


def rows_of(
    adata: AnnData, table: pd.DataFrame, groupby: str | None, /, *, of_balance: bool, key: str
) -> Rows:
    """Rows of a table of observations, or of the samples of a balance; or means of their groups."""
    if of_balance:
        single = _of_samples(adata, table, key)
        groups = None if groupby is None else _samples.groups_of(
            adata, groupby, single.names, key=key
        ).array  # fmt: skip
    else:
        names = [str(name) for name in adata.obs_names]
        single = Rows(names, table.to_numpy(np.float64), np.arange(adata.n_obs), "observation")
        groups = None if groupby is None else _stored.group_of(adata, groupby)
    if groups is None:
        return single
    names, means = group_means(table, groups)
    of = np.where(single.of < 0, -1, np.append(groups.codes, -1)[single.of])
    return Rows(names, means, of, "group", single.unit)


def _of_samples(adata: AnnData, table: pd.DataFrame, key: str) -> Rows:
    import pandas as pd

    names = pd.Index([str(name) for name in table.index])
    column = _samples.sample_key(adata, key=key)
    own = adata.obs_names if column is None else column_of(adata, column, argument="sample_key")
    of = names.get_indexer(pd.Index([str(name) for name in own]))
    return Rows(list(names), table.to_numpy(np.float64), of, "sample")


def group_means(table: pd.DataFrame, groups: pd.Categorical, /) -> tuple[list[str], Array]:
    """Mean of every column over the scored observations of each group, and names with their n."""
    scored = table.notna().any(axis=1).to_numpy(dtype=bool)
    codes = groups.codes[scored]
    every = range(len(groups.categories))
    means = table[scored].reset_index(drop=True).groupby(codes).mean().reindex(every)
    counts = np.bincount(codes, minlength=len(every))
    names = [f"{group} (n = {n})" for group, n in zip(groups.categories, counts, strict=True)]
    return names, means.to_numpy(dtype=np.float64)


def beside(adata: AnnData, rows: Rows, annotate: Sequence[str], /) -> dict[str, pd.Series[Any]]:
    """Columns of obs, one value a row.

    Raises
    ------
    UsageError
        When there is no such column.
    DataError
        When the observations of a row differ.
    """
    return {name: _beside(adata, rows, name) for name in dict.fromkeys(annotate)}


def _beside(adata: AnnData, rows: Rows, name: str) -> pd.Series[Any]:
    import pandas as pd

    values = column_of(adata, name, argument="annotate", gaps=True)
    kept = np.flatnonzero(rows.of >= 0)
    of = rows.of[kept]
    first = np.full(len(rows.names), -1)
    first[of[::-1]] = kept[::-1]
    codes = pd.factorize(values)[0]
    differs = np.flatnonzero(codes[kept] != codes[first[of]])
    if len(differs):
        raise DataError(
            f"annotate: obs[{name!r}] is not the same in all observations of the row"
            f" {rows.names[of[differs[0]]]!r}. Name a column with one value a row."
        )
    found: pd.Series[Any] = values.iloc[np.maximum(first, 0)].reset_index(drop=True)
    return found.where(first >= 0)


def check_number(rows: Rows, most: int, groupby: str | None, /) -> None:
    """Refuse more rows than can be read, and none."""
    n = len(rows.names)
    if n > most:
        kind = f"{rows.unit}s" if groupby is None else f"groups of obs[{groupby!r}]"
        raise UsageError(
            f"{n} {kind} are more rows than max_rows={most}; pass groupby= another column of obs,"
            " a part of adata, or a larger max_rows."
        )
    if n == 0:
        raise UsageError("adata has no observations to show.")
