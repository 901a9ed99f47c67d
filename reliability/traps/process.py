"""Work done by a child of this process, and the command line as a child runs it."""

from __future__ import annotations

import os
import pickle
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")
LIMIT = 60.0
"""Seconds after which a command counts as one that never ends."""


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    code: int
    out: str
    err: str
    seconds: float


def apart(work: Callable[[], T], folder: Path, /) -> T:
    """What ``work`` gives, done by a child: its threads and changes end with it."""
    answer = folder / "answer.pickle"
    child = os.fork()
    if not child:
        status = 1
        try:
            answer.write_bytes(pickle.dumps(work()))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise RuntimeError(f"work apart ended with {code}")
    found: T = pickle.loads(answer.read_bytes())
    answer.unlink()
    return found


def command(words: Sequence[str], /, *, cwd: Path, folder: Path) -> Done:
    """Run ``cytosig WORDS`` by the entry point that the installed script calls.

    A child that has the modules already sets its arguments, working folder and streams; what it
    prints and its exit status are those of the script.
    """
    start = time.perf_counter()
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    child = os.fork()
    if not child:
        status = 70
        try:
            status = _run(words, cwd, out, err)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    code = _wait(child)
    seconds = time.perf_counter() - start
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
    return Done(code, *texts, seconds)


def _run(words: Sequence[str], cwd: Path, out: Path, err: Path) -> int:
    for number, path in ((0, os.devnull), (1, out), (2, err)):
        given = os.open(path, os.O_RDONLY if number == 0 else os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(given, number)
        os.close(given)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(cwd)
    sys.argv = ["cytosig", *words]
    from cytosig.cli import run

    return run()


def _wait(child: int) -> int:
    """Its exit status, negative for a signal."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
