"""Every input, one after the other, from a process that has everything loaded."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import shutil
import warnings
from functools import cache
from typing import TYPE_CHECKING

from reliability.traps import calls as c
from reliability.traps import outlets, script
from reliability.traps.every import TRAPS
from reliability.traps.run import COMMAND, PYTHON, Clean, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reliability.traps.calls import Call
    from reliability.traps.judge import Outcome


def campaign(
    place: Path,
    /,
    *,
    only: str | None = None,
    rows: Sequence[str] | None = None,
    quick: bool = False,
) -> Iterator[Outcome]:
    """What becomes of every call.

    Parameters
    ----------
    place
        An empty folder.
    only
        A part of the names of the inputs wanted.
    rows
        Of the table, whose inputs are wanted; all when None.
    quick
        Two calls an input, in turn, by one door.
    """
    clean = Clean(place)
    wanted = [
        trap
        for trap in TRAPS
        if (only is None or only in trap.name) and (rows is None or trap.row in rows)
    ]
    calls = [call for call in c.every() if not quick or call.name in ("hlm", *c.TURNS)]
    warm(place, clean, calls)
    for number, trap in enumerate(wanted):
        own, doors = _turn(calls, number) if quick else (calls, (PYTHON, COMMAND))
        yield from outcomes(trap, own, doors, place / f"input{number}", clean)
        shutil.rmtree(place / f"input{number}", ignore_errors=True)
    if only is None and (rows is None or outlets.ROW in rows):
        yield from outlets.outlets(place / "outlets", clean)
    if only is None and (rows is None or script.ROW in rows):
        yield from script.scripts(TRAPS, place, quick=quick)


def _turn(calls: Sequence[Call], number: int) -> tuple[list[Call], tuple[str, ...]]:
    """The default method and one other call, by one door: another for the next input."""
    wanted = ("hlm", c.TURNS[number // 2 % len(c.TURNS)])
    return [call for call in calls if call.name in wanted], ((PYTHON, COMMAND)[number % 2],)


def warm(place: Path, clean: Clean, calls: Sequence[Call]) -> None:
    """Import and compile before children are made."""
    import typer

    from cytosig.cli import run
    from reliability.traps.data import cells
    from reliability.traps.trap import as_is

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in calls:
            clean(call, as_is, {})
        folder = place / "warm"
        folder.mkdir()
        cells().write_h5ad(folder / "in.h5ad")
        scored, page = str(folder / "out.h5ad"), str(folder / "page.html")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            talk = ["--sample-key", "sample", "--cell-type-key", "cell_type"]
            for words in (
                ["score", str(folder / "in.h5ad"), "-o", scored],
                ["report", scored, "-o", page],
                ["compare", scored, "--groupby", "condition", "--sample-key", "sample"],
                ["sources", scored, *talk, "-o", str(folder / "out.tsv")],
                ["balance", scored, "--sample-key", "sample", "-o", str(folder / "out.tsv")],
            ):
                run(words)
    shutil.rmtree(folder)
    typer.main.get_command = cache(typer.main.get_command)  # a tenth of a second a command
    gc.collect()
    gc.freeze()
    os.fsync = lambda _: None  # hundreds of small files, to be thrown away
