"""Where the core time of scoring a file goes: reading, gene sums, each group of methods.

Usage: ``python benchmarks/scaling_parts.py FILE.h5ad [--out RESULTS]``
Core time (user and system) of one process with two threads, a cell; the least of several runs.
What one kind of run takes beyond another is the difference of two lines.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
import record

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 3
THREADS = 2
RANKED = ["ucell", "aucell", "singscore", "ssgsea"]


def core_seconds(work: Callable[[Any], object], path: Path, /) -> tuple[float, float]:
    """The least user and system seconds of a few runs, the file opened before."""
    from cytosig.io import open_store

    found = []
    for _ in range(RUNS):
        with open_store(path) as adata:
            before = resource.getrusage(resource.RUSAGE_SELF)
            work(adata)
            after = resource.getrusage(resource.RUSAGE_SELF)
        found.append((after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime))
    return min(found, key=sum)


def read(adata: Any, /) -> None:
    """Every block once."""
    from cytosig.blocks import RowBlocks, for_each

    sizes: list[int] = []
    for_each(RowBlocks(adata.X), lambda block: sizes.append(len(block.data)), n_jobs=THREADS)


def add_up(adata: Any, /) -> None:
    """Every block once, and the sums of all genes."""
    from cytosig.blocks import RowBlocks
    from cytosig.engine import passes
    from cytosig.engine.prepare import Rows

    everyone = np.zeros(adata.n_obs, dtype=np.int64)
    passes.add_up(Rows.as_stored(RowBlocks(adata.X)), everyone, 1, n_jobs=THREADS)


def scorer(methods: list[str], /) -> Callable[[Any], None]:
    """Scores by these methods, kept in memory."""
    import cytosig as cs

    def score(adata: Any) -> None:
        cs.tl.score(adata, method=methods, n_jobs=THREADS)

    return score


def main() -> None:
    """Measure and write the table."""
    parser = record.arguments(__doc__)
    parser.add_argument("path", type=Path)
    asked = parser.parse_args()
    from cytosig.io import open_store

    with open_store(asked.path) as adata:
        n_obs = adata.n_obs
    lines: dict[str, Callable[[Any], None]] = {
        "reading once": read,
        "reading once, gene sums": add_up,
        "four rank methods and ligands (one pass)": scorer(RANKED),
        "hlm and ligands (two passes, gene sums)": scorer(["hlm"]),
        "all five (two passes, gene sums)": scorer(["hlm", *RANKED]),
    }
    rows = []
    for name, work in lines.items():
        user, system = core_seconds(work, asked.path)
        rows.append({"what": name, "user µs a cell": user / n_obs * 1e6,
                     "system µs a cell": system / n_obs * 1e6})  # fmt: skip
    table = pd.DataFrame(rows)
    about = (
        f"Core time of one process, {THREADS} threads, {n_obs:,} cells × 20,000 genes, gzip; the"
        f" least of {RUNS} runs. Results stay in memory; the fixed cost of a call is included."
    )
    text = ["# Where the time goes", "", record.provenance(), "", about, "", record.markdown(table)]
    record.write(asked.out, "scaling_parts", table=table, text="\n".join(text))


if __name__ == "__main__":
    main()
