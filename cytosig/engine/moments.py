"""Gene means and standard deviations that observations are centred and scaled on."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.blocks import n_threads
from cytosig.kernels.rows import gene_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.engine.prepare import Rows

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What to subtract and divide by, for each group of observations.

    Parameters
    ----------
    mean, inverse_sd
        Groups × genes.
    group
        Group of every observation.
    """

    mean: NDArray[np.float64]
    inverse_sd: NDArray[np.float64]
    group: NDArray[np.int64]


def untouched(n_obs: int, n_genes: int, /) -> Moments:
    """No centring, no scaling."""
    return fixed(np.zeros(n_genes), None, n_obs)


def fixed(mean: NDArray[np.float64], sd: NDArray[np.float64] | None, n_obs: int, /) -> Moments:
    """The same given moments for every observation."""
    inverse = np.ones_like(mean) if sd is None else _inverse(sd)
    return Moments(mean[None], inverse[None], np.zeros(n_obs, dtype=np.int64))


def measure(
    rows: Rows,
    group: NDArray[np.int64],
    use: NDArray[np.bool_],
    /,
    *,
    scale: bool,
    n_jobs: int | None,
) -> Moments:
    """Gene moments of the observations in ``use``, for each group.

    Sums run in row order within each gene, so they do not depend on blocks or threads.

    Parameters
    ----------
    rows
        The matrix.
    group
        Group of every observation, 0 ... n−1.
    use
        Observations the moments are taken on; every group has at least one.
    scale
        Also divide by the standard deviation (genes that do not vary stay at 0).
    """
    n_groups = int(group.max()) + 1 if group.size else 1
    mean, sd = sums_of_genes(rows, np.where(use, group, -1), n_groups, n_jobs=n_jobs)
    inverse = _inverse(sd) if scale else np.ones_like(sd)
    return Moments(mean, inverse, group)


def sums_of_genes(
    rows: Rows, group: NDArray[np.int64], n_groups: int, /, *, n_jobs: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation (n − 1) of every gene in every group; -1 is left out."""
    sums = np.zeros((n_groups, rows.n_genes))
    squares = np.zeros_like(sums)
    threads = n_threads(n_jobs)
    edges = np.linspace(0, rows.n_genes, threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        for block in rows:
            arrays = (block.indptr, block.indices, block.data, group[block.rows])
            jobs = [
                pool.submit(gene_sums, *arrays, int(lo), int(hi), sums, squares)
                for lo, hi in itertools.pairwise(edges)
            ]
            for job in jobs:
                job.result()
    n = np.bincount(group[group >= 0], minlength=n_groups).astype(np.float64)[:, None]
    mean = sums / n
    with np.errstate(invalid="ignore", over="ignore"):  # infinities are named by the caller
        return mean, _sd(squares, mean, n)


def _sd(squares: Array, mean: Array, n: Array) -> Array:
    variance = np.maximum(squares - n * mean**2, 0.0) / np.maximum(n - 1, 1)
    variance[variance < 1e-12 * squares / n] = 0.0
    return np.asarray(np.sqrt(variance))


def _inverse(sd: NDArray[np.float64]) -> NDArray[np.float64]:
    inverse: NDArray[np.float64] = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
    return inverse
