"""The page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from benchmarks import record
from reliability.faults import disk, headline

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reliability.faults.outcome import Outcome

FAULTS = {
    "killed": "ended by a signal at an operation, a size of a file or a moment",
    "killed command": "the same of the installed command, at moments of the clock",
    "no kill": "the signal came when the run had ended, or was about to",
    "disk full": "room for 0 to 100 % of what it writes",
    "stdout full": "no room for what it prints",
    "place": "no permission, read-only, a link, a device, the input itself ...",
    "input changed": "removed, cut short, added to, written over or replaced while it is read",
    "two runs": "one stops at a moment, another runs, the first goes on",
}


def table_of(found: Sequence[Outcome], /) -> pd.DataFrame:
    """A row for every fault."""
    return pd.DataFrame([one.row for one in found])


def text_of(table: pd.DataFrame, seconds: float, asked: argparse.Namespace, /) -> str:
    """The page."""
    room = "file systems in memory" if disk.can_mount() else "files limited in size (RLIMIT_FSIZE)"
    about = [
        f"Seed {asked.seed}; {seconds:,.0f} s, one process after the other, other work going on",
        f"Small disks: {room}",
    ]
    wrong = [
        f"- {one.fault} {one.number}, {one.command}, {one.moment}: {one.outcome}"
        for one in table[_is_lost(table)].itertuples()
    ]
    parts = [
        "# Faults while running",
        record.provenance(about),
        f"**{headline(table)[0]}.**",
        record.markdown(_by_fault(table)),
        *(["\n".join(["What was lost:", "", *wrong])] if wrong else []),
        "What was left by the kills, all of which a new start used or removed:",
        record.markdown(_left(table)),
        "By command:",
        record.markdown(_by_command(table)),
        _NOTES,
    ]
    return "\n\n".join(parts)


def _is_lost(table: pd.DataFrame) -> pd.Series[bool]:
    return table["outcome"].str.startswith("LOST")


def _by_fault(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for fault, what in FAULTS.items():
        own = table[table["fault"] == fault]
        rows.append({
            "fault": fault, "what happens": what, "times": len(own),
            "refused in so many words": own["outcome"].str.contains("cytosig: error").sum(),
            "lost something": _is_lost(own).sum(), "seconds": round(own["seconds"].sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _by_command(table: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(table["command"], table["fault"])
    faults = [fault for fault in FAULTS if fault in counts]
    return counts.loc[table["command"].unique(), faults].reset_index().rename_axis(columns=None)


def _left(table: pd.DataFrame) -> pd.DataFrame:
    """Of the output after a kill, and whether there was scratch beside it."""
    left = table.loc[table["fault"].str.startswith("killed"), "left"]
    parts = left.str.removeprefix("output ").str.partition("; ")
    beside = parts[2].ne("").groupby(parts[0]).agg(["size", "sum"])
    beside.columns = ["kills", "with scratch beside it"]
    return beside.sort_values("kills", ascending=False).rename_axis("output").reset_index()


_NOTES = """\
- Every command and call that writes, on small files, in a process that is forked from one that has
  imported and compiled all. It counts what it does to files (opening to write, naming, removing,
  HDF5's calls, flushing) and ends, stops or has its input changed just before the operation told,
  so that the same number hits the same place again; or the system ends it when a file is about to
  grow beyond a size; or a signal comes at a moment of the clock. A third of the kills are next to
  an operation by which a file gets its name.
- After each kill: inputs are the same bytes; an output is absent, what it was before, or the bytes
  of a run that nothing disturbed; beside it lies nothing but what names itself scratch
  (`.out.h5ad.run`, `.out.h5ad.*.tmp.h5ad`). Then the command is started again, every other time
  with `--resume` where it has that: it has to end well, with the undisturbed bytes and nothing
  beside them. For `--in-place` the input itself has to be the old bytes or the new.
- "mixed" is a folder of tables of which some had taken their places and others had not. Each table
  is whole, all are written before the first takes its place, and a new start sets it right; but a
  folder of tables is no single file. Where outputs differ, the words are listed in their order.
- A process that is killed leaves to the system what it has written. This is no test of power cuts:
  files are flushed before they get their names, and flushing is left out here to save time.
- "input changed": refused, or the whole result of the old content or of the new; a mixture is a
  loss. "two runs": the output is that of one of them, the other was refused or has come before.
- One case again: `python -m reliability.faults --seed SEED --only KIND:NUMBER`, such as
  `--only killed:17`, prints its row."""
