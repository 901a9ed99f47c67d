"""Inputs that another program removes, cuts short or writes anew while they are read."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reliability.faults.check import State, is_scratch, of, state
from reliability.faults.moment import Moment
from reliability.faults.outcome import Job, Outcome, plain
from reliability.faults.watched import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reliability.faults.bench import Bench
    from reliability.faults.commands import Command

_ONE = "X/data/0"  # a chunk of a zarr store


def _removed(path: Path, _: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _one_removed(path: Path, _: Path) -> None:
    (path / _ONE).unlink()


def _cut_short(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _appended(path: Path, _: Path) -> None:
    with path.open("ab") as file:
        file.write(b"0" * 512)


def _written_over(path: Path, other: Path) -> None:
    """Byte after byte into the file that is there."""
    with path.open("r+b") as file:
        file.write(other.read_bytes())
        file.truncate()


def _replaced(path: Path, other: Path) -> None:
    """By one that takes its name."""
    new = path.with_name("new")
    (shutil.copytree if other.is_dir() else shutil.copy2)(other, new)
    if path.is_dir():
        path.rename(path.with_name("old"))
    new.rename(path)


def _one_replaced(path: Path, other: Path) -> None:
    """One chunk, by another of an older day."""
    shutil.copyfile(other / _ONE, path / _ONE)
    os.utime(path / _ONE, ns=(10**18, 10**18))


FILE = (_removed, _cut_short, _appended, _written_over, _replaced)
FOLDER = (_removed, _one_removed, _one_replaced, _replaced)


def all_of(
    bench: Bench, other: Bench, those: Sequence[Command], seed: int, /, *, times: int = 2
) -> Iterator[Job]:
    """Every change of an input of every command, at moments drawn from the seed.

    ``other`` has other values in files of the same names.
    """
    number = 0
    for command in those:
        inputs = [name for name in command.inputs if not name.endswith(".csv")]
        kinds = FOLDER if command.is_zarr else FILE
        for change in kinds if inputs else ():
            for _ in range(times if command.weight > 1 else 1):
                yield partial(_tried, bench, other, command, inputs, change, number, seed)
                number += 1


def _tried(
    bench: Bench, other: Bench, command: Command, inputs: list[str],
    change: Callable[[Path, Path], None], number: int, seed: int, /,
) -> Outcome:  # fmt: skip
    start = time.perf_counter()
    rng = np.random.default_rng([seed, number])
    name = inputs[rng.integers(len(inputs))]
    known = bench.undisturbed(command)
    new = other.undisturbed(command)
    moment = Moment(reading=int(rng.integers(known.ended.readings)) + 1)
    place = bench.fresh(command)

    def act() -> None:
        change(place / name, other.inputs / name)
        changed.update(state(place))

    changed: State = {}
    before = state(place)
    ended = Run(command, place, moment=moment, act=act).wait()
    after = state(place)
    goals = [*command.outputs, *([command.tables] if command.tables else [])]
    wholes = [known.after] if not command.in_place else []
    wholes += [new.after] if change in (_replaced, _written_over) else []
    faults = _faults(goals, before, after, wholes, name)
    if ended.status:
        faults += [] if ended.status == 1 else [f"exit {ended.status}"]
        faults += [] if ended.is_clear else [f"said {plain(ended.said)}"]
    elif not _is_right(goals, after, wholes, each=len(inputs) > 1 and len(goals) > 1):
        faults.append("it says that all is well, and it is not")
    found = "the result of one content" if not ended.status else "no result"
    how = f"{change.__name__[1:].replace('_', ' ')}: {name}, at {moment}"
    return Outcome("input changed", command.name, how, found, ended.reason, tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip


def _faults(
    goals: list[str], before: State, after: State, wholes: list[State], name: str
) -> list[str]:
    """What is lost: an output that is no whole result of one content, an input that we changed."""
    faults = []
    for goal in goals:
        own = of(after, goal)
        if goal == name:  # in place: theirs, or what came of theirs
            continue
        if own and not any(own == of(whole, goal) for whole in wholes):
            faults.append(f"{goal} is of neither content")
    known = {*before, *(k for whole in wholes for k in whole)}
    aside = ("in/new", "in/old")
    strange = [k for k in after if k not in known and not k.startswith(aside)]
    inside = [k for k in strange if not k.startswith((f"{name}/", *goals))]
    return faults + [f"{k} is left" for k in inside if not is_scratch(k)]


def _is_right(goals: list[str], after: State, wholes: list[State], *, each: bool) -> bool:
    """All of one content; each of one, where there are several inputs with an output each."""
    groups = [[goal] for goal in goals] if each else [goals]
    return all(
        any(all(of(after, goal) == of(whole, goal) for goal in group) for whole in wholes)
        for group in groups
    )
