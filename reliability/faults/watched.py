"""A command in a process of its own, which ends, stops or does something at a moment told."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._errors import CytosigError
from reliability.faults.commands import Command, run
from reliability.faults.moment import Counter, Moment
from reliability.faults.outcome import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NUMBERS = itertools.count()
_LIMIT = 120.0  # seconds


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Parameters
    ----------
    status
        Of the exit; the negative number of the signal that ended it.
    said
        What it wrote to stderr.
    operations, readings, turns
        How many it had made, and which gave a file its name; nothing where it was killed.
    seconds
        Of the clock, once it had begun.
    """

    status: int
    said: str
    operations: int
    readings: int
    turns: tuple[int, ...]
    seconds: float

    @property
    def reason(self) -> str:
        """Why it failed; "done" where it did not."""
        return plain(self.said) if self.status else "done"

    @property
    def is_clear(self) -> bool:
        """It says in so many words what is wrong."""
        told = [line for line in self.said.splitlines() if line.startswith("cytosig: error:")]
        unforeseen = ("Traceback", "unexpected error", "Exception ignored")
        return bool(told) and not any(word in self.said for word in unforeseen)


class Run:
    """A command that is running in a folder.

    Parameters
    ----------
    command, more
        What is done, and further words.
    place
        The folder, which holds ``in`` and ``out``.
    moment, act
        When something happens, and what: the number of a signal it sends to itself, or a call.
    before
        Called in the new process before anything else.
    """

    def __init__(
        self,
        command: Command,
        place: Path,
        *more: str,
        moment: Moment | None = None,
        act: int | Callable[[], None] = signal.SIGKILL,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._place = place
        self._status: int | None = None  # once it has ended
        self._told = place.with_name(f"{place.name}.{next(_NUMBERS)}.told")
        self._moment, self._act = moment or Moment(), act
        sys.stdout.flush()
        self._told.touch()
        ready, begins = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            self._serve(command, more, before, begins)
        os.close(begins)
        os.read(ready, 1)
        os.close(ready)
        self._start = time.perf_counter()

    def wait(self) -> Ended:
        """Until it has ended."""
        status = self._until_it_ends()
        seconds = time.perf_counter() - self._start
        texts = self._told.read_text(errors="replace").rsplit("\0", 1)
        counts = [int(text) for text in texts[1].split()] if len(texts) == 2 else [0, 0]
        self._told.unlink()
        return Ended(status, texts[0], counts[0], counts[1], tuple(counts[2:]), seconds)

    def until_it_stops(self) -> bool:
        """Until it has stopped itself; False where it has ended before."""
        _, status = os.waitpid(self._pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        self._status = os.waitstatus_to_exitcode(status)
        return False

    def go_on(self) -> None:
        """After it has stopped itself."""
        os.kill(self._pid, signal.SIGCONT)

    def _until_it_ends(self) -> int:
        when = self._moment.seconds
        while self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            late = time.perf_counter() - self._start
            if late > _LIMIT:
                os.kill(self._pid, signal.SIGKILL)
            elif when and late >= when:
                os.kill(self._pid, int(self._act))  # type: ignore[call-overload]
                when = 0.0
            time.sleep(0.001 if when else 0.003)
        return self._status

    def _serve(
        self, command: Command, more: tuple[str, ...], before: Callable[[], None], begins: int
    ) -> None:
        status = 70
        try:
            with self._told.open("w", buffering=1) as told:
                os.dup2(told.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False, errors="replace")
            sys.stdout = os.fdopen(1, "w", closefd=False)
            os.chdir(self._place)
            if command.call is not None:  # h5py tells of every file it cannot close
                sys.unraisablehook = sys.excepthook = lambda *_: None
            before()
            counter = Counter(self._place, self._moment, self._act)
            counter.begin()
            os.write(begins, b".")
            status = done(command, more)
            counter.end()
            counts = (counter.operations, counter.readings, *counter.turns)
            os.write(2, f"\0{' '.join(map(str, counts))}".encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)


def done(command: Command, more: tuple[str, ...] = ()) -> int:
    """The exit status; an error of the package from Python counts as on the command line."""
    logging.getLogger("cytosig").setLevel(logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return run(command, *more)
        except CytosigError as exc:
            print(f"cytosig: error: {exc}", file=sys.stderr)
            return exc.exit_code
        except KeyboardInterrupt:
            return 130
