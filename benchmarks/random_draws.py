"""Random signatures: genes drawn from bins of expression, and their linear z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.stats import rankdata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Index = NDArray[np.int64]

N_BINS = 25
ROOM = 2
"""A bin holds at least this many candidates for each gene drawn from it."""

_CHUNK = 500


def bins_of(expression: Array, n: int, /) -> Index:
    """Bin of every gene: ``n`` bins of equal size along the expression."""
    order = np.argsort(expression, kind="stable")
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.arange(len(order)) * n // len(order)
    return found


def binning(expression: Array, allowed: NDArray[np.bool_], genes: Index, /) -> tuple[Index, int]:
    """Bins with room for the draws: 25 of them, fewer where a bin has too few candidates."""
    for n in range(N_BINS, 0, -1):
        bins = bins_of(expression, n)
        wanted = np.bincount(bins[genes], minlength=n)
        if (np.bincount(bins[allowed], minlength=n) >= ROOM * wanted).all():
            return bins, n
    raise ValueError(f"{int(allowed.sum())} candidates are too few to draw {len(genes)} from.")


def subsets(rng: np.random.Generator, pool: Index, size: int, n: int, /) -> Index:
    """``n`` draws of ``size`` from the pool, without replacement and in random order.

    Floyd's algorithm, every draw at once.
    """
    taken = np.empty((n, size), dtype=np.int64)
    for k in range(size):
        last = len(pool) - size + k
        new = rng.integers(0, last + 1, size=n)
        seen = (taken[:, :k] == new[:, None]).any(axis=1)
        taken[:, k] = np.where(seen, last, new)
    return pool[rng.permuted(taken, axis=1)]


def draw(
    rng: np.random.Generator,
    genes: Index,
    expression: Array,
    allowed: NDArray[np.bool_],
    n: int,
    /,
) -> tuple[Index, int]:
    """Random signatures matched to one.

    Parameters
    ----------
    genes
        Columns of the signature's genes.
    expression
        What genes are matched on, one value a column.
    allowed
        Columns that may be drawn.
    n
        Number of draws.

    Returns
    -------
    Draws × genes, each gene replaced by one of its own bin; and the number of bins.
    """
    bins, n_bins = binning(expression, allowed, genes)
    drawn = np.empty((n, len(genes)), dtype=np.int64)
    for k in np.unique(bins[genes]):
        places = np.flatnonzero(bins[genes] == k)
        pool = np.flatnonzero(allowed & (bins == k))
        drawn[:, places] = subsets(rng, pool, len(places), n)
    return drawn, n_bins


def unit_columns(values: Array, /) -> Array:
    """Genes × observations, each observation with mean 0 and length 1 over its genes.

    ``values`` are observations × genes and are overwritten.
    """
    values -= values.mean(axis=1, keepdims=True)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return np.ascontiguousarray(values.T)


def linear_z(unit: Array, drawn: Index, weights: Array, /) -> Iterator[Array]:
    """z = √(G−1)·Pearson(signature, observation), in chunks of draws × observations.

    Parameters
    ----------
    unit
        Genes × observations from `unit_columns`.
    drawn
        Draws × genes of the signature: rows of ``unit``.
    weights
        Signed weights, one a gene of the signature.
    """
    n_genes = len(unit)
    length = np.sqrt((weights**2).sum() - weights.sum() ** 2 / n_genes)
    for start in range(0, len(drawn), _CHUNK):
        part = drawn[start : start + _CHUNK]
        pointer = np.arange(len(part) + 1) * len(weights)
        cells = (np.tile(weights, len(part)), part.ravel(), pointer)
        signatures = sp.csr_matrix(cells, shape=(len(part), n_genes))
        yield np.asarray(signatures @ unit) * (np.sqrt(n_genes - 1) / length)


def difference(z: Array, treated: NDArray[np.bool_], /) -> Array:
    """Mean z of the treated observations minus that of the controls, one a row."""
    return np.asarray(z[:, treated].mean(axis=1) - z[:, ~treated].mean(axis=1))


def cohens_d(z: Array, treated: NDArray[np.bool_], /) -> Array:
    """The difference divided by the pooled standard deviation inside the two groups."""
    a, b = z[:, treated], z[:, ~treated]
    squares = a.var(axis=1) * a.shape[1] + b.var(axis=1) * b.shape[1]
    return np.asarray(difference(z, treated) / np.sqrt(squares / (z.shape[1] - 2)))


def aurocs(z: Array, treated: NDArray[np.bool_], /) -> Array:
    """Chance that a treated observation scores above a control, one a row."""
    n, m = int(treated.sum()), int((~treated).sum())
    ranks = rankdata(z, axis=1)[:, treated].sum(axis=1)
    return np.asarray((ranks - n * (n + 1) / 2) / (n * m))
