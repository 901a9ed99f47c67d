"""A progress bar that shows itself only when the wait is worth it."""

from __future__ import annotations

import logging
import sys
import time
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Self

from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class Bar:
    """Observations done in each pass over them, on stderr, once the work has lasted over a second.

    Nothing is shown when stderr is no terminal or notices are off.

    Parameters
    ----------
    label
        What is worked on.
    """

    def __init__(self, label: str = "cytosig", /) -> None:
        self._label, self._phase = label, ""
        self._total = self._done = self._before = 0
        self._began = self._since = time.monotonic()
        self._lock = Lock()  # blocks finish in several threads
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        self._began = time.monotonic()
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
    def watch(self) -> Self | None:
        """What is told of every pass; None when nobody looks."""
        wanted = sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)
        return self if wanted else None

    def begin(self, phase: str, n_rows: int, n_done: int = 0, /) -> Callable[[int], None]:
        """Start anew for a pass over the rows; what is returned counts those it has done."""
        with self._lock:
            self._phase, self._total = phase, n_rows
            self._done = self._before = n_done
            self._since = time.monotonic()
            self._show()
        return self._advance

    def _advance(self, n_rows: int, /) -> None:
        with self._lock:
            self._done += n_rows
            self._show()

    def _show(self) -> None:
        if self._shown is None and time.monotonic() - self._began > _PATIENCE:
            self._shown = self._start()
        if self._shown is not None:
            progress, task = self._shown
            what = f"{self._label}: {self._phase}"
            progress.update(
                task, description=what, total=self._total, completed=self._done, pace=self._pace()
            )

    def _pace(self) -> str:
        """Observations a second in this pass, and when it will be over at that rate."""
        taken = time.monotonic() - self._since
        n_new = self._done - self._before
        if not n_new or taken <= 0:
            return ""
        left = timedelta(seconds=round((self._total - self._done) * taken / n_new))
        return f"{n_new / taken:,.0f} obs/s, {left} left"

    def _start(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=Console(stderr=True),
            transient=True,
        )
        progress.start()
        return progress, progress.add_task("", total=self._total, pace="")
