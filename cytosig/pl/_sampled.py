"""One value a sample, its group, and the cells it is the mean of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import column_of, names_of
from cytosig.pl import _samples, _stored
from cytosig.pl._values import Values, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

MOST = 24  # groups that one plot holds


class Where(NamedTuple):
    """Columns of obs: the groups, the sample of every cell, and the cell type looked at."""

    groupby: str
    sample_key: str | None = None
    cell_type_key: str | None = None
    cell_type: str | None = None


class Sampled(NamedTuple):
    """Values of samples with a group, and of their cells where there are any.

    ``values`` and ``groups`` by sample; ``cells`` by group; ``n_cells`` by sample. ``lost`` says
    who is not shown.
    """

    values: pd.Series[Any]
    groups: pd.Series[Any]
    levels: list[str]
    cells: pd.Series[Any] | None
    n_cells: pd.Series[Any] | None
    lost: list[str]


def read(
    adata: AnnData, id: str, what: str, where: Where, /, *, key: str, min_cells: int
) -> tuple[Values, Sampled]:
    """One column of a stored table, and its value in every sample.

    Raises
    ------
    UsageError
        When a table, a column or a label is not there, or a column is none of groups.
    DataError
        When a group differs within a sample, or no sample is left.
    """
    if what == "balance" and where.cell_type is not None:
        shown = Values(_balance_of_type(adata, id, where, key), "balance", True, {})
    else:
        among = ("score", "axis", "ligand", "balance")
        shown = values_of(adata, what, key=key, ids=[id], among=among)
    if what == "balance":
        return shown, of_balance(adata, shown.table[id], where)
    return shown, of_observations(adata, shown.table[id], where, min_cells)


def _balance_of_type(adata: AnnData, id: str, where: Where, key: str) -> pd.DataFrame:
    run = "cs.tl.balance(adata, sample_key=..., cell_type_key=...)"
    table = _stored.tool_table(adata, "balance_cell_types", key=key, run=run)
    own = table[(table["cell_type"].astype(str) == where.cell_type).to_numpy()]
    numbers = own.set_axis(own["sample"].astype(str), axis=0).select_dtypes("number")
    return _stored.columns_of(numbers, [id], f"uns[{key!r}]['balance_cell_types']")


def of_observations(
    adata: AnnData, column: pd.Series[Any], where: Where, min_cells: int, /
) -> Sampled:
    """Observations that are samples, or means of the cells of each."""
    here = _of_type(adata, where)
    column = column.astype(np.float64)[here]
    if where.sample_key is None:
        column = column.set_axis([str(name) for name in adata.obs_names[here]])
        return _grouped(adata, column, where)
    of = column_of(adata, where.sample_key, argument="sample_key")[here]
    cells = column.set_axis([str(sample) for sample in of])
    by = cells.groupby(level=0)
    means, n_cells = by.mean(), by.count()
    if by.size().max() == 1:  # a row a sample, as in pseudobulk
        return _grouped(adata, means, where)
    few = (n_cells > 0) & (n_cells < min_cells)
    found = _grouped(adata, means.mask(few), where, few=int(few.sum()), least=min_cells)
    of_cell = found.groups.reindex(cells.index)
    kept = cells.notna().to_numpy() & of_cell.notna().to_numpy()
    own = cells[kept].set_axis(of_cell[kept].to_numpy())
    return found._replace(cells=own, n_cells=n_cells[found.values.index])


def of_balance(adata: AnnData, column: pd.Series[Any], where: Where, /) -> Sampled:
    """Samples as a balance has them."""
    column = column.astype(np.float64).set_axis([str(name) for name in column.index])
    return _grouped(adata, column, where)


def in_order(found: Sampled, order: Sequence[object] | None, groupby: str, /) -> Sampled:
    """Only these groups, in this order; all of them where None."""
    if order is None:
        return found
    wanted = [] if isinstance(order, str) else list(dict.fromkeys(map(text, order)))
    unknown = [level for level in wanted if level not in found.levels]
    if unknown or not wanted:
        raise UsageError(
            f"order={order!r}: expected a list of groups of obs[{groupby!r}], which has"
            f" {names_of(found.levels)}."
        )
    kept = found.groups.isin(wanted)
    cells = None if found.cells is None else found.cells[found.cells.index.isin(wanted)]
    return found._replace(
        values=found.values[kept], groups=found.groups[kept], levels=wanted, cells=cells
    )


def text(level: object) -> str:
    """A label as comparisons store it: whole numbers without a decimal point."""
    whole = isinstance(level, float | np.floating) and float(level).is_integer()
    return str(int(level)) if whole else str(level)  # type: ignore[call-overload]


def _of_type(adata: AnnData, where: Where) -> NDArray[np.bool_]:
    """Which observations are of the cell type looked at."""
    if where.cell_type_key is None:
        return np.ones(adata.n_obs, dtype=bool)
    labels = column_of(adata, where.cell_type_key, argument="cell_type_key").astype(str)
    if where.cell_type not in set(labels):
        raise UsageError(
            f"cell_type={where.cell_type!r}: obs[{where.cell_type_key!r}] has"
            f" {names_of(sorted(set(labels))[:MOST])}."
        )
    return np.asarray(labels == where.cell_type)


def _grouped(
    adata: AnnData, values: pd.Series[Any], where: Where, /, *, few: int = 0, least: int = 0
) -> Sampled:
    """Samples that have a value and a group."""
    import pandas as pd

    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise DataError(
            f"Two observations are called {twice!r}: name the column of samples in sample_key=."
        )
    of = _samples.column_of_samples(
        adata, where.groupby, list(values.index), argument="groupby",
        sample_key=where.sample_key, gaps=True,
    )  # fmt: skip
    groups = pd.Categorical(of).remove_unused_categories()
    levels = list(dict.fromkeys(map(text, groups.categories)))
    if len(levels) > MOST:
        raise UsageError(
            f"groupby: obs[{where.groupby!r}] has {len(levels)} values in {len(values)} samples,"
            f" and this plot holds {MOST}; name a column of groups."
        )
    own = pd.Series([text(label) for label in of], index=values.index).where(of.notna())
    kept = values.notna() & own.notna()
    if not kept.any():
        raise DataError(f"No sample has a value and a group of obs[{where.groupby!r}].")
    blank, alone = int(values.isna().sum()) - few, int((values.notna() & own.isna()).sum())
    lost = [
        f"{few} with fewer than {least} cells" if few else "",
        f"{blank} without a value" if blank else "",
        f"{alone} without {where.groupby!r}" if alone else "",
    ]
    return Sampled(values[kept], own[kept], levels, None, None, [part for part in lost if part])
