"""Killed at any moment: is the input untouched, the output whole, and does a new start mend all?"""

from __future__ import annotations

import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reliability.faults.check import judge, state
from reliability.faults.moment import Moment
from reliability.faults.outcome import Job, Outcome
from reliability.faults.watched import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reliability.faults.bench import Bench, Undisturbed
    from reliability.faults.commands import Command

_KINDS = ("turn", "turn", "operation", "operation", "size", "seconds")
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def all_of(bench: Bench, those: Sequence[Command], n: int, seed: int, /) -> Iterator[Job]:
    """So many kills, every command having its turns; each is told by the seed and its number."""
    turns = [command for command in those for _ in range(command.weight)]
    np.random.default_rng(seed).shuffle(turns)  # type: ignore[arg-type]
    for number in range(n):
        yield partial(killed, bench, turns[number % len(turns)], number, seed)


def killed(bench: Bench, command: Command, number: int, seed: int, /) -> Outcome:
    """One kill, what it leaves, and what a new start makes of that."""
    start = time.perf_counter()
    rng = np.random.default_rng([seed, number])
    known = bench.undisturbed(command)
    moment = _moment(rng, known)
    how = _SIGNALS[rng.integers(len(_SIGNALS))] if not moment.size else signal.SIGXFSZ
    older, resume = (bool(draw) for draw in rng.integers(2, size=2))
    older, resume = older and not command.in_place, resume and command.resumes
    place = bench.fresh(command, older=older)
    before = state(place)
    ended = Run(command, place, moment=moment, act=how).wait()
    found = judge(command, before, state(place), known.after)
    faults = list(found.faults)
    again = Run(command, place, *(["--resume"] if resume else [])).wait()
    whole = known.twice if found.output == "whole" else known.after
    after = judge(command, before, state(place), whole, ended=True)
    if again.status:
        faults.append(f"started again it ended with {again.status}: {again.said[-200:]}")
    faults += [f"started again: {fault}" for fault in after.faults]
    said = f"{_ending(ended.status)} at {moment}{', older output' if older else ''}"
    then = "resumed, whole" if resume else "run again, whole"
    fault = "killed" if ended.status else "no kill"
    return Outcome(fault, command.name, said, found.said, then, tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip


def _moment(rng: np.random.Generator, known: Undisturbed) -> Moment:
    """Half of the moments of the clock are in the last quarter of the run, where it writes.

    Every third is at one of the two operations before a file is given its name, or after it.
    """
    kind = _KINDS[rng.integers(len(_KINDS))]
    if kind == "turn":
        near = known.ended.turns[rng.integers(len(known.ended.turns))] + int(rng.integers(-1, 3))
        return Moment(operation=min(max(near, 1), known.ended.operations))
    if kind == "operation":
        return Moment(operation=int(rng.integers(known.ended.operations)) + 1)
    if kind == "size":
        return Moment(size=int(rng.integers(known.largest)) + 1)
    first = 0.75 if rng.integers(2) else 0.0
    return Moment(seconds=float(rng.uniform(first, 1.0)) * known.ended.seconds)


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"
