"""Sums over groups of observations, gene by gene, that do not depend on the order of rows."""

from __future__ import annotations

import itertools
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig.kernels.rows import filled_rows, gene_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks import Block

    Array = NDArray[np.float64]


class Found(NamedTuple):
    """What has been added up.

    Σx and Σx² with what rounding took from them, groups × genes × 4; observations of each group
    that hold a value; and those in which each gene is not 0, groups × genes, or no rows of these
    where nobody asked for them.
    """

    sums: Array
    n_used: NDArray[np.int64]
    counts: NDArray[np.int64]


class Sums:
    """Σx and Σx² of every gene in every group, in twice the precision of a double.

    Several threads may add at once: each holds one stripe of the genes at a time.

    Parameters
    ----------
    n_groups, n_genes
        What is added up.
    counted
        Also count the observations in which each gene is not 0.
    n_stripes
        Threads that will add at once.
    """

    def __init__(
        self, n_groups: int, n_genes: int, /, *, counted: bool = False, n_stripes: int = 1
    ) -> None:
        counts = np.zeros((n_groups if counted else 0, n_genes), dtype=np.int64)
        empty = np.zeros((n_groups, n_genes, 4)), np.zeros(n_groups, dtype=np.int64)
        self.found = Found(*empty, counts)
        edges = np.linspace(0, n_genes, n_stripes + 1).astype(int).tolist()
        self._stripes = [(lo, hi, Lock()) for lo, hi in itertools.pairwise(edges)]
        self._lock = Lock()
        self._turn = itertools.count()

    def add(self, block: Block, group: NDArray[np.int64], /) -> None:
        """Add a block's rows; ``group`` is each row's, -1 to leave it out."""
        found = self.found
        arrays = (block.indptr, block.indices, block.data, group)
        filled = np.zeros(len(group), dtype=bool)
        filled_rows(block.indptr, block.data, filled)
        used = np.bincount(group[filled & (group >= 0)], minlength=len(found.n_used))
        with self._lock:
            turn = next(self._turn) % len(self._stripes)
            found.n_used[:] += used
        for lo, hi, lock in (*self._stripes[turn:], *self._stripes[:turn]):
            with lock:
                gene_sums(*arrays, lo, hi, found.sums, found.counts)

    def merge(self, groups: NDArray[np.int64], other: Found, /) -> None:
        """Add what was found elsewhere; ``groups`` are the groups of its rows."""
        mine = self.found.sums[groups]
        with np.errstate(invalid="ignore"):  # infinities are named by whoever reads the rows
            for high in (0, 2):
                before, value = mine[..., high], other.sums[..., high]
                after = before + value
                taken = after - before
                rest = (before - (after - taken)) + (value - taken)
                mine[..., high + 1] += rest + other.sums[..., high + 1]
                mine[..., high] = after
        self.found.sums[groups] = mine
        self.found.n_used[groups] += other.n_used
        if len(self.found.counts):
            self.found.counts[groups] += other.counts

    def total(self, power: int = 1, /) -> Array:
        """Σx or Σx², groups × genes."""
        high, low = self.found.sums[..., 2 * power - 2], self.found.sums[..., 2 * power - 1]
        with np.errstate(invalid="ignore"):  # infinities are named by whoever reads the rows
            return np.asarray(high + low)


class Added(NamedTuple):
    """What one block adds up to, on its own."""

    groups: NDArray[np.int64]
    found: Found


def added(block: Block, group: NDArray[np.int64], n_genes: int, counted: bool, /) -> Added:
    """The sums of one block, for the groups that are in it."""
    groups = np.unique(group[group >= 0])
    own = Sums(len(groups), n_genes, counted=counted)
    own.add(block, np.where(group >= 0, np.searchsorted(groups, group), -1))
    return Added(groups, own.found)
