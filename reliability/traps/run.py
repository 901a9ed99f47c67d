"""One input through both doors, every call judged."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reliability.traps import calls as c
from reliability.traps.data import cells, few
from reliability.traps.doors import Answer, in_python
from reliability.traps.expect import NotAsked, Refused
from reliability.traps.judge import judged, not_asked
from reliability.traps.process import apart
from reliability.traps.typed import IN, OUT, SCORED, default_first, typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import anndata as ad
    import pandas as pd

    from reliability.traps.calls import Call
    from reliability.traps.judge import Outcome
    from reliability.traps.trap import Maker, Trap

PYTHON, COMMAND = "Python", "command"
_PAGES = ("empty cell", "constant", "duplicates", "few genes", "too little", "labels of cells",
          "planted", "markup")  # fmt: skip
"""Rows whose inputs leave a mark on what goes on from scores."""
_ON_SCORES = ("report", "compare")
"""Calls that go on from what was scored."""


@dataclass
class Clean:
    """What calls give on data made from the clean ones; each is made once."""

    folder: Path
    _known: dict[Any, dict[str, pd.DataFrame]] = field(default_factory=dict)

    def __call__(self, call: Call, make: Maker, options: Mapping[str, Any], /) -> dict[str, Any]:
        """The tables of a call."""
        key = (call.name, make, id(options) if options else 0)
        if key not in self._known:
            self._known[key] = self._made(call, make, options)
        return self._known[key]

    def _made(self, call: Call, make: Maker, options: Mapping[str, Any]) -> dict[str, Any]:
        first = [(one, {}) for one in c.scores() if one.name == "hlm"]
        known = _known(call, options)
        asked = [*(first if call.name in _ON_SCORES else []), (call, known)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = in_python(lambda few_: make(few() if few_ else cells()), asked, self.folder)
        answer = found[call.name]
        if not answer.tables:
            raise RuntimeError(f"{call.name} on clean data: {answer.refusal or answer.fault}")
        return answer.tables


def outcomes(
    trap: Trap, calls: Sequence[Call], doors: Sequence[str], place: Path, clean: Clean, /
) -> Iterator[Outcome]:
    """Every call by every door.

    Parameters
    ----------
    trap
        The input.
    calls
        What is asked of it.
    doors
        Python, the command, or both.
    place
        An empty folder of its own.
    clean
        Gives what is right.
    """
    asked = []
    for call in calls:
        why = _why_not(trap, call)
        if why:
            for door in doors:
                yield not_asked(trap, call, door, why)
        else:
            asked.append(call)
    if not asked:
        return
    place.mkdir(parents=True)
    paths = apart(lambda: _put(trap, asked, place), place)
    if PYTHON in doors:
        found = apart(lambda: _by_python(trap, asked, paths, place), place)
        for call in asked:
            yield judged(trap, call, PYTHON, found[call.name], clean)
    if COMMAND in doors:
        answers = _by_command(trap, asked, paths, place)
        for call, answer in answers:
            if isinstance(answer, str):
                yield not_asked(trap, call, COMMAND, answer)
            else:
                yield judged(trap, call, COMMAND, answer, clean)


def _why_not(trap: Trap, call: Call) -> str:
    expected = trap.expected(call)
    if isinstance(expected, NotAsked):
        return expected.said
    if call.name == "chain" and not trap.chain:
        return "the whole chain is for inputs with odd labels"
    if call.name in _ON_SCORES and trap.row not in _PAGES:
        return "goes on from the scores, which are equal whatever they are of"
    hlm = next(one for one in c.scores() if one.name == "hlm")
    if call.name in _ON_SCORES and isinstance(trap.expected(hlm), Refused | NotAsked):
        return "nothing is scored to go on from"
    return ""


def _put(trap: Trap, asked: Sequence[Call], place: Path) -> dict[bool, Path]:
    """The input as files, whole and a few observations of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {}
        for small in sorted({call.few for call in asked}):
            folder = place / ("few" if small else "all") / IN
            folder.mkdir(parents=True)
            found[small] = trap.write(trap.make(few() if small else cells()), folder)
        return found


def _by_python(
    trap: Trap, asked: Sequence[Call], paths: Mapping[bool, Path], place: Path
) -> dict[str, Answer]:
    def given(small: bool) -> ad.AnnData:
        if trap.read is not None:
            return trap.read(paths[small])
        return trap.make(few() if small else cells())

    options = trap.options(place)
    pairs = [(call, _known(call, options)) for call in asked]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return in_python(given, pairs, place)


def _known(call: Call, options: Mapping[str, Any]) -> dict[str, Any]:
    """Of the user's options those that a function has."""
    if call.name in ("report", "compare", "chain"):
        return dict(options) if call.name == "chain" else {}
    return {name: value for name, value in options.items() if c.takes(call.tool, name)}


def _by_command(
    trap: Trap, asked: Sequence[Call], paths: Mapping[bool, Path], place: Path
) -> Iterator[tuple[Call, Answer | str]]:
    kinds = {id(trap.expected(call)): trap.expected(call) for call in asked}
    refused = [kind for kind in kinds.values() if isinstance(kind, Refused)]
    alike = [[call for call in asked if trap.expected(call) is kind] for kind in refused]
    rest = [call for call in asked if trap.expected(call) not in refused]
    groups = [group for own in (*alike, rest) for group in c.commands(default_first(own))]
    scored = place / "all" / IN / SCORED
    for group in sorted(groups, key=lambda group: group[0].name in _ON_SCORES):
        first = group[0]
        if first.name == "channels":
            yield first, "no command of its own: score --all"
            continue
        own = place / ("few" if first.few else "all")
        source = scored if first.name in _ON_SCORES else paths[first.few]
        if first.name in _ON_SCORES and not scored.exists():
            yield first, "nothing was scored to go on from"
            continue
        found = typed(group, source, _options(trap, first, own), own)
        if any(call.name == "hlm" for call in group) and (own / OUT / "out.h5ad").exists():
            shutil.copy(own / OUT / "out.h5ad", scored)
        for call in group:
            yield call, found[call.name]


def _options(trap: Trap, call: Call, own: Path) -> dict[str, Any]:
    if call.name in _ON_SCORES:
        return {}
    given = (trap.typed or trap.options)(own / IN)
    command = "report" if call.name == "chain" else call.tool
    return {name: value for name, value in given.items() if name in c.accepted(command)}
