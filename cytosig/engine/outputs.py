"""What a job makes of the rows it sees, and which rows those are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cytosig.blocks import for_each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.prepare import Rows

    Array = NDArray[np.float64]

REASONS = {
    1: "no non-zero value",
    2: "every gene has the same value",
    3: "NaN or infinite value",
    4: "nothing left after centring",
}


@dataclass(frozen=True)
class Outputs:
    """What one method found for some of the observations, in their order.

    Parameters
    ----------
    columns, n_signatures
        Output names, signatures before axes, and how many of them are signatures.
    state
        Of every observation: 0 scored, else a reason of ``REASONS``; its values are NaN.
    score
        Observations × outputs.
    pvalue, estimate
        The same shape; None where the method has none.
    """

    columns: tuple[str, ...]
    n_signatures: int
    state: NDArray[np.int8]
    score: Array
    pvalue: Array | None = None
    estimate: Array | None = None


class Part:
    """Some of the observations, and where they stand among themselves."""

    def __init__(self, mine: NDArray[np.bool_], /) -> None:
        self._mine = mine
        self._before = np.concatenate([[0], np.cumsum(mine)])
        self.n_obs = int(mine.sum())

    def of(self, block: Block, /) -> tuple[NDArray[np.int64], slice]:
        """The block's rows that are among them, and their positions in the part."""
        here = np.flatnonzero(self._mine[block.rows])
        return here, slice(int(self._before[block.start]), int(self._before[block.stop]))


class Job(Protocol):
    """Something done with every block of rows; blocks come in any order, several at a time."""

    def run(self, block: Block, /) -> None:
        """See the rows of one block."""

    def outputs(self) -> Mapping[str, Outputs]:
        """What was found, by method, once every block has been seen."""


def run_jobs(
    rows: Rows,
    jobs: Sequence[Job],
    /,
    *,
    n_jobs: int | None,
    tick: Callable[[int], None] | None = None,
) -> None:
    """Show every block to every job, in one pass over the rows.

    Parameters
    ----------
    rows, jobs
        What is read, and by whom.
    n_jobs
        Threads; all cores when None.
    tick
        Called with the number of observations each finished block adds.
    """

    def work(block: Block) -> None:
        for job in jobs:
            job.run(block)
        if tick is not None:
            tick(block.stop - block.start)

    for_each(iter(rows), work, n_jobs=n_jobs)
