"""Outputs that cannot be written: refused before anything is lost, by both doors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cytosig as cs
from reliability.traps import calls as c
from reliability.traps.data import cells
from reliability.traps.doors import Answer, in_python
from reliability.traps.expect import refused
from reliability.traps.judge import judged
from reliability.traps.process import apart
from reliability.traps.trap import Trap, as_h5ad
from reliability.traps.typed import IN, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import anndata as ad

    from reliability.traps.calls import Call
    from reliability.traps.judge import Outcome
    from reliability.traps.run import Clean

ROW = "outputs"


@dataclass(frozen=True)
class Outlet:
    """A place for output that cannot be.

    Parameters
    ----------
    name
        What is wrong with it.
    place
        From the folder of the run and the name of the output.
    says
        What the refusal has to name.
    """

    name: str
    place: Callable[[Path, str], Path]
    says: str


def _taken(folder: Path, name: str) -> Path:
    path = folder / "taken" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


OUTLETS = (
    Outlet("output in a folder that is not there", lambda f, n: f / "absent" / n, "absent"),
    Outlet("a folder where the output should be", _taken, "taken.*folder|folder.*taken"),
    Outlet("output below a file", lambda f, n: f / IN / "in.h5ad" / n, r"in\.h5ad"),
    Outlet("output where nobody may write", lambda _, n: Path("/proc/1") / n, "/proc/1"),
    Outlet("output of an unknown kind", lambda f, n: f / f"{n}.docx", "docx"),
)
_CALLS = {"hlm": "out.h5ad", "sources": "out.tsv", "balance": "out.tsv", "report": "page.html"}


def outlets(place: Path, clean: Clean, /) -> Iterator[Outcome]:
    """Every such place by every command that writes, and by the two functions that write."""
    known = {call.name: call for call in c.every()}
    (place / IN).mkdir(parents=True)
    source = as_h5ad(cells(), place / IN)
    scored = apart(lambda: _scored(place), place)
    for outlet in OUTLETS:
        trap = Trap(outlet.name, ROW, expect={"*": refused(outlet.says)})
        for name, target in _CALLS.items():
            given = scored if name == "report" else source
            out = outlet.place(place, target)
            found = typed([known[name]], given, {}, place, out=out)
            yield judged(trap, known[name], "command", found[name], clean)
        for name, call in (("report", known["report"]), ("hlm", known["hlm"])):
            out = outlet.place(place, _CALLS[name])
            yield judged(trap, call, "Python", _written(scored, call, out), clean)


def _scored(place: Path) -> Path:
    """A file with scores, for the commands that go on from it."""
    adata = cells()
    hlm = next(call for call in c.scores() if call.name == "hlm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        in_python(lambda _: adata, [(hlm, {})], place)
    path = place / IN / "scored.h5ad"
    adata.write_h5ad(path)
    return path


def _written(scored: Path, call: Call, out: Path) -> Answer:
    """By the function that writes what the call has made."""
    from cytosig._errors import CytosigError

    adata: ad.AnnData = cs.read(scored)
    try:
        if call.name == "report":
            cs.report.write(adata, out)
        else:
            cs.io.write_h5ad(adata, out)
    except CytosigError as error:
        return Answer(refusal=str(error))
    except Exception as error:
        return Answer(fault=("traceback", f"{type(error).__name__}: {error}"))
    return Answer()
