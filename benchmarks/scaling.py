"""Files larger than memory: seconds and memory of `cytosig score` against reading alone.

Usage: ``python benchmarks/scaling.py --folder FOLDER [--sizes 10000,30000,...] [--copy 10000]``
``[--largest-only] [--runs 3] [--out DIR]``
Missing files are made in the folder; all of them take 5 GB.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import record
import scaling_plot as plot
import scaling_runs as runs

if TYPE_CHECKING:
    import argparse

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
PEAK = 1_536.0
FASTER = 2.0


def numbers(text: str, /) -> tuple[int, ...]:
    """Sizes with commas between, smallest first."""
    return tuple(sorted(int(part) for part in text.split(",") if part))


def arguments() -> argparse.Namespace:
    """Which files, and where."""
    parser = record.arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the files")
    parser.add_argument("--sizes", type=numbers, default=SIZES, help="numbers of cells")
    parser.add_argument("--copy", type=numbers, default=(), help="sizes to write a full copy of")
    parser.add_argument("--largest-only", action="store_true")
    parser.add_argument("--runs", type=int, default=3, help="times everything is run")
    asked = parser.parse_args()
    if asked.largest_only:
        asked.sizes = asked.sizes[-1:]
    return asked


def growth(table: pd.DataFrame, /) -> pd.DataFrame:
    """The line through the seconds at every size."""
    rows = []
    for what, part in table.groupby("what", sort=False):
        cells, seconds = part["cells"].to_numpy(float), part["seconds"].to_numpy(float)
        if len(cells) > 2:
            slope, intercept = np.polyfit(cells, seconds, 1)
            square = np.corrcoef(cells, seconds)[0, 1] ** 2
            rows.append((what, len(cells), slope * 1e6, intercept, f"{square:.5f}"))
    return pd.DataFrame(rows, columns=["what", "sizes", "µs a cell", "intercept, s", "R²"])


def bars(table: pd.DataFrame, /) -> pd.DataFrame:
    """What was promised, and whether it holds."""
    most = table["cells"].max()
    last = table[table["cells"] == most].set_index("what")["seconds"]
    h5py = last[runs.READERS["h5py"]]
    faster = h5py / last[runs.READERS["ours"]]
    share = last[runs.SCORE] / h5py
    scored = table[table["what"].isin([runs.SCORE, runs.COPY])]
    peak = scored["peak MiB"].max()
    rows = [
        (f"peak of cytosig score, up to {most:,} cells, MiB", peak, "< 1,536", peak < PEAK),
        (f"cytosig score / h5py's reading, {most:,} cells", share, "< 1", share < 1),
        (f"h5py's reading / our reading, {most:,} cells", faster, "≥ 2", faster >= FASTER),
    ]
    return pd.DataFrame(
        [(what, found, bar, "yes" if met else "no") for what, found, bar, met in rows],
        columns=["what", "measured", "bar", "met"],
    )


def shown(table: pd.DataFrame, /) -> str:
    """Markdown of the measurements; cells and outputs as they are read."""
    text = table.copy()
    text["cells"] = [f"{n:,}" for n in text["cells"]]
    text["file MB"] = [f"{size:,.0f}" for size in text["file MB"]]
    text["peak MiB"] = [f"{peak:,.0f}" for peak in text["peak MiB"]]
    return record.markdown(text)


def report(table: pd.DataFrame, asked: argparse.Namespace, name: str, /) -> str:
    """The page to read."""
    lines = growth(table)
    parts = [
        "# Files larger than memory",
        "" if name == "scaling" else "**Not all sizes; not to be committed.**",
        record.provenance([f"Median of {asked.runs} runs, everything in turn"]),
        _DATA,
        "## Bars",
        record.markdown(bars(table)),
        "## Seconds and memory",
        f"![Time and memory against the number of cells]({name}.png)",
        shown(table),
        "## Growth with the number of cells" if len(lines) else "",
        record.markdown(lines) if len(lines) else "",
        _NOTES,
    ]
    return "\n\n".join(part for part in parts if part)


_DATA = """\
Simulated cells × 20,000 human genes, float32 CSR, log-normalised, 7 % filled, gzip and chunks as
anndata writes them; eight cell types, eight samples, three planted responses
(`benchmarks/scaling_data.py`). A file of fewer cells is the beginning of one of more."""

_NOTES = f"""\
- h5py reads data and indices of X once, in slices of at most 4,000,000 numbers that end where
  chunks end; anndata makes scipy matrices of 3,000 rows. Both use one thread. "Reading with
  cytosig" gives the blocks that every method reads, with two threads. The clock starts when the
  file is open.
- `cytosig score FILE -o OUT.h5ad --method {runs.METHODS}`
  is timed from start to exit, imports included, on two cores; with --scores-only unless "full
  copy" is said. Kernels are compiled before, on a small file, as at a user's second call.
- Every row is a process of its own; the file was read once before and stays in the page cache as
  far as the machine's memory goes. Nothing else may run meanwhile.
- "peak MiB" is the largest resident memory of the process, the largest of all runs.
- MB are millions of bytes, MiB are 2^20."""


def name_of(asked: argparse.Namespace, /) -> str:
    """A run of other sizes does not replace the full one."""
    if asked.sizes == SIZES:
        return "scaling"
    return "scaling_largest" if asked.largest_only else "scaling_some"


def main() -> None:
    """Make what is missing, measure, and write scaling.md, .tsv and .png."""
    asked = arguments()
    runs.pin(2)
    runs.warm(asked.folder)
    paths = {n: runs.make(asked.folder, n) for n in asked.sizes}
    rows: list[dict[str, object]] = []
    for n_obs, path in paths.items():
        here = runs.measure(path, n_obs, asked.runs, copy=n_obs in asked.copy)
        print(pd.DataFrame(here).to_string(), file=sys.stderr)
        rows += here
    table = pd.DataFrame(rows)
    name = name_of(asked)
    record.write(asked.out, name, table=table, text=report(table, asked, name))
    plot.draw(table, asked.out / f"{name}.png", PEAK)


if __name__ == "__main__":
    main()
