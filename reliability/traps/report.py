"""The page to read: a line for each input, what happens by Python and by the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from benchmarks import record
from reliability.traps import headline
from reliability.traps.judge import DEFECTS, NOT_ASKED, REFUSED, RIGHT
from reliability.traps.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

_WHOLE = 20
"""Fewer rows than this are those of ``--quick``."""
_MANY = 4
"""More calls than this are not named one by one."""


def text(table: pd.DataFrame, /) -> str:
    """The whole page."""
    said, _ = headline(table)
    defects = table[table["outcome"].isin(DEFECTS)]
    lines = [
        f"- {row['input']}, {row['call']}, {row['door']}: {row['outcome']}; {row['message']}"
        for row in defects.to_dict("records")
    ]
    parts = [
        "# Inputs on which other tools fail",
        record.provenance(
            [*_short(table), f"{table['seconds'].sum():,.0f} s in the calls, other work going on"]
        ),
        f"**{said}.**",
        record.markdown(_inputs(table)),
        *(["\n".join(["Defects:", "", *lines])] if lines else []),
        _NOTES,
    ]
    return "\n\n".join(parts)


def _short(table: pd.DataFrame) -> list[str]:
    """How many inputs were not put through everything."""
    tried = table[~table["trap"].isin(["outputs", "optimised"])].groupby("input").size()
    few = int((tried < _WHOLE).sum())
    return [f"{few} of {len(tried)} inputs by the short version: two calls each"] if few else []


def _inputs(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each input, in the order they were tried."""
    rows = []
    for (trap, name), own in table.groupby(["trap", "input"], sort=False):
        asked = own[own["outcome"] != NOT_ASKED]
        doors = {door: _told(asked[asked["door"] == door]) for door in ("Python", "command")}
        same = len(set(doors.values())) == 1
        rows.append({
            "trap": ROWS[str(trap)], "input": name,
            "what happens": doors["Python"] if same else _apart(doors),
            "calls": len(asked), "message, where refused": _message(asked),
        })  # fmt: skip
    found = pd.DataFrame(rows)
    found["trap"] = found["trap"].where(~found["trap"].duplicated(), "")
    return found


def _apart(doors: dict[str, str]) -> str:
    return "; ".join(f"by {door}: {told or 'not asked'}" for door, told in doors.items())


def _told(own: pd.DataFrame) -> str:
    """Every outcome with its calls; what is the same for all is said once."""
    right = own[own["outcome"] == RIGHT]
    said = [
        f"{expected} ({_names(group['call'])})" if right["expected"].nunique() > 1 else expected
        for expected, group in right.groupby("expected", sort=False)
    ]
    for outcome in (REFUSED, *DEFECTS):
        calls = own.loc[own["outcome"] == outcome, "call"]
        if len(calls):
            said.append(outcome if len(calls) == len(own) else f"{outcome} ({_names(calls)})")
    return "; ".join(said)


def _names(calls: Iterable[str]) -> str:
    names = list(dict.fromkeys(calls))
    return ", ".join(names) if len(names) <= _MANY else f"{len(names)} calls"


def _message(own: pd.DataFrame) -> str:
    """The first words of a refusal by Python."""
    told = own.loc[own["outcome"] == REFUSED, "message"]
    return str(told.iloc[0]).replace("|", "\\|").replace("<", "&lt;") if len(told) else ""


_NOTES = """\
- Every input is made from 300 simulated cells of six patients × 1,700 genes with seven planted
  cytokines. It goes through every scoring method (`gsea` and `gsva` take six of the cells), and
  through `channels`, `balance`, `sources`, `targets`, `links`, `blockade`, `compare` and `report`,
  by Python and by the command line; where labels are odd also through the whole chain, from
  unscored data to the page of everything. What does not go together is in `traps.tsv` as "not
  asked", with why.
- What is right was written down before: mostly the tables of the same call on a clean equivalent
  (ids turned into symbols, one column of a gene that had three, the cell or the gene taken away),
  equal within 1e-6 and p-values within a thousandth; else a closed form, coverage added up from
  the catalogue's lists, or who was planted to speak to whom. In any table p has to be above 0 and
  at most 1, and what is NaN has to have its reason.
- Python: the data given stay as they were but for what was asked for, numpy's global seed is not
  moved, no warning of numpy's arithmetic. Commands: a fork of a process that has the modules
  loaded sets its arguments and streams and calls the entry point of the script; exit status 0, or
  1 or 2 with an error that names the row, column, gene or file; no traceback, nothing on stdout,
  nothing left in the output's folder or the working folder, the input not a byte other. Methods
  of which the same is expected share a command; by Python each is called alone.
- A defect is a result where there is none (silent), an error that is not the package's own
  (traceback), other numbers or a refusal of what can be done (wrong), files (left behind), or an
  error that does not say what or where (unclear).
- One input again: `python -m reliability.traps --only "two cells of one name"`; all inputs of one
  row of the table: `--row duplicates`."""
