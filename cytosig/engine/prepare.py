"""Rows on their way to the kernel: genes dropped or summed, counts normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from cytosig.blocks import Block, RowBlocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span

CELL_TOTAL, BULK_TOTAL = 1e4, 1e6  # what an observation is brought to before the logarithm
BULK_DEPTH = 5e5  # median total above which observations are bulk, not cells


@dataclass(frozen=True)
class Steps:
    """What is done with every block of rows before it is looked at.

    Parameters
    ----------
    n_columns
        Columns of the data.
    selector
        Data columns × engine genes, 0/1; sums duplicates, drops and reorders genes.
        None leaves the columns as they are.
    target_sum
        Bring each row to this sum, then log(x + 1); None leaves the values as they are.
    library
        Stored columns that sum runs over; all of them when None.
    """

    n_columns: int
    selector: sp.csr_matrix | None = None
    target_sum: float | None = None
    library: NDArray[np.bool_] | None = None

    @property
    def n_genes(self) -> int:
        """Number of genes the engine sees: the gene universe of the null."""
        return self.n_columns if self.selector is None else self.selector.shape[1]

    def of(self, block: Block, /) -> Block:
        """The block, prepared."""
        totals = _row_sums(block, self.library) if self.target_sum is not None else None
        if self.selector is not None:
            picked = block.to_scipy(self.n_columns) @ self.selector
            block = Block.from_scipy(block.start, sp.csr_matrix(picked))
        if totals is None or self.target_sum is None:
            return block
        return _log_normalised(block, totals, self.target_sum)


@dataclass(frozen=True)
class Rows:
    """A matrix as the engine sees it: stored blocks, and what is done with each."""

    blocks: RowBlocks
    steps: Steps

    @classmethod
    def as_stored(cls, blocks: RowBlocks, /) -> Rows:
        """Every column a gene, values as they are."""
        return cls(blocks, Steps(blocks.shape[1]))

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return self.blocks.shape[0]

    @property
    def n_genes(self) -> int:
        """Number of genes the engine sees."""
        return self.steps.n_genes

    @property
    def spans(self) -> tuple[Span, ...]:
        """First and last + 1 row of every block, in order."""
        return self.blocks.spans

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``, prepared; safe in several threads."""
        return self.steps.of(self.blocks.read(start, stop))


def _row_sums(block: Block, library: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    values = block.data.astype(np.float64)
    if library is not None:
        values[~library[block.indices]] = 0.0
    sums = np.zeros(len(block.indptr) - 1)
    filled = np.diff(block.indptr) > 0
    if filled.any():
        sums[filled] = np.add.reduceat(values, block.indptr[:-1][filled])
    return sums


def usual_total(blocks: RowBlocks, /) -> float:
    """The total to normalise to: 10,000 for cells, 1,000,000 for bulk, told from the depth."""
    sums = _row_sums(blocks.sample(), None)
    with np.errstate(invalid="ignore"):
        filled = sums[sums > 0]
    return BULK_TOTAL if filled.size and np.median(filled) > BULK_DEPTH else CELL_TOTAL


def usual_total_undone(blocks: RowBlocks, base: float, /) -> float:
    """Median over rows of what log(x + 1) of this base adds up to once it is undone."""
    block = blocks.sample()
    with np.errstate(over="ignore"):
        undone = np.expm1(block.data.astype(np.float64) * np.log(base))
    plain = Block(block.start, block.stop, block.indptr, block.indices, undone)
    sums = _row_sums(plain, None)
    return float(np.median(sums[sums > 0])) if (sums > 0).any() else np.nan


def _log_normalised(block: Block, totals: NDArray[np.float64], target_sum: float) -> Block:
    with np.errstate(invalid="ignore"):  # infinities and NaN stay what they are
        scale = np.divide(target_sum, totals, out=np.zeros_like(totals), where=totals != 0)
        data = np.log1p(block.data * np.repeat(scale, np.diff(block.indptr)))
    return Block(block.start, block.stop, block.indptr, block.indices, data)


def selector(n_columns: int, groups: Sequence[Sequence[int]], /) -> sp.csr_matrix:
    """0/1 matrix that sums each group of columns into one gene."""
    columns = np.concatenate([np.asarray(g, dtype=np.int64) for g in groups])
    target = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    ones = np.ones(len(columns), dtype=np.float32)
    return sp.csr_matrix((ones, (columns, target)), shape=(n_columns, len(groups)))
