"""A large sparse matrix with realistic gene means, made quickly, for benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError
from cytosig.datasets.panel import with_filler

if TYPE_CHECKING:
    from collections.abc import Sequence

    import scipy.sparse as sp
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

GENE_SD = 1.8
CELL_SD = 0.4
_BLOCK = 64
_NODES = 16


def simulate_counts(
    n_obs: int,
    n_genes: int,
    *,
    density: float = 0.07,
    genes: Sequence[str] | None = None,
    rng: int | np.random.Generator = 0,
) -> AnnData:
    """Simulate a sparse log-normalised matrix without structure, for benchmarks.

    Parameters
    ----------
    n_obs, n_genes
        Shape.
    density
        Expected share of non-zeros, between 0 and 1.
    genes
        Gene names to put first; the rest are ``BG0001`` ...
    rng
        Seed or generator; the same seed gives the same bytes.

    Returns
    -------
    AnnData
        ``X`` is log(1 + 1e4·count/library), float32 CSR, of Poisson counts whose gene means
        and cell sizes are log-normal.

    Raises
    ------
    UsageError
        When the shape is empty, the density is not between 0 and 1, or the names do not fit.

    Notes
    -----
    A count is the number of arrivals of a Poisson process before its rate λ. One exponential
    draw, the first arrival, decides whether it is zero; only the others need a second draw,
    1 + Poisson(λ − arrival).

    Examples
    --------
    >>> from cytosig.datasets import simulate_counts
    >>> adata = simulate_counts(100, 500, genes=["IL6", "TNF"])
    >>> adata.shape, list(adata.var_names[:3])
    ((100, 500), ['IL6', 'TNF', 'BG0001'])
    """
    if n_obs < 1 or n_genes < 1:
        raise UsageError(f"n_obs={n_obs}, n_genes={n_genes}: both must be 1 or more.")
    if not 0 < density < 1:
        raise UsageError(f"density={density}: expected a number between 0 and 1.")
    names = with_filler(list(genes or ()), n_genes)
    generator = np.random.default_rng(rng)
    rates = _scaled(generator.lognormal(0.0, GENE_SD, size=n_genes), density)
    sizes = generator.lognormal(0.0, CELL_SD, size=n_obs).astype(np.float32)
    return _assemble(_matrix(generator, rates, sizes), names)


def _scaled(rates: NDArray[np.float64], density: float) -> NDArray[np.float32]:
    """Rates times the factor at which the expected share of non-zeros is ``density``."""
    from scipy.special import ndtri

    nodes = np.exp(CELL_SD * ndtri((np.arange(_NODES) + 0.5) / _NODES))
    grid = np.outer(nodes, rates)
    low, high = -40.0, 40.0
    for _ in range(50):
        middle = (low + high) / 2
        if -np.expm1(-np.exp(middle) * grid).mean() < density:
            low = middle
        else:
            high = middle
    return np.asarray(rates * np.exp(low), dtype=np.float32)


def _matrix(
    rng: np.random.Generator, rates: NDArray[np.float32], sizes: NDArray[np.float32]
) -> sp.csr_matrix:
    """Cells × genes, grown block by block so that little more than the result is held."""
    import scipy.sparse as sp

    shape = (len(sizes), len(rates))
    indptr = np.zeros(shape[0] + 1, dtype=np.int64)
    indices, data = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    for start in range(0, shape[0], _BLOCK):
        here = sizes[start : start + _BLOCK]
        lengths, column, value = _block(rng, rates, here)
        np.cumsum(lengths, out=indptr[start + 1 : start + 1 + len(here)])
        indptr[start + 1 : start + 1 + len(here)] += len(data)
        stop = len(data) + len(value)
        indices.resize(stop, refcheck=False)
        data.resize(stop, refcheck=False)
        indices[stop - len(value) :], data[stop - len(value) :] = column, value
    if len(data) <= np.iinfo(np.int32).max:
        return sp.csr_matrix((data, indices, indptr.astype(np.int32)), shape=shape)
    return sp.csr_matrix((data, indices.astype(np.int64), indptr), shape=shape)


def _block(
    rng: np.random.Generator, rates: NDArray[np.float32], sizes: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row lengths, columns and values of some rows."""
    rate = np.multiply.outer(sizes, rates)
    rate -= rng.standard_exponential(size=rate.shape, dtype=np.float32)
    place = np.flatnonzero(rate > 0)
    row, column = np.divmod(place, len(rates))
    count = 1 + rng.poisson(rate.ravel()[place])
    library = np.bincount(row, weights=count, minlength=len(sizes))
    lengths = np.bincount(row, minlength=len(sizes))
    return lengths, column, np.log1p(1e4 * count / library[row])


def _assemble(matrix: sp.csr_matrix, names: list[str]) -> AnnData:
    import anndata as ad
    import pandas as pd

    n_obs = matrix.shape[0]
    width = max(6, len(str(n_obs)))
    obs = pd.DataFrame(index=[f"C{i:0{width}d}" for i in range(1, n_obs + 1)])
    return ad.AnnData(matrix, obs=obs, var=pd.DataFrame(index=names))
