"""What gseapy is handed and hands back, without its notices and its filters of set size."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def gene_names(n_genes: int, /) -> list[str]:
    """Names that sort as the genes stand; all in capitals, so that gseapy leaves them."""
    return [f"G{i:07d}" for i in range(n_genes)]


def as_gene_sets(chosen: NDArray[np.bool_], /) -> dict[str, list[str]]:
    """Gene names by the column of the set; empty sets, and those of every gene, left out."""
    names = np.array(gene_names(len(chosen)))
    usable = chosen.any(axis=0) & ~chosen.all(axis=0)
    return {str(k): list(names[chosen[:, k]]) for k in np.flatnonzero(usable)}


def nothing(n_obs: int, n_sets: int, /) -> Array:
    """A table without any score."""
    return np.full((n_obs, n_sets), np.nan)


def as_table(found: pd.DataFrame, column: str, n_obs: int, n_sets: int, /) -> Array:
    """Observations × sets, from a row each; names are positions. NaN where there is no row."""
    out = nothing(n_obs, n_sets)
    rows, columns = found["Name"].astype(int), found["Term"].astype(int)
    out[rows.to_numpy(), columns.to_numpy()] = found[column].astype(float).to_numpy()
    return out


@contextmanager
def quiet() -> Iterator[None]:
    """Without its log records and what pandas says of it; ties are met by our order of genes."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what it uses of pandas
            yield
    finally:
        logging.disable(before)
