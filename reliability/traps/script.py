"""The installed script, a process of its own: it does what the forked commands do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.traps.data import cells
from reliability.traps.judge import REFUSED, RIGHT, Outcome, without_place
from reliability.traps.process import command
from reliability.traps.typed import IN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reliability.traps.process import Done
    from reliability.traps.trap import Trap

ROW = "optimised"
NAMES = ("the clean data", "NaN", "mouse symbols, and nothing said", "a third of the file missing")
"""Inputs that are given to it."""
_SAID = "exit status, output and messages of the forked command"


def scripts(traps: Sequence[Trap], place: Path, /, *, quick: bool) -> Iterator[Outcome]:
    """A few inputs by the script, as it is and under ``python -O``, beside the forked command."""
    wanted = NAMES[:2] if quick else NAMES
    found = shutil.which("cytosig", path=str(Path(sys.executable).parent))
    for number, trap in enumerate(trap for trap in traps if trap.name in wanted):
        folder = place / f"script{number}"
        (folder / IN).mkdir(parents=True)
        source = trap.write(trap.make(cells()), folder / IN)
        words = ["score", str(source), "-o", str(folder / "out.h5ad"), "--threads", "1"]
        forked = command(words, cwd=folder, folder=place)
        for row, door, before in (
            (trap.row, "script", [found or "cytosig"]),
            (ROW, "script, python -O", [sys.executable, "-O", found or "cytosig"]),
        ):
            (folder / "out.h5ad").unlink(missing_ok=True)
            start = time.perf_counter()
            done = subprocess.run(
                [*before, *words], capture_output=True, text=True, check=False, cwd=folder
            )
            seconds = time.perf_counter() - start
            told = "" if found else "no script beside this Python"
            told = told or _unlike(forked, done)
            outcome = "wrong" if told else (REFUSED if done.returncode else RIGHT)
            words_ = without_place(told or _last(done))
            yield Outcome(row, trap.name, "hlm", door, _SAID, outcome, words_, seconds)


def _unlike(forked: Done, done: subprocess.CompletedProcess[str]) -> str:
    """The first thing in which they differ."""
    if forked.code != done.returncode:
        return f"exit status {done.returncode}, forked {forked.code}"
    for name, one, two in (
        ("stdout", forked.out, done.stdout),
        ("stderr", forked.err, done.stderr),
    ):
        if one != two:
            return f"{name} differs: {two[-200:]!r}"
    return ""


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1].removeprefix("cytosig: error: ") if done.returncode and lines else ""
