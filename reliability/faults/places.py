"""Places that cannot be written to, or are something else than they seem."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reliability.faults import disk
from reliability.faults.check import of, state
from reliability.faults.commands import OLDER
from reliability.faults.outcome import Job, Outcome, plain
from reliability.faults.watched import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reliability.faults.bench import Bench
    from reliability.faults.commands import Command

_NOBODY = 65534


@dataclass(frozen=True)
class Place:
    """A place for an output.

    Parameters
    ----------
    name
        What the page calls it.
    make
        Makes it, of the path of an output.
    suits
        Whether it can be of that command.
    written
        It can be written to.
    as_nobody
        By somebody who may not do everything.
    """

    name: str
    make: Callable[[Path, Command], None]
    suits: Callable[[Command], bool] = lambda _: True
    written: bool = False
    as_nobody: bool = False


def _target(command: Command) -> str:
    return command.tables or command.outputs[0]


def _older(path: Path) -> None:
    if path.suffix == ".zarr":
        path.mkdir()
        (path / ".zgroup").write_text('{"zarr_format": 2}')
    else:
        path.write_text(OLDER)


def _locked_folder(path: Path, _: Command) -> None:
    path.parent.chmod(0o555)


def _locked_file(path: Path, _: Command) -> None:
    if not path.exists():
        _older(path)
    path.parent.chmod(0o777)
    path.chmod(0o555 if path.is_dir() else 0o444)


def _read_only(path: Path, _: Command) -> None:
    disk.make_read_only(path.parents[1])


def _something_else(path: Path, command: Command) -> None:
    """A folder where a file goes, a file where a folder goes."""
    if path.suffix == ".zarr" or command.tables:
        path.write_text(OLDER)
    else:
        path.mkdir()


def _no_folder(path: Path, _: Command) -> None:
    path.parent.rmdir()


def _link_to_input(path: Path, command: Command) -> None:
    path.symlink_to(path.parents[1] / command.inputs[0])


def _hard_link_to_input(path: Path, command: Command) -> None:
    path.hardlink_to(path.parents[1] / command.inputs[0])


def _table_linked_to_input(path: Path, command: Command) -> None:
    path.mkdir()
    name = "score.tsv" if command.words[0] == "score" else f"{command.words[0]}.tsv"
    (path / name).symlink_to(path.parents[1] / command.inputs[0])


def _link_to_older(path: Path, _: Command) -> None:
    elsewhere = path.parents[1] / "elsewhere"
    elsewhere.mkdir()
    _older(elsewhere / path.name)
    path.symlink_to(elsewhere / path.name)


def _link_to_nothing(path: Path, _: Command) -> None:
    (path.parents[1] / "elsewhere").mkdir()
    path.symlink_to(path.parents[1] / "elsewhere" / path.name)


def _link_to_nowhere(path: Path, _: Command) -> None:
    path.symlink_to(path.parents[1] / "elsewhere" / path.name)


def _device(path: Path, _: Command) -> None:
    path.symlink_to(os.devnull)


def _pipe(path: Path, _: Command) -> None:
    os.mkfifo(path)


def _is_new(command: Command) -> bool:
    return not command.in_place


def _is_file(command: Command) -> bool:
    return _is_new(command) and not command.tables


def _is_in_out(command: Command) -> bool:
    """Its folder has to be there; others make theirs."""
    return _is_file(command) and "out" not in command.words


def _is_checked(command: Command) -> bool:
    """The command line knows what is read and what is written."""
    return bool(_is_in_out(command) and command.words and command.inputs)


def _is_checked_file(command: Command) -> bool:
    return _is_checked(command) and not command.inputs[0].endswith(".zarr")


def _has_tables(command: Command) -> bool:
    return bool(command.tables and command.inputs)


PLACES = (
    Place("a folder without permission", _locked_folder, as_nobody=True),
    Place("a file without permission", _locked_file, lambda c: not c.tables, as_nobody=True),
    Place("a read-only file system", _read_only, lambda _: disk.can_mount()),
    Place("something else in its place", _something_else, _is_new),
    Place("no such folder", _no_folder, _is_in_out),
    Place("a link to the input", _link_to_input, _is_checked),
    Place("a hard link to the input", _hard_link_to_input, _is_checked_file),
    Place("a table linked to the input", _table_linked_to_input, _has_tables),
    Place("a device", _device, _is_in_out),
    Place("a pipe", _pipe, _is_in_out),
    Place("a link to nowhere", _link_to_nowhere, _is_in_out),
    Place("a link to an older output", _link_to_older, _is_in_out, written=True),
    Place("a link to a new name", _link_to_nothing, _is_in_out, written=True),
    Place("another file system", lambda *_: None, lambda _: disk.can_mount(), written=True),
)


def all_of(bench: Bench, those: Sequence[Command], /) -> Iterator[Job]:
    """Every place, for every command that it suits."""
    number = 0
    for place in PLACES:
        for command in those:
            if place.suits(command):
                yield partial(_tried, bench, command, place, number)
                number += 1


def _tried(bench: Bench, command: Command, where: Place, number: int, /) -> Outcome:
    start, known = time.perf_counter(), bench.undisturbed(command)
    own = "disk" if "file system" in where.name else "place"
    with contextlib.ExitStack() as stack:
        folder = bench.folder / own
        if own == "disk":
            stack.enter_context(disk.mounted(folder, 64 * 2**20))
        bench.fill(command, folder)
        if where.written and own == "disk" and not command.in_place:
            stack.enter_context(disk.mounted(folder / "out", 64 * 2**20))
        where.make(folder / _target(command), command)
        before = state(folder)
        ended = Run(command, folder, before=_become_nobody if where.as_nobody else _stay).wait()
        after, target = state(folder), _target(command)
        real = os.path.relpath(os.path.realpath(folder / target), os.path.realpath(folder))
        got = {k.replace(real, target): v for k, v in of(after, real).items()}
        for path in (folder, *folder.rglob("*")):
            if path.is_dir() and where.as_nobody:
                path.chmod(0o755)
    if where.written:
        faults = [] if not ended.status else [plain(ended.said)]
        if got != of(known.after, target):
            faults.append("it is not what it should be")
        left = "whole"
    else:
        changed = [k for k in {*before, *after} if before.get(k) != after.get(k)]
        faults = [f"{name} is changed" for name in changed]
        faults += [] if ended.status in (1, 2) else [f"exit {ended.status}"]
        faults += [] if ended.is_clear else [f"said {plain(ended.said)}"]
        left = "nothing changed"
    return Outcome("place", command.name, where.name, left, ended.reason, tuple(faults),
                   time.perf_counter() - start, number)  # fmt: skip


def _stay() -> None:
    pass


def _become_nobody() -> None:
    if not os.getuid():
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
