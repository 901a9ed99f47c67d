"""Samples × cell types × genes: what a tissue expresses, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.communication.settings import OFFSET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LN2 = float(np.log(2))
ROUNDING = 1e-12


@dataclass(frozen=True)
class Tissue:
    """Cells added up by sample and cell type.

    Parameters
    ----------
    samples, types
        Labels of the first two dimensions.
    place
        Third dimension of every gene of the catalogue that is measured.
    cpm
        Samples × types × genes: counts per million of the sum over cells; NaN where a sample has
        too few cells of a type.
    fraction
        Same shape: share of the cells in which the gene is not 0.
    n_cells
        Samples × types, cells of types with too few included.
    depth
        Samples × types: counts of all cells together; NaN where values are no counts.
    """

    samples: tuple[str, ...]
    types: tuple[str, ...]
    place: Mapping[str, int]
    cpm: Array
    fraction: Array
    n_cells: NDArray[np.int64]
    depth: Array

    @property
    def used(self) -> NDArray[np.bool_]:
        """Samples × types: enough cells."""
        found: NDArray[np.bool_] = ~np.isnan(self.cpm[:, :, 0])
        return found

    def of(self, gene: str, /) -> Array:
        """CPM of a gene, samples × types; NaN where it is not measured."""
        at = self.place.get(gene)
        return np.full(self.n_cells.shape, np.nan) if at is None else self.cpm[:, :, at]

    def fraction_of(self, gene: str, /) -> Array:
        """Share of cells with the gene, samples × types."""
        at = self.place.get(gene)
        return np.full(self.n_cells.shape, np.nan) if at is None else self.fraction[:, :, at]

    def pooled(self, values: Array, /) -> Array:
        """Mean over all cells of a sample, of the types that have enough."""
        n = np.where(self.used, self.n_cells, 0)
        with np.errstate(invalid="ignore"):
            found: Array = (np.where(self.used, values, 0.0) * n).sum(axis=1) / n.sum(axis=1)
        return found

    def log(self, cpm: Array, /) -> Array:
        """log2(CPM + offset), less the bias that counting noise brings; see :func:`logged`."""
        return logged(cpm, self.depth if cpm.ndim == 2 else self.depth[:, :, None])

    def rows(self, which: NDArray[np.bool_], /) -> Tissue:
        """Some of the samples."""
        kept = tuple(name for name, ok in zip(self.samples, which, strict=True) if ok)
        return replace(
            self,
            samples=kept,
            cpm=self.cpm[which],
            fraction=self.fraction[which],
            n_cells=self.n_cells[which],
            depth=self.depth[which],
        )


def logged(cpm: Array, depth: Array, /) -> Array:
    """log2(CPM + 10) of counts, without the bias of the logarithm of noisy numbers.

    A count y of mean λ, with prior count k = 10·N/10⁶ at depth N, has E log(y + k) ≈ log(λ + k) −
    λ/(2(λ + k)²). That would make cells of a shallow type seem to express less; it is added back
    with y for λ. Values that are no counts (depth NaN) stay as they are.

    Examples
    --------
    >>> logged(np.array([0.0, 6.0]), np.array([1e6, np.nan])).round(3).tolist()
    [3.322, 4.0]
    >>> round(float(logged(np.array([90.0]), np.array([1e5]))[0]), 4)  # 9 counts
    6.7088
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        one = np.nan_to_num(1e6 / depth, nan=0.0, posinf=0.0)  # CPM of one count
        natural = np.log(cpm + OFFSET) + cpm * one / (2 * (cpm + OFFSET) ** 2)
    return np.asarray(natural / LN2, dtype=np.float64)


def over_others(values: Array, /) -> Array:
    """Every type less the mean of the other types of its sample; samples × types (× features).

    NaN where a sample has no other type; 0 where the difference is only rounding, as of a gene
    that no cell has.
    """
    there = ~np.isnan(values)
    n = there.sum(axis=1, keepdims=True)
    total = np.where(there, values, 0.0).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = values - (total - values) / (n - 1)
    found[np.broadcast_to(n < 2, found.shape)] = np.nan
    found[np.abs(found) <= ROUNDING * np.abs(values)] = 0.0
    return found


def over_samples(values: Array, /) -> Array:
    """Mean over the first dimension, of what is there; NaN where nothing is."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0)
    return found


def with_error(values: Array, /) -> tuple[NDArray[np.int64], Array, Array]:
    """Number of values, their mean and its standard error over the first dimension."""
    there = ~np.isnan(values)
    n, mean = there.sum(axis=0), over_samples(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.where(there, values - mean, 0.0)
        se = np.sqrt((rest**2).sum(axis=0) / np.where(n > 1, n - 1, np.nan) / n)
    return n, mean, se
