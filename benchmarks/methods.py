"""Seconds, memory and agreement of the methods, side by side with the packages known for them.

Usage: ``python benchmarks/methods.py [--peer PYTHON] [--out DIR] [--quick]``
``--quick`` takes 2,000 cells and fewer runs; its page says so and is not to be committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import methods_agree as agree
import methods_data as data
import methods_runs as runs
import record

if TYPE_CHECKING:
    import argparse

PEER = record.ROOT / "benchmarks" / "peers" / "rank" / "bin" / "python"
SIZES = (5_000, 20_000, 50_000)
TIE_RUNS = 400
COLUMNS = [
    "who", "what", "settings", "cells", "seconds", "slowest", "µs a cell", "extra MiB",
    "result MiB", "against", "times ours", "bar", "met", "counts",
]  # fmt: skip


def pin() -> None:
    """No more cores than threads, for us and for every process started here."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: runs.THREADS])


def check(python: Path, /) -> None:
    """Stop with a helpful message where the peers are not installed."""
    if not python.exists():
        raise SystemExit(
            f"No peers at {python}. Make them: python -m venv benchmarks/peers/rank &&"
            " benchmarks/peers/rank/bin/pip install -r benchmarks/peers/rank_methods.txt,"
            " or pass --peer."
        )


def versions(task: runs.Task, /) -> str:
    """What the peers' environment holds."""
    target = task.folder / "versions.txt"
    subprocess.run([task.peer, runs.SCRIPT, "versions", target], check=True)
    return target.read_text()


def growth(table: pd.DataFrame, /) -> pd.DataFrame:
    """The line through our seconds at every size."""
    rows = []
    for what, part in table[table["who"] == "cytosig"].groupby("what", sort=False):
        cells, seconds = part["cells"].to_numpy(float), part["seconds"].to_numpy(float)
        each = {f"µs a cell, {n:,.0f}": s / n * 1e6 for n, s in zip(cells, seconds, strict=True)}
        row = {"what": what, **each}
        if len(cells) > 2:
            slope, intercept = np.polyfit(cells, seconds, 1)
            row |= {
                "slope, µs a cell": slope * 1e6,
                "intercept, ms": intercept * 1e3,
                "R²": np.corrcoef(cells, seconds)[0, 1] ** 2,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def shown(table: pd.DataFrame, /) -> str:
    """Markdown of the columns to read, empty where nothing is to be said."""
    text = table.reindex(columns=COLUMNS)
    for name in ("against", "bar", "met"):
        text[name] = text[name].fillna("")
    return record.markdown(text)


def report(
    table: pd.DataFrame, few: pd.DataFrame, agreement: pd.DataFrame, head: list[str], *, quick: bool
) -> str:
    """The page to read."""
    warning = "**Development run on few cells; do not commit.**" if quick else ""
    counts = table["counts"].astype(bool)
    parts = [
        "# Methods",
        warning,
        record.provenance(head),
        _DATA,
        "## Seconds and memory",
        shown(table[counts]),
        "## Settings of the peers that are slower",
        shown(table[~counts]),
        f"## ssGSEA at {data.FEW} cells only",
        "gseapy is too slow for the sizes above.",
        shown(few),
        "## Growth with the number of cells",
        record.markdown(growth(table)),
        f"## Agreement, {data.FEW} cells",
        record.markdown(agreement),
        _NOTES,
    ]
    return "\n\n".join(part for part in parts if part)


_DATA = f"""\
{data.N_GENES:,} genes, float32 CSR, 7 % filled, log-normalised, simulated; in memory.
{data.N_SIGNATURES} signatures of {data.LENGTHS[0]} to {data.LENGTHS[1]} raised genes, drawn among
those found in at least {data.DETECTED * 100:g} % of the cells; the same for all. Every row is a
fresh process on {runs.THREADS} cores, after one call on 50 cells."""

_NOTES = """\
- Ours is `tl.score(adata, signatures=..., method=..., n_jobs=2)` as a user calls it. Median of the
  runs, on both sides. The peers get an AnnData, and lists or the table they want, ready made.
- "times ours" is the peer's seconds over those of our call in "against", which does more: four
  rank methods against one, mlm and ulm against ulm alone.
- The peers' settings were tried at the smallest size; the two fastest of each run at every size,
  and the faster of them counts there.
  decoupler's ulm makes "bsize" cells dense at a time, 250,000 unless told otherwise; "threads"
  are numba's, which parallelises inside each cell, so that two of them suffer much from anything
  else that runs; "dense" is a dense matrix made before the clock starts.
- "extra MiB" is the peak resident memory during the first full call minus that just before it;
  with pyucell's worker processes added, each with the pages it shares. "result MiB" is what the
  call wrote. The bar for ours is 100 MB (95.4 MiB) beyond the result.
- p-values differ by design: ours are of shuffled genes, decoupler's of a t-test, adjusted.
- pyucell holds scores in single precision, about 1e-7 from the exact value; it does not round
  otherwise. It ranks only the genes that are not zero.
- AUCell breaks ties at random; ours is the expectation. The runs come in pairs, an order of the
  genes and its reverse. The mean of the runs has an error of its own, which the row without
  randomness, tied ranks written out, does not have.
- ssGSEA is not normalised: compare its difference with its range."""


def start(asked: argparse.Namespace, folder: Path, n_obs: int, /) -> runs.Task:
    """Signatures and how often to run."""
    signatures = data.write_signatures(folder, n_obs)
    often = (2, 1) if asked.quick else (5, 3)
    return runs.Task(asked.peer, folder, signatures, *often)


def main() -> None:
    """Run both sides and write methods.md, methods.tsv and methods_agreement.tsv."""
    parser = record.arguments(__doc__, peer=True)
    parser.add_argument("--quick", action="store_true", help="2,000 cells; development only")
    parser.set_defaults(peer=PEER)
    asked = parser.parse_args()
    check(asked.peer)
    pin()
    sizes = (2_000,) if asked.quick else SIZES
    with tempfile.TemporaryDirectory() as name:
        task = start(asked, Path(name), sizes[0])
        head = [
            f"Peers: {versions(task)}",
            f"Median of {task.our_runs} runs of ours, {task.peer_runs} of the peers",
        ]
        few_cells = data.write_few(task.folder, sizes[0])
        agreement = agree.compare(few_cells, task, 100 if asked.quick else TIE_RUNS)
        few = runs.measure_few(few_cells, data.FEW, task)
        table = runs.measure(sizes, task)
    text = report(table, few, agreement, head, quick=asked.quick)
    name = "methods_quick" if asked.quick else "methods"
    whole = pd.concat([few, table]).reindex(columns=COLUMNS)
    record.write(asked.out, name, table=whole, text=text)
    agreement.to_csv(asked.out / f"{name}_agreement.tsv", sep="\t", index=False)


if __name__ == "__main__":
    main()
