"""Inputs on which other tools fail: the right result, a clear error, or a defect?

Usage: ``python -m reliability.traps [--row ROW ...] [--only INPUT] [--quick]``
Every input goes through every scoring method and every tool, by Python and by the command line.
``--row`` takes the inputs of some rows of the table and leaves what was found of the others;
``--only`` takes one input, by its name or a part of it, and prints every outcome; ``--quick`` takes
all inputs and asks two things of each.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import record
from reliability import arguments
from reliability.traps.campaign import campaign
from reliability.traps.report import text
from reliability.traps.rows import ROWS


def main() -> None:
    """Run all inputs; write traps.md and traps.tsv."""
    parser = arguments(__doc__)
    parser.add_argument("--only", help="the name of one input, or a part of it")
    parser.add_argument("--row", nargs="+", choices=ROWS, help="of the table: its inputs alone")
    parser.add_argument("--quick", action="store_true", help="all inputs, few calls each")
    asked = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as place:
        for one in campaign(Path(place), only=asked.only, rows=asked.row, quick=asked.quick):
            found.append(one)
            if one.is_defect or asked.only:
                print("\t".join(map(str, one.row().values())), file=sys.stderr, flush=True)
    if not found:
        parser.error(f"no input is called {asked.only!r}")
    if not asked.only:
        table = _with_others(pd.DataFrame([one.row() for one in found]), asked.out, asked.row)
        record.write(asked.out, "traps", table=table, text=text(table))
    sys.exit(any(one.is_defect for one in found))


def _with_others(table: pd.DataFrame, folder: Path, rows: list[str] | None) -> pd.DataFrame:
    """What was found before of the rows that were not asked for now, in the table's order."""
    kept = folder / "traps.tsv"
    if rows and kept.exists():
        before = pd.read_csv(kept, sep="\t", keep_default_na=False)
        table = pd.concat([before[~before["trap"].isin(rows)], table])
    order = table["trap"].map(list(ROWS).index)
    return table.iloc[order.argsort(kind="stable")]


if __name__ == "__main__":
    main()
