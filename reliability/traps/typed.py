"""The door of the command line: a command in a folder of its own, and what it leaves there."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any

import anndata as ad
import pandas as pd

from cytosig import methods
from reliability.traps import calls as c
from reliability.traps.doors import PAGE, Answer, scored
from reliability.traps.pages import tables_of
from reliability.traps.process import command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reliability.traps.calls import Call
    from reliability.traps.process import Done

IN, OUT, CWD = "in", "out", "cwd"
SCORED = "scored.h5ad"
"""What the command has scored, kept for the commands that go on from there."""
_COMMAND = {"chain": "report"}


def typed(
    calls: Sequence[Call], source: Path, options: Mapping[str, Any], place: Path, /,
    *, out: Path | None = None,
) -> dict[str, Answer]:  # fmt: skip
    """One command for these calls, and what each got.

    Parameters
    ----------
    calls
        Of one command.
    source
        The file it is given.
    options
        What the user adds.
    place
        Folder with the input in ``in``; ``out`` is made anew.
    out
        Where the result shall go; a file in ``out`` when None.
    """
    for name in (OUT, CWD):
        shutil.rmtree(place / name, ignore_errors=True)
        (place / name).mkdir()
    name = _COMMAND.get(calls[0].tool, calls[0].tool)
    target = place / OUT / _target(calls[0]) if out is None else out
    words = [name, str(source), "-o", str(target), *_words(calls, options)]
    before = _marks(place / IN)
    done = command(words, cwd=place / CWD, folder=place)
    answer = Answer(seconds=done.seconds / len(calls))
    answer.fault = _fault(done) or _left(place, target, done, before)
    if done.code:
        answer.refusal = _message(done)
        return dict.fromkeys((call.name for call in calls), answer)
    if answer.fault is not None:
        return dict.fromkeys((call.name for call in calls), answer)
    return {
        call.name: Answer(found, seconds=answer.seconds) for call, found in _read(calls, target)
    }


def _target(call: Call) -> str:
    if call.is_score:
        return "out.h5ad"
    return PAGE if call.name in ("report", "chain") else "out.tsv"


def _words(calls: Sequence[Call], options: Mapping[str, Any]) -> list[str]:
    first = calls[0]
    own = dict(first.options if first.typed is None else first.typed)
    if first.is_score and len(calls) > 1:
        own["method"] = [call.name for call in calls]
    if first.name in ("report", "chain"):
        own["title"] = "A page"
    elif first.name != "compare":
        own["threads"] = 1
    return c.words({**own, **options})


def _read(calls: Sequence[Call], target: Path) -> list[tuple[Call, dict[str, pd.DataFrame]]]:
    """The tables of every call, from what was written."""
    first = calls[0]
    if first.is_score:
        adata = ad.read_h5ad(target)
        keys = ["cytosig", *(f"cytosig_{call.name}" for call in calls[1:])]
        tables = {call: scored(adata, key) for call, key in zip(calls, keys, strict=True)}
        ligand = {name: tables[first][name] for name in ("ligand",) if name in tables[first]}
        return [(call, {**ligand, **found}) for call, found in tables.items()]
    if first.name in ("report", "chain"):
        return [(first, tables_of(target.read_text(encoding="utf-8")))]
    return [(first, {first.name: pd.read_csv(target, sep="\t", index_col=False)})]


def _fault(done: Done) -> tuple[str, str] | None:
    """What no command may do, whatever it was given."""
    if done.code not in (0, 1, 2):
        return "traceback", f"exit status {done.code}: {done.err[-200:]}"
    for sign in ("Traceback (most recent call last)", "unexpected error"):
        if sign in done.err:
            return "traceback", done.err[done.err.index(sign) :][:300]
    if done.code and not done.err.strip():
        return "unclear", f"exit status {done.code} and not a word"
    if done.code and done.out.strip():
        return "unclear", f"exit status {done.code}, and results on stdout"
    return None


def _left(place: Path, target: Path, done: Done, before: dict[str, str]) -> tuple[str, str] | None:
    """Files that should not be there, and input that is no longer what it was."""
    if _marks(place / IN) != before:
        return "wrong", "the input was changed"
    allowed = {target} if not done.code else set()
    found = [path for name in (OUT, CWD) for path in (place / name).rglob("*")]
    strange = [path.name for path in found if path not in allowed]
    if strange:
        return "left behind", ", ".join(strange)
    if not done.code and not target.exists():
        return "silent", "exit status 0 and no output"
    return None


def _marks(folder: Path) -> dict[str, str]:
    """Contents of every file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != SCORED
    }


def _message(done: Done) -> str:
    """The error of a command, without the notices before it."""
    lines = done.err.strip().splitlines()
    errors = [line for line in lines if line.startswith("cytosig: error:")]
    return errors[-1].removeprefix("cytosig: error:").strip() if errors else " ".join(lines)[-400:]


def default_first(calls: Sequence[Call], /) -> list[Call]:
    """The default method first: its scores fill the slots that others go on from."""
    return sorted(calls, key=lambda call: call.name != methods.DEFAULT)
