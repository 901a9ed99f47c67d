"""The arrays of a run's jobs, and the slots that each block of rows fills."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cytosig.engine.room import InMemory

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

    @property
    def filled(self) -> list[dict[str, NDArray[Any]]]:
        """The arrays of every job."""
        return [{name: table.array for name, table in own.items()} for own in self._tables]

    @property
    def done(self) -> frozenset[Span]:
        """Blocks that need not be read again."""
        return self._room.done

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
        self._room.finished((rows.start, rows.stop))
