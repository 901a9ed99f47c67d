"""From observations to samples: who they are, what obs says of each, and their mean scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig._obs import column_of
from cytosig.tl._replicates import cells_of_each, looks_like_cells, refuse_cells, refuse_repeats

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Samples:
    """The samples of an AnnData.

    Parameters
    ----------
    names
        Of the samples.
    of
        Sample of every observation.
    first
        First observation of every sample.
    cell_types, cell_type
        Labels, and that of every observation; one empty label for whole samples.
    cells
        Cells that every observation stands for: 1, or those added up; None where observations
        are samples.
    min_cells
        Fewest cells of a sample, or of a cell type in it.
    """

    names: pd.Index[Any]
    of: NDArray[np.int64]
    first: NDArray[np.int64]
    cell_types: tuple[str, ...]
    cell_type: NDArray[np.int64]
    cells: NDArray[np.float64] | None
    min_cells: int

    def column(self, adata: AnnData, key: str, /, *, argument: str) -> pd.Series[Any]:
        """A column of obs, one value a sample, empty ones kept.

        Raises
        ------
        UsageError
            When there is no such column.
        DataError
            When observations of one sample differ.
        """
        import pandas as pd

        values = column_of(adata, key, argument=argument, gaps=True)
        codes = pd.factorize(values, use_na_sentinel=True)[0]
        differs = np.flatnonzero(codes != codes[self.first][self.of])
        if len(differs):
            sample = int(self.of[differs[0]])
            both = [values.iloc[i] for i in (self.first[sample], differs[0])]
            said = " and ".join("empty" if pd.isna(value) else repr(str(value)) for value in both)
            raise DataError(
                f"{argument}: obs[{key!r}] is not the same in all observations of a sample: in"
                f" {self.names[sample]!r} it is {said}. The sample is the unit, so give a column"
                " with one value a sample."
            )
        found: pd.Series[Any] = values.iloc[self.first].set_axis(self.names)
        return found

    def means(self, table: pd.DataFrame, /) -> Iterator[tuple[str, pd.DataFrame]]:
        """Samples × columns for each cell type, NaN where fewer than ``min_cells`` have a value."""
        import pandas as pd

        n, k = len(self.names), len(self.cell_types)
        if self.cells is None:
            order = np.argsort(self.of, kind="stable")
            yield "", table.iloc[order].set_axis(self.names, axis=0).astype(np.float64)
            return
        place = self.of * k + self.cell_type
        found = np.full((k, n, table.shape[1]), np.nan)
        for j in range(table.shape[1]):
            values = np.asarray(table.iloc[:, j], dtype=np.float64)
            there = ~np.isnan(values)
            own = place[there]
            size = np.bincount(own, minlength=n * k)
            cells = np.bincount(own, weights=self.cells[there], minlength=n * k)
            total = np.bincount(own, weights=values[there], minlength=n * k)
            enough = cells >= self.min_cells
            mean = np.where(enough, total / np.where(size > 0, size, 1), np.nan)
            found[:, :, j] = mean.reshape(n, k).T
        for i, label in enumerate(self.cell_types):
            yield label, pd.DataFrame(found[i], index=self.names, columns=table.columns)

    def has_cells(self, label: str, /) -> pd.Series[bool]:
        """Whether each sample has enough cells, of that type; all of them in bulk."""
        import pandas as pd

        if self.cells is None:
            return pd.Series(True, index=self.names)
        own = self.cell_type == self.cell_types.index(label)
        counts = np.bincount(self.of[own], weights=self.cells[own], minlength=len(self.names))
        return pd.Series(counts >= self.min_cells, index=self.names)


def samples_of(
    adata: AnnData, /, *, sample_key: str | None, cell_type_key: str | None, min_cells: int
) -> Samples:
    """Observations of a bulk object, else the samples that cells belong to.

    Raises
    ------
    UsageError
        When a key names no column, or cell types come without samples.
    DataError
        When observations are cells and no sample is named, labels are empty, or no sample has
        enough cells.
    """
    if min_cells < 1:
        raise UsageError(f"min_cells={min_cells}: expected 1 or more.")
    if not adata.n_obs:
        raise DataError("adata has no observations.")
    if sample_key is None:
        if cell_type_key is not None:
            raise UsageError("cell_type_key= needs sample_key=, the sample of each cell.")
        refuse_cells(adata)
        return _as_they_are(adata)
    if cell_type_key == sample_key:
        raise UsageError(f"sample_key and cell_type_key both name {sample_key!r}; expected two.")
    found = _added_up(adata, sample_key, cell_type_key, min_cells)
    one_each = len(found.names) == adata.n_obs and cell_type_key is None
    if one_each and cells_of_each(adata) is None and not looks_like_cells(adata):
        return _whole(found)
    _check_sizes(adata, found)
    return found


def _as_they_are(adata: AnnData) -> Samples:
    import pandas as pd

    refuse_repeats(adata)
    names = pd.Index(adata.obs_names.astype(str), dtype=object)
    row = np.arange(adata.n_obs, dtype=np.int64)
    return Samples(names, row, row, ("",), np.zeros_like(row), None, 1)


def _whole(found: Samples) -> Samples:
    return Samples(found.names, found.of, found.first, ("",), found.cell_type, None, 1)


def _added_up(
    adata: AnnData, sample_key: str, cell_type_key: str | None, min_cells: int
) -> Samples:
    import pandas as pd

    labels = column_of(adata, sample_key, argument="sample_key").astype(str)
    of, names = pd.factorize(labels, sort=True)
    first = np.full(len(names), adata.n_obs, dtype=np.int64)
    np.minimum.at(first, of, np.arange(adata.n_obs))
    types: tuple[str, ...] = ("",)
    cell_type = np.zeros(adata.n_obs, dtype=np.int64)
    if cell_type_key is not None:
        named = column_of(adata, cell_type_key, argument="cell_type_key").astype(str)
        cell_type, found = pd.factorize(named, sort=True)
        types = tuple(map(str, found))
    cells = cells_of_each(adata)
    return Samples(
        pd.Index(names, dtype=object), of.astype(np.int64), first, types,
        cell_type.astype(np.int64), np.ones(adata.n_obs) if cells is None else cells, min_cells,
    )  # fmt: skip


def _check_sizes(adata: AnnData, found: Samples) -> None:
    """Refuse and tell of samples, or cell types in them, with too few cells."""
    cells = found.cells if found.cells is not None else np.ones(adata.n_obs)
    k = len(found.cell_types)
    place = found.of * k + found.cell_type
    size = np.bincount(place, minlength=len(found.names) * k)
    if cells_of_each(adata) is not None and size.max() > 1:
        row = int(size.argmax())
        raise DataError(
            f"{size.max()} rows of this pseudobulk are of sample {found.names[row // k]!r}: name"
            " the column of cell types in cell_type_key=, or add up whole samples."
        )
    counts = np.bincount(place, weights=cells, minlength=len(size))
    small = np.flatnonzero((counts > 0) & (counts < found.min_cells))
    if (counts >= found.min_cells).sum() == 0:
        raise DataError(
            f"No sample has {found.min_cells} cells: the largest of {len(small)} has"
            f" {counts.max():.0f}. Lower min_cells=, or choose broader labels."
        )
    if len(small):
        worst = int(small[counts[small].argmin()])
        label = found.cell_types[worst % k]
        named = f"{found.names[worst // k]!r}" + (f" × {label!r}" if label else "")
        logger.warning(
            "%d sample(s)%s left out: fewer than %d cells each (%s has %d).",
            len(small), " × cell type" if k > 1 else "", found.min_cells, named, int(counts[worst]),
        )  # fmt: skip
