"""A full disk: a clear error, no half of a file, older ones as they were."""

from __future__ import annotations

import os
import resource
import time
from functools import partial
from typing import TYPE_CHECKING

from reliability.faults import disk
from reliability.faults.check import Verdict, judge, state
from reliability.faults.outcome import Job, Outcome, plain
from reliability.faults.watched import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reliability.faults.bench import Bench
    from reliability.faults.commands import Command
    from reliability.faults.watched import Ended

SHARES = (0.0, 0.1, 0.35, 0.6, 0.85, 1.0)
_ROOM = 64 * 2**20
_WORDS = ("no space left", "no room", "file too large")


def all_of(bench: Bench, those: Sequence[Command], /) -> Iterator[Job]:
    """Each command with room for a share of what it writes, and with stdout on a full device."""
    number = 0
    for command in those:
        for k, share in enumerate(SHARES if command.weight > 1 else SHARES[1:4:2]):
            kind = _on_small_disk if disk.can_mount() else _with_short_files
            yield partial(kind, bench, command, share, number, older=bool((k + number) % 2))
            number += 1
        if command.words and os.path.exists("/dev/full"):  # noqa: PTH110
            yield partial(_full_stdout, bench, command, number)
            number += 1


def _on_small_disk(
    bench: Bench, command: Command, share: float, number: int, /, *, older: bool
) -> Outcome:
    """In a file system in memory with so much room."""
    start, known = time.perf_counter(), bench.undisturbed(command)
    size = max(disk.PAGE, int(share * known.written) // disk.PAGE * disk.PAGE)
    place = bench.folder / "disk"
    with disk.mounted(place, _ROOM):
        bench.fill(command, place, older=older)
        before = state(place)
        disk.leave_room(place, size)
        ended = Run(command, place).wait()
        found = judge(command, before, state(place), known.after, ended=not ended.status)
        faults = [*found.faults, *_faults(ended)]
        disk.leave_room(place, _ROOM)
        faults += _again(command, place, lambda: known.twice if found.output == "whole" else
                         known.after, before)  # fmt: skip
    how = f"{size:,} bytes free{', older output' if older else ''}"
    return _outcome("disk full", command, how, found, ended, faults, start, number)


def _with_short_files(
    bench: Bench, command: Command, share: float, number: int, /, *, older: bool
) -> Outcome:
    """No file may be larger than so much; for who may not mount."""
    start, known = time.perf_counter(), bench.undisturbed(command)
    size = max(disk.PAGE, int(share * known.largest))
    place = bench.fresh(command, older=older)
    before = state(place)

    def limit() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    ended = Run(command, place, before=limit).wait()
    found = judge(command, before, state(place), known.after, ended=not ended.status)
    how = f"files of {size:,} bytes at most{', older output' if older else ''}"
    faults = [*found.faults, *_faults(ended)]
    return _outcome("disk full", command, how, found, ended, faults, start, number)


def _full_stdout(bench: Bench, command: Command, number: int, /) -> Outcome:
    """What is printed has no room; what is written has."""
    start, known = time.perf_counter(), bench.undisturbed(command)
    place = bench.fresh(command)
    before = state(place)
    ended = Run(command, place, before=lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1)).wait()
    found = judge(command, before, state(place), known.after, ended=not ended.status)
    faults = [*found.faults, *_faults(ended)]
    if ended.status and found.output != "whole":
        faults.append("the output is not there")
    return _outcome("stdout full", command, "/dev/full", found, ended, faults, start, number)


def _faults(ended: Ended) -> list[str]:
    """What is wrong with what was said."""
    if ended.status == 0:
        return []
    faults = [] if ended.status == 1 else [f"exit {ended.status}"]
    if not ended.is_clear:
        faults.append(f"said {plain(ended.said)}")
    elif not any(word in ended.said.lower() for word in _WORDS):
        faults.append(f"does not say that the disk is full: {plain(ended.said)}")
    return faults


def _again(
    command: Command, place: Path, whole: Callable[[], dict[str, str]], before: dict[str, str], /
) -> list[str]:
    """With room, it has to come to its end."""
    ended = Run(command, place).wait()
    found = judge(command, before, state(place), whole(), ended=True)
    wrong = [f"with room: {fault}" for fault in found.faults]
    return wrong if not ended.status else [f"with room: {plain(ended.said)}", *wrong]


def _outcome(
    fault: str, command: Command, how: str, found: Verdict, ended: Ended, faults: list[str],
    start: float, number: int, /,
) -> Outcome:  # fmt: skip
    return Outcome(fault, command.name, how, found.said, ended.reason, tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip
