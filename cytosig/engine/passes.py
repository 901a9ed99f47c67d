"""Passes over the rows: in threads here, or as tasks of a dask scheduler where the rows are its."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig.blocks import for_each, n_threads
from cytosig.engine.outputs import fill, filled
from cytosig.engine.remote import run_remotely
from cytosig.engine.sums import Sums, added

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.blocks.block import Span
    from cytosig.engine.outputs import Job, Seats
    from cytosig.engine.prepare import Rows
    from cytosig.engine.sums import Added
    from cytosig.engine.tables import Tables


def collect(
    rows: Rows, function: Callable[[Block], Any], /, *, n_jobs: int | None = None
) -> list[Any]:
    """What a function says of every block, in no order; it can be pickled."""
    found: list[Any] = []
    tell = _teller(rows, "checking values")

    def here(block: Block) -> None:
        found.append(function(block))
        tell(block.stop - block.start)

    def take(span: Span, said: Any) -> None:
        found.append(said)
        tell(span[1] - span[0])

    if rows.blocks.lazy is None:
        for_each(rows, here, n_jobs=n_jobs)
    else:
        run_remotely(rows, function, (), lambda _: (), take)
    return found


def add_up(
    rows: Rows,
    group: NDArray[np.int64],
    n_groups: int,
    /,
    *,
    counted: bool = False,
    n_jobs: int | None = None,
    tick: Callable[[int], None] | None = None,
) -> Sums:
    """Sums of every gene in every group.

    Parameters
    ----------
    rows
        The matrix.
    group, n_groups
        Group of every observation, 0 ... n−1, or -1 to leave it out.
    counted
        Also count the observations in which each gene is not 0.
    n_jobs
        Threads; all cores when None.
    tick
        Called with the number of observations each finished block adds.
    """
    threads = n_threads(n_jobs)
    sums = Sums(n_groups, rows.n_genes, counted=counted, n_stripes=threads)
    tell = tick or _teller(rows, "measuring genes")

    def here(block: Block) -> None:
        sums.add(block, group[block.rows])
        tell(block.stop - block.start)

    def take(span: Span, found: Added) -> None:
        sums.merge(found.groups, found.found)
        tell(span[1] - span[0])

    if rows.blocks.lazy is None:
        for_each(rows, here, n_jobs=threads)
    else:
        run_remotely(
            rows, added, (rows.n_genes, counted), lambda span: (group[slice(*span)],), take
        )
    return sums


def run_jobs(
    rows: Rows,
    jobs: Sequence[Job],
    seats: Seats,
    tables: Tables,
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
    seats
        What is known of every observation.
    tables
        Where the results go; blocks they hold already are not read again.
    n_jobs
        Threads; all cores when None.
    tick
        Called with the number of observations each finished block adds.
    """
    n_done = sum(stop - start for start, stop in tables.done)
    tell = tick or _teller(rows, "scoring", n_done)

    def here(block: Block) -> None:
        batch, which = seats.of(block.rows)
        with tables.open(block.rows) as slots:
            fill(block, batch, which, jobs, slots)
        tell(block.stop - block.start)

    def take(span: Span, found: list[dict[str, NDArray[np.generic]]]) -> None:
        tables.put(slice(*span), found)
        tell(span[1] - span[0])

    missing = [span for span in rows.spans if span not in tables.done]
    if tick is not None and n_done:
        tick(n_done)
    if rows.blocks.lazy is None:
        for_each(rows, here, n_jobs=n_jobs, spans=missing)
    else:
        run_remotely(
            rows, filled, (tuple(jobs),), lambda span: seats.of(slice(*span)), take, spans=missing
        )


def _teller(rows: Rows, phase: str, n_done: int = 0) -> Callable[[int], None]:
    """What is told of every block: whoever watches the rows, or nobody."""
    watch = rows.blocks.watch
    return _nothing if watch is None else watch.begin(phase, rows.n_obs, n_done)


def _nothing(_: int) -> None:
    pass
