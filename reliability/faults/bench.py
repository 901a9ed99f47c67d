"""The inputs, and what every command makes of them when nothing disturbs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.faults import commands
from reliability.faults.check import State, state
from reliability.faults.watched import Ended, Run, done

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reliability.faults.commands import Command


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing disturbs.

    Parameters
    ----------
    before, after, twice
        The folder before it, after it, and after doing it again there.
    ended
        How it ended.
    largest
        Bytes of the largest file that it wrote.
    written
        Bytes of all of them.
    """

    before: State
    after: State
    twice: State
    ended: Ended
    largest: int
    written: int


class Bench:
    """A folder with the inputs, and room for runs.

    Parameters
    ----------
    those
        What is going to be done.
    rng
        Of the values in the files.
    """

    def __init__(self, those: Sequence[Command], /, *, rng: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.folder.chmod(0o755)  # others who are no root are let in
        self.inputs, self._known = self.folder / "inputs", dict[str, Undisturbed]()
        process = get_context("fork").Process(
            target=commands.make_inputs, args=(self.inputs, those), kwargs={"rng": rng}
        )
        process.start()  # of its own: the threads that zarr starts do not outlive a fork
        process.join()
        if process.exitcode:
            sys.exit("The inputs could not be made.")

    def close(self) -> None:
        """Remove all."""
        os.chdir("/")
        shutil.rmtree(self.folder, ignore_errors=True)

    def warm(self, those: Iterable[Command], /) -> None:
        """Import and compile what they need; not what reads zarr."""
        here = Path.cwd()
        with (
            open(os.devnull, "w") as null,  # noqa: PTH123
            contextlib.redirect_stdout(null),
            contextlib.redirect_stderr(null),
        ):
            for command in those:
                if not command.is_zarr:
                    os.chdir(self.fresh(command))
                    done(command)
        os.chdir(here)

    def fresh(self, command: Command, /, *, older: bool = False, name: str = "place") -> Path:
        """A folder with what the command reads, and maybe an older output."""
        place = self.folder / name
        self.fill(command, place, older=older)
        return place

    def fill(self, command: Command, place: Path, /, *, older: bool = False) -> None:
        """Put what the command reads into a folder, and maybe an older output."""
        commands.put(command, self.inputs, place)
        if older:
            commands.put_older(command, self.inputs, place)

    def undisturbed(self, command: Command, /) -> Undisturbed:
        """What it does when let alone; the same bytes if done again, or nothing can be said."""
        if command.name not in self._known:
            found = self._whole(command)
            again = self._whole(command).after if command.in_place else found.twice
            if found.ended.status or found.after != again:
                sys.exit(f"{command.name}: {found.ended.said or 'two runs, two results'}")
            self._known[command.name] = found
        return self._known[command.name]

    def _whole(self, command: Command) -> Undisturbed:
        place = self.fresh(command)
        before = state(place)
        ended = Run(command, place).wait()
        after = state(place)
        sizes = [(place / n).stat().st_size for n in after if after[n] != before.get(n)]
        Run(command, place).wait()
        return Undisturbed(before, after, state(place), ended, max(sizes, default=0), sum(sizes))
