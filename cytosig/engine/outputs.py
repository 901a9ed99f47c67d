"""What a job makes of the rows it sees, and what is known of those rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.blocks import Block

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


class Field(NamedTuple):
    """An array of results: columns (None for a plain vector) and their type."""

    width: int | None
    dtype: Any = np.float64

    def empty(self, n_rows: int, /) -> NDArray[Any]:
        """Room for some observations: NaN, or 0 where that is no number."""
        shape = (n_rows,) if self.width is None else (n_rows, self.width)
        floats = np.issubdtype(self.dtype, np.floating)
        return np.full(shape, np.nan if floats else 0, dtype=self.dtype)


STATE = Field(None, np.int8)
Slots = Mapping[str, "NDArray[Any]"]


class Job(Protocol):
    """Something done with every block of rows; blocks come in any order, several at a time.

    A job holds what is the same for all observations and nothing else, so that it can be sent to
    where the rows are.
    """

    @property
    def serves(self) -> int | None:
        """The group of observations it is for; all of them when None."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """The arrays it fills, one row an observation it serves."""

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Fill the slots of rows ``here`` of the block, which are of these batches."""

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """What was found, by method, once every block has been seen."""


class Seats:
    """What is known of every observation before its row is read.

    Parameters
    ----------
    batch
        Batch it is centred in, 0 ... n−1; None where there is one.
    which
        Group of observations with the same signatures, 0 ... n−1.
    """

    def __init__(self, batch: NDArray[np.int64] | None, which: NDArray[np.int64], /) -> None:
        self._batch, self._which = batch, which
        self.sizes = np.bincount(which)
        self._place = np.zeros(len(which), dtype=np.int64)
        for k, size in enumerate(self.sizes):
            self._place[which == k] = np.arange(size)

    def of(self, rows: slice, /) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Batch and group of some rows."""
        which = self._which[rows]
        return np.zeros_like(which) if self._batch is None else self._batch[rows], which

    def n_rows(self, serves: int | None, /) -> int:
        """Observations of a group, or all."""
        return len(self._which) if serves is None else int(self.sizes[serves])

    def places(self, rows: slice, serves: int | None, /) -> slice:
        """Where a group's observations among these rows stand in the group."""
        if serves is None:
            return rows
        mine = self._place[rows][self._which[rows] == serves]
        return slice(int(mine[0]), int(mine[-1]) + 1) if mine.size else slice(0, 0)


def fill(
    block: Block,
    batch: NDArray[np.int64],
    which: NDArray[np.int64],
    jobs: Sequence[Job],
    slots: Sequence[Slots],
    /,
) -> None:
    """Show a block to every job that serves some of its rows."""
    everyone = np.arange(len(which))
    for job, into in zip(jobs, slots, strict=True):
        here = everyone if job.serves is None else np.flatnonzero(which == job.serves)
        if here.size:
            job.run(block, here, batch[here], into)


def filled(
    block: Block, batch: NDArray[np.int64], which: NDArray[np.int64], jobs: Sequence[Job], /
) -> list[dict[str, NDArray[Any]]]:
    """What all jobs find in one block."""
    slots = []
    for job in jobs:
        n = len(which) if job.serves is None else int((which == job.serves).sum())
        slots.append({name: field.empty(n) for name, field in job.fields.items()})
    fill(block, batch, which, jobs, slots)
    return slots
