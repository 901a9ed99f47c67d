"""Faults while running: is anything lost?

Usage: ``python -m reliability.faults [--kills 200] [--seed 0] [--quick] [--only KIND[:NUMBER]]``
``[--out RESULTS]``
A fault is told by its kind (killed, killed command, full, place, input changed, two runs), its
number and the seed; ``--only killed:17`` does that one again and prints its row. Moments of the
clock hit the same place only as far as the clock allows.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from typing import TYPE_CHECKING

from benchmarks import record
from reliability import arguments
from reliability.faults import changed, full, kills, places, real, report, together
from reliability.faults.bench import Bench
from reliability.faults.commands import COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from reliability.faults.commands import Command
    from reliability.faults.outcome import Job, Outcome

QUICK = ("score to h5ad", "score to a folder of tables", "score in place, h5ad", "balance")
_EVERY = {"full": 4, "place": 4, "input changed": 3, "two runs": 3}  # of them, when in haste


def main() -> None:
    """Do all that is asked for; exit status 1 where something was lost."""
    asked = _arguments()
    start = time.perf_counter()
    those = [command for command in COMMANDS if not asked.quick or command.name in QUICK]
    bench, other = Bench(those), Bench(those, rng=5)
    found = []
    try:
        bench.warm(those)
        for one in _all(bench, other, those, asked):
            found.append(one)
            if len(found) % 50 == 0 or one.faults:
                print(len(found), *one.row.values(), sep=" | ", file=sys.stderr, flush=True)
    finally:
        bench.close()
        other.close()
    table = report.table_of(found)
    if asked.only:
        print(table.to_csv(sep="\t", index=False))
    else:
        text = report.text_of(table, time.perf_counter() - start, asked)
        record.write(asked.out, "faults", table=table, text=text)
    sys.exit(any(one.faults for one in found))


def _arguments() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few commands, few faults")
    parser.add_argument("--only", default="", metavar="KIND[:NUMBER]")
    asked = parser.parse_args()
    if asked.quick:
        asked.kills = min(asked.kills, 16)
    return asked


def _all(
    bench: Bench, other: Bench, those: list[Command], asked: argparse.Namespace, /
) -> Iterator[Outcome]:
    """Every fault, or the one that was asked for."""
    n_real, times = (1, 1) if asked.quick else (20, 2)
    kinds: dict[str, Callable[[], Iterator[Job]]] = {
        "killed": lambda: kills.all_of(bench, those, asked.kills, asked.seed),
        "killed command": lambda: real.all_of(bench, those, n_real, asked.seed),
        "full": lambda: full.all_of(bench, those),
        "place": lambda: places.all_of(bench, those),
        "input changed": lambda: changed.all_of(bench, other, those, asked.seed, times=times),
        "two runs": lambda: together.all_of(bench, other, those, asked.seed, times=2 * times),
    }
    kind, _, number = asked.only.partition(":")
    for name, jobs_of in kinds.items():
        if not kind or kind == name:
            jobs = list(jobs_of())[:: _EVERY.get(name, 1) if asked.quick else 1]
            for job in [jobs[int(number)]] if number else jobs:
                yield job()


if __name__ == "__main__":
    main()
