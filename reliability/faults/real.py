"""The installed command, killed at moments of the clock: no fork, no ear, a start from nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reliability.faults.check import judge, state
from reliability.faults.outcome import Job, Outcome, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reliability.faults.bench import Bench
    from reliability.faults.commands import Command

COMMAND = Path(sys.executable).with_name("cytosig")
_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_WRITES_FROM = 0.6  # of its seconds; before that it is mostly imports


def all_of(bench: Bench, those: Sequence[Command], n: int, seed: int, /) -> Iterator[Job]:
    """So many kills of commands that can be gone on with."""
    chosen = [command for command in those if command.resumes]
    for number in range(n if COMMAND.exists() and chosen else 0):
        yield partial(_killed, bench, chosen[number % len(chosen)], number, seed)


@cache
def _seconds(bench: Bench, command: Command) -> float:
    """Of a run that nothing disturbs."""
    bench.fresh(command)
    return _ended(bench, command, None, None)[1]


def _killed(bench: Bench, command: Command, number: int, seed: int) -> Outcome:
    start = time.perf_counter()
    rng = np.random.default_rng([seed, 1, number])
    how = _SIGNALS[number % len(_SIGNALS)]
    moment = float(rng.uniform(_WRITES_FROM, 1.0)) * _seconds(bench, command)
    known, place = bench.undisturbed(command), bench.fresh(command)
    before = state(place)
    status, _, _ = _ended(bench, command, moment, how)
    found = judge(command, before, state(place), known.after)
    again, _, said = _ended(bench, command, None, None, "--resume")
    whole = known.twice if found.output == "whole" else known.after
    after = judge(command, before, state(place), whole, ended=True)
    faults = [*found.faults, *(f"started again: {fault}" for fault in after.faults)]
    faults += [f"started again: {plain(said)}"] if again else []
    ending = signal.Signals(-status).name if status < 0 else f"exit {status}"
    said = f"{ending} at {moment:.2f} s"
    fault = "killed command" if status else "no kill"
    return Outcome(fault, command.name, said, found.said, "resumed, whole", tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip


def _ended(
    bench: Bench, command: Command, moment: float | None, how: signal.Signals | None, *more: str
) -> tuple[int, float, str]:
    """Exit status, seconds, and what was said."""
    start = time.perf_counter()
    call = [str(COMMAND), *command.words, *more]
    with subprocess.Popen(
        call,
        cwd=bench.folder / "place",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _, said = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.send_signal(how or signal.SIGKILL)
            _, said = process.communicate()
    return process.returncode, time.perf_counter() - start, said
