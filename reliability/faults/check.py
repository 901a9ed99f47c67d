"""What a run has left in a folder, and whether it may stand."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reliability.faults.commands import Command

State = dict[str, str]
"""The SHA-256 of every file, by its path in the folder."""

_SCRATCH = (
    re.compile(r"\.[^/]+\.run(/.*)?"),  # results while they come
    re.compile(r"\.[^/]+\.tmp(\.\w+)*(/.*)?"),  # a file that was being written
)


def state(place: Path, /) -> State:
    """Every file, links not followed."""
    found = {}
    for folder, _, files in os.walk(place):
        for name in files:
            path = Path(folder, name)
            data = os.fsencode(path.readlink()) if path.is_symlink() else _bytes(path)
            found[str(path.relative_to(place))] = hashlib.sha256(data).hexdigest()
    return found


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def of(found: Mapping[str, str], name: str, /) -> State:
    """The part of a state that is one file, or one folder."""
    return {k: v for k, v in found.items() if k == name or k.startswith(f"{name}/")}


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Parameters
    ----------
    output
        "absent", "older" or "whole", or what may not be; "mixed" for a folder of tables that are
        not all of one run.
    left
        What lies beside the outputs.
    faults
        What may not stand; empty where all is well.
    """

    output: str
    left: str
    faults: tuple[str, ...]

    @property
    def said(self) -> str:
        """Output and scratch in a few words."""
        return f"output {self.output}{f'; {self.left}' if self.left else ''}"


def judge(
    command: Command, before: State, after: State, whole: State, /, *, ended: bool = False
) -> Verdict:
    """Whether inputs are untouched, and outputs absent, as they were, or whole.

    Parameters
    ----------
    before, after
        The folder before the run and after it.
    whole
        The folder after an undisturbed run.
    ended
        The run says that it has done all: everything has to be whole, and nothing beside it.
    """
    if command.tables:  # others may be in the folder
        whole = {**of(before, command.tables), **whole}
    faults, words, known = [], [], set()
    for name in command.inputs:
        known.update(of(before, name))
        if name not in command.outputs and of(before, name) != of(after, name):
            faults.append(f"the input {name} is changed")
    for name in (*command.outputs, *filter(None, [command.tables])):
        own = [of(which, name) for which in (before, after, whole)]
        known.update(own[0], own[2])
        word = (_tables if name == command.tables else _output)(*own)
        words.append(word)
        if word in ("half", "lost") or (ended and word != "whole"):
            faults.append(f"{name} is {word}")
    strange = [name for name in after if name not in known]
    faults += [f"{name} is left" for name in strange if ended or not is_scratch(name)][:3]
    left = sorted({_top(name) for name in strange})
    return Verdict(", ".join(dict.fromkeys(words)), ", ".join(left), tuple(faults))


def _output(before: State, after: State, whole: State) -> str:
    if after == whole:
        return "whole"
    if after == before:
        return "older" if before else "absent"
    return "half" if after else "lost"


def _tables(before: State, after: State, whole: State) -> str:
    """Each table by itself, then all of them; other files in the folder stay as they are."""
    said = set()
    for name in {*before, *whole}:
        word = _output(of(before, name), of(after, name), of(whole, name))
        if of(before, name) != of(whole, name):
            said.add(word)
        elif word != "whole":
            return "lost"
    for worst in ("half", "lost"):
        if worst in said:
            return worst
    if "whole" in said:
        return "whole" if len(said) == 1 else "mixed"
    return "older" if "older" in said else "absent"


def is_scratch(name: str, /) -> bool:
    """Whether a file is, or is in, what a run keeps while it lasts."""
    return any(_is_of_run(part) for part in Path(name).parts)


def _is_of_run(part: str) -> bool:
    return any(pattern.fullmatch(part) for pattern in _SCRATCH)


def _top(name: str) -> str:
    """The file or folder of scratch that it is, or is in; without what is drawn at random."""
    parts = Path(name).parts
    for k, part in enumerate(parts):
        if _is_of_run(part):
            name = "/".join(parts[: k + 1])
            break
    return re.sub(r"\.[0-9a-f-]{8,}\.tmp", ".*.tmp", name)
