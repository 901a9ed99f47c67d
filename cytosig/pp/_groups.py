"""Which cells make up which row of a pseudobulk, and what can be said of each row."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig._obs import column_of, in_memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from anndata import AnnData
    from numpy.typing import NDArray

N_CELLS = "n_cells"


@dataclass(frozen=True)
class Groups:
    """Cells by row of the pseudobulk.

    Parameters
    ----------
    row
        Row of every cell, -1 where it is in none.
    n_cells
        Cells of every row.
    obs
        The obs table of the pseudobulk.
    """

    row: NDArray[np.int64]
    n_cells: NDArray[np.int64]
    obs: pd.DataFrame


def groups_of(adata: AnnData, named: Mapping[str, str], min_cells: int, /) -> Groups:
    """Rows in the order of the first key's labels, then of the second's; none without cells.

    ``named`` holds the columns by the argument that names them.

    Raises
    ------
    UsageError
        When a key names no column, or one twice.
    DataError
        When cells have no label, or no row has enough cells.
    """
    keys, obs = list(named.values()), in_memory(adata.obs)
    _check_keys(keys)
    columns = [column_of(adata, key, argument=argument) for argument, key in named.items()]
    place = np.zeros(adata.n_obs, dtype=np.int64)
    for code, n_labels in map(_codes, columns):
        place = place * n_labels + code
    _, first, row, n_cells = np.unique(
        place, return_index=True, return_inverse=True, return_counts=True
    )
    enough = n_cells >= min_cells
    if not enough.any():
        raise DataError(
            f"No row of the pseudobulk has {min_cells} cells: the largest of {len(n_cells)} has"
            f" {n_cells.max()}. Lower min_cells= or choose broader labels."
        )
    if not enough.all():
        _say_small(obs[keys].iloc[first[~enough]], n_cells[~enough], min_cells)
    row = np.where(enough, np.cumsum(enough) - 1, -1)[row].astype(np.int64)
    n_cells, first = n_cells[enough].astype(np.int64), first[enough]
    return Groups(row, n_cells, _table(obs, keys, row, first, n_cells))


def _check_keys(keys: Sequence[str]) -> None:
    if len(set(keys)) < len(keys):
        raise UsageError(
            f"sample_key and cell_type_key both name {keys[0]!r}; expected two columns."
        )
    if N_CELLS in keys:
        raise UsageError(
            f"{N_CELLS!r} cannot be a key: the number of cells is written there. Rename the column."
        )


def _codes(values: pd.Series[Any]) -> tuple[NDArray[np.int64], int]:
    """Position of every label in the order of the labels, and how many there are."""
    found = pd.Categorical(values)  # its own categories, or sorted ones
    is_text = all(isinstance(label, str) for label in found.categories)
    if is_text and not isinstance(values.dtype, pd.CategoricalDtype):
        found = found.reorder_categories(sorted(found.categories, key=_natural))
    return np.asarray(found.codes, dtype=np.int64), len(found.categories)


def _natural(text: str) -> list[str | int]:
    """By numbers inside, as anndata orders labels when it stores them."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFD", text))
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def _say_small(labels: pd.DataFrame, n_cells: NDArray[np.int64], min_cells: int) -> None:
    smallest = int(np.argmin(n_cells))
    named = " × ".join(repr(str(label)) for label in labels.iloc[smallest])
    logger.warning(
        "%d row(s) of %d cell(s) left out of the pseudobulk: fewer than %d cells each (%s has %d).",
        len(n_cells), int(n_cells.sum()), min_cells, named, int(n_cells[smallest]),
    )  # fmt: skip


def _table(
    obs: pd.DataFrame,
    keys: Sequence[str],
    row: NDArray[np.int64],
    first: NDArray[np.int64],
    n_cells: NDArray[np.int64],
) -> pd.DataFrame:
    """Keys, number of cells, and every column that says one thing of all cells of a row."""
    others = [name for name in obs.columns if name not in (*keys, N_CELLS)]
    kept = [name for name in others if _is_constant(obs[name], row, first)]
    if len(kept) < len(others):
        lost = ", ".join(repr(name) for name in others if name not in kept)
        logger.info("Columns of obs that vary among the cells of a row are left out: %s.", lost)
    table = obs[[*keys, *kept]].iloc[first].copy()
    for name, values in table.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            table[name] = values.cat.remove_unused_categories()
    table.insert(len(keys), N_CELLS, n_cells)
    labels = [table[key].astype(str) for key in keys]
    table.index = pd.Index(_unique("_".join(parts) for parts in zip(*labels, strict=True)))
    return table


def _is_constant(values: pd.Series[Any], row: NDArray[np.int64], first: NDArray[np.int64]) -> bool:
    """Whether all cells of each row have the same value; missing ones are equal."""
    try:
        codes = pd.factorize(values, use_na_sentinel=True)[0]
    except TypeError:  # lists and the like
        return False
    used = row >= 0
    return bool((codes[used] == codes[first][row[used]]).all())


def _unique(names: Iterable[str]) -> list[str]:
    """Names, with -1, -2 ... behind those that came before."""
    wanted = list(names)
    taken, seen, found = set(wanted), set[str](), list[str]()
    for name in wanted:
        own, number = name, 0
        while own in (seen if number == 0 else taken):
            number += 1
            own = f"{name}-{number}"
        seen.add(own)
        taken.add(own)
        found.append(own)
    return found
