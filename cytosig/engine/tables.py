"""The arrays of a run's jobs, and the slots that each block of rows fills."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from isal import isal_zlib

from cytosig._log import logger
from cytosig.engine.held import InMemory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.engine.outputs import Job, Seats
    from cytosig.engine.room import Room


class Tables:
    """The arrays that the jobs of a run fill.

    Parameters
    ----------
    jobs, seats
        Who fills them, and with which observations.
    room
        Where they are.
    """

    def __init__(self, jobs: Sequence[Job], seats: Seats, room: Room, /) -> None:
        self._jobs, self._seats, self._room = jobs, seats, room
        self._tables = [
            {
                name: room.table(f"job{k}-{name}", seats.n_rows(job.serves), field)
                for name, field in job.fields.items()
            }
            for k, job in enumerate(jobs)
        ]
        every = [table for tables in self._tables for table in tables.values()]
        self._direct = all(isinstance(table, InMemory) for table in every)
        self.done = self._checked()
        """Blocks that need not be read again."""

    @property
    def filled(self) -> list[dict[str, NDArray[Any]]]:
        """The arrays of every job."""
        return [{name: table.array for name, table in own.items()} for own in self._tables]

    @contextmanager
    def open(self, rows: slice, /) -> Iterator[list[dict[str, NDArray[Any]]]]:
        """Slots for the results of some rows: views of the arrays, or put into them after."""
        places = [self._seats.places(rows, job.serves) for job in self._jobs]
        if self._direct:
            yield [
                {name: table.array[place] for name, table in own.items()}
                for own, place in zip(self._tables, places, strict=True)
            ]
            return
        slots = [
            {name: field.empty(place.stop - place.start) for name, field in job.fields.items()}
            for job, place in zip(self._jobs, places, strict=True)
        ]
        yield slots
        self.put(rows, slots)

    def put(self, rows: slice, found: Sequence[Mapping[str, NDArray[Any]]], /) -> None:
        """Take over the results of some rows."""
        for job, own, values in zip(self._jobs, self._tables, found, strict=True):
            place = self._seats.places(rows, job.serves)
            for name, table in own.items():
                table.put(place, values[name])
        checksum = _checksum([[values[name] for name in job.fields]
                              for job, values in zip(self._jobs, found, strict=True)])  # fmt: skip
        self._room.finished((rows.start, rows.stop), checksum)

    def _checked(self) -> frozenset[Span]:
        """Of the blocks that are said to be done, those whose results are as they were written."""
        said, n = self._room.done, self._seats.n_rows(None)
        there = {span: checksum for span, checksum in said.items() if span[0] < span[1] <= n}
        found = frozenset(span for span, checksum in there.items() if checksum == self._sum(span))
        if len(found) < len(said):
            logger.warning(
                "Results of %d blocks are not as they were written: done again.",
                len(said) - len(found),
            )
        return found

    def _sum(self, span: Span) -> int:
        arrays = []
        for job, own in zip(self._jobs, self._tables, strict=True):
            place = self._seats.places(slice(*span), job.serves)
            arrays.append([own[name].array[place] for name in job.fields])
        return _checksum(arrays)


def _checksum(arrays: Sequence[Sequence[NDArray[Any]]], /) -> int:
    """Of what all jobs found in a block."""
    checksum = 0
    for array in (array for own in arrays for array in own):
        checksum = isal_zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
    return checksum
