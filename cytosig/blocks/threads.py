"""Blocks of rows, several at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cytosig.blocks.block import Block, Span


class Readable(Protocol):
    """Rows that several threads may read at once."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """First and last + 1 row of every block, in order."""

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""


def n_threads(n_jobs: int | None, /) -> int:
    """Threads to use: ``n_jobs``, or every core this process may run on."""
    if n_jobs is not None:
        return max(1, n_jobs)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_each(
    rows: Readable,
    work: Callable[[Block], None],
    /,
    *,
    n_jobs: int | None = None,
    spans: Iterable[Span] | None = None,
) -> None:
    """Read every block and run ``work`` on it; each thread does both, so that they overlap.

    Parameters
    ----------
    rows, work
        What is read, and what is done with every block.
    n_jobs
        Threads; all cores when None.
    spans
        The blocks to read; all of them when None.
    """

    def read_and_work(span: Span) -> None:
        work(rows.read(*span))

    wanted = rows.spans if spans is None else tuple(spans)
    threads = min(n_threads(n_jobs), len(wanted))
    if threads <= 1:
        for span in wanted:
            read_and_work(span)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        for done in pool.map(read_and_work, wanted):
            del done
    finally:  # after an error or an interrupt, blocks not begun are not begun
        pool.shutdown(cancel_futures=True)
