"""Passes over rows elsewhere: one task a block, run by whichever dask scheduler is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cytosig.blocks import n_threads
from cytosig.blocks.lazy import as_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.engine.prepare import Rows, Steps

_AT_ONCE = 4  # chunks a thread, where all of a batch have to be waited for


@dataclass(frozen=True)
class _Errand:
    """What every task does; sent to each worker once."""

    only: NDArray[np.bool_] | None
    steps: Steps
    function: Callable[..., Any]
    constants: tuple[Any, ...]

    def run(self, start: int, local: tuple[Any, ...], part: Any, /) -> Any:
        block = as_block(start, part).only(self.only)
        return self.function(self.steps.of(block), *local, *self.constants)


def run_remotely(
    rows: Rows,
    function: Callable[..., Any],
    constants: tuple[Any, ...],
    local: Callable[[Span], tuple[Any, ...]],
    take: Callable[[Span, Any], None],
    /,
    *,
    spans: Iterable[Span] | None = None,
) -> None:
    """Call ``take(span, function(block, *local(span), *constants))`` for every block.

    ``function`` runs where the scheduler puts it, ``take`` here, in whatever order results come.

    Parameters
    ----------
    rows
        Rows of a dask array, or of files that workers read.
    function, constants
        What is done with every block: a function that can be pickled, and what it needs.
    local
        What it needs to know of the rows of one block.
    take
        What is done with every result.
    spans
        The blocks; all of them when None.
    """
    from dask.delayed import delayed

    lazy = rows.blocks.lazy
    wanted = tuple(rows.spans if spans is None else spans)
    if lazy is None or not wanted:
        return
    errand = _Errand(rows.blocks.only, rows.steps, function, constants)
    sent = delayed(errand, pure=False, traverse=False)
    tasks = [sent.run(span[0], local(span), lazy.later(*span), pure=False) for span in wanted]
    for number, result in _as_they_come(tasks):
        take(wanted[number], result)


def _as_they_come(tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Results with their positions: each when it is there, or batch after batch."""
    client = _client()
    if client is None:
        from dask.base import compute

        step = _AT_ONCE * n_threads(None)
        for first in range(0, len(tasks), step):
            yield from enumerate(compute(*tasks[first : first + step]), first)
        return
    from distributed import as_completed

    futures = {future: k for k, future in enumerate(client.compute(list(tasks)))}
    coming = as_completed(list(futures), with_results=True)
    try:
        for future, result in coming:
            yield futures.pop(future), result
            future.release()
    finally:
        client.cancel(list(futures))


def _client() -> Any | None:
    """The distributed client in use, unless another scheduler was chosen."""
    import dask

    if dask.config.get("scheduler", None) not in (None, "dask.distributed", "distributed"):
        return None
    try:
        from distributed import get_client

        return get_client()
    except (ImportError, ValueError):
        return None
