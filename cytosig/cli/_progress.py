"""A progress bar that shows itself only when the wait is worth it."""

from __future__ import annotations

import logging
import sys
import time
from threading import Lock
from typing import TYPE_CHECKING, Self

from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class Bar:
    """Observations done, on stderr, once the work has lasted over a second.

    Nothing is shown when stderr is no terminal or notices are off.

    Parameters
    ----------
    total
        Observations to do.
    """

    def __init__(self, total: int, /) -> None:
        self._total = total
        self._done = 0
        self._since = time.monotonic()
        self._lock = Lock()  # blocks finish in several threads
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        self._since = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    @property
    def tick(self) -> Callable[[int], None] | None:
        """What the work calls with the observations just done; None when nobody looks."""
        wanted = sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)
        return self._advance if wanted else None

    def _advance(self, n_rows: int, /) -> None:
        with self._lock:
            self._done += n_rows
            if self._shown is None and time.monotonic() - self._since > _PATIENCE:
                self._shown = self._start()
            if self._shown is not None:
                progress, task = self._shown
                progress.update(task, completed=self._done)

    def _start(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        progress = Progress(
            "cytosig: scoring",
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        progress.start()
        return progress, progress.add_task("", total=self._total)
