"""Inputs on which other tools fail: the right result, a clear error, or a defect?

Usage: ``python -m reliability.traps [--only INPUT] [--quick] [--out RESULTS]``
Every input goes through every scoring method and every tool, by Python and by the command line.
``--only`` takes one input, by its name or a part of it, and prints every outcome; ``--quick``
takes them all and asks less of each.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks import record
from reliability import arguments
from reliability.traps.campaign import campaign
from reliability.traps.report import text


def main() -> None:
    """Run all inputs; write traps.md and traps.tsv."""
    parser = arguments(__doc__)
    parser.add_argument("--row", help="of the table: all its inputs")
    parser.add_argument("--only", help="the name of one input, or a part of it")
    parser.add_argument("--quick", action="store_true", help="all inputs, few calls each")
    asked = parser.parse_args()
    start, found = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as place:
        for one in campaign(Path(place), only=asked.only, row=asked.row, quick=asked.quick):
            found.append(one)
            if one.is_defect or asked.only:
                print("\t".join(map(str, one.row().values())), file=sys.stderr, flush=True)
    if not found:
        parser.error(f"no input is called {asked.only!r}")
    table = pd.DataFrame([one.row() for one in found])
    seconds = time.perf_counter() - start
    if not (asked.only or asked.row):
        record.write(asked.out, "traps", table=table, text=text(table, seconds))
    sys.exit(any(one.is_defect for one in found))


if __name__ == "__main__":
    main()
