"""Two runs on one output at the same time."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reliability.faults.check import State, is_scratch, of, state
from reliability.faults.moment import Moment
from reliability.faults.outcome import Job, Outcome, plain
from reliability.faults.watched import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reliability.faults.bench import Bench, Undisturbed
    from reliability.faults.commands import Command
    from reliability.faults.watched import Ended

_REFUSED = ("Another run is writing", "was changed, replaced or removed")


def all_of(
    bench: Bench, other: Bench, those: Sequence[Command], seed: int, /, *, times: int = 4
) -> Iterator[Job]:
    """One run stops at a moment drawn from the seed, another does all its work, the first goes on.

    Every other time the second has other inputs, of the same names; and where a run can be gone
    on with, both go on with one that was cut off.
    """
    number = 0
    for command in those:
        if not command.words:
            continue
        for k in range(times if command.weight > 1 else 1):
            second = other if k % 2 and not command.in_place else bench
            resume = command.resumes and k == 2
            yield partial(_both, bench, second, command, number, seed, resume=resume)
            number += 1


def _both(
    bench: Bench, other: Bench, command: Command, number: int, seed: int, /, *, resume: bool
) -> Outcome:
    start = time.perf_counter()
    rng = np.random.default_rng([seed, number])
    known, new = bench.undisturbed(command), other.undisturbed(command)
    place = bench.fresh(command)
    second = command if other is bench else _of_others(command, other, place)
    before = state(place)
    more = ["--resume"] if resume else []
    if resume:
        early = int(0.7 * known.ended.turns[-1])
        Run(command, place, moment=Moment(operation=early)).wait()
    moment = _moment(rng, known)
    one = Run(command, place, *more, moment=moment, act=signal.SIGSTOP)
    stopped = one.until_it_stops()
    two = Run(second, place, *more).wait()
    if stopped:
        one.go_on()
    first = one.wait()
    wholes = [known.after, known.twice, new.after]
    faults = _faults(command, before, state(place), wholes, (first, two))
    how = f"{'both go on' if resume else 'same' if other is bench else 'other'} input, {moment}"
    ended = ", ".join(run.reason for run in (first, two))
    return Outcome("two runs", command.name, how, "one whole output", ended, tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip


def _of_others(command: Command, other: Bench, place: Path, /) -> Command:
    """The same of other inputs, which are put beside."""
    other.fill(command, place / "other")
    here = [f"other/{w}" if w in command.inputs else w for w in command.words]
    return replace(command, words=tuple(here))


def _moment(rng: np.random.Generator, known: Undisturbed) -> Moment:
    """Half of them next to where a file gets its name."""
    if rng.integers(2):
        near = known.ended.turns[rng.integers(len(known.ended.turns))] + int(rng.integers(2))
        return Moment(operation=near)
    return Moment(operation=int(rng.integers(known.ended.operations)) + 1)


def _faults(
    command: Command, before: State, after: State, wholes: list[State], runs: tuple[Ended, Ended]
) -> list[str]:
    faults = []
    for goal in filter(None, (*command.outputs, command.tables)):
        if not any(of(after, goal) == of(whole, goal) for whole in wholes):
            faults.append(f"{goal} is of neither run")
    for name in command.inputs:
        if name not in command.outputs and of(after, name) != of(before, name):
            faults.append(f"the input {name} is changed")
    faults += [f"{name} is left" for name in after if is_scratch(name)][:3]
    if all(run.status for run in runs):
        faults.append("both failed")
    for run in runs:
        if run.status and not (run.is_clear and any(word in run.said for word in _REFUSED)):
            faults.append(f"said {plain(run.said)}")
    return faults
