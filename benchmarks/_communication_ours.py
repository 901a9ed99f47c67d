"""Time our calls in a process of their own; called by communication_speed.py.

Usage: ``python benchmarks/_communication_ours.py DATA.h5ad OUT.json CALL [CALL ...]``
``[--backed] [--jobs N] [--runs N] [--cell-type COLUMN]``; a call is sources, targets, links or
pseudobulk, after which the rest runs on the sums.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
from memory import peak, reset_peak, status

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}


def called(adata: Any, calls: list[str], jobs: int, /) -> dict[str, float]:
    """Seconds of each call."""
    import cytosig as cs

    seconds = {}
    for name in calls:
        start = time.perf_counter()
        if name == "pseudobulk":
            adata = cs.pp.pseudobulk(adata, **KEYS, n_jobs=jobs)
        else:
            getattr(cs.tl, name)(adata, **KEYS, n_jobs=jobs)
        seconds[name] = time.perf_counter() - start
    return seconds


def cpu() -> float:
    """CPU seconds of this process and its threads."""
    return sum(os.times()[:2])


def main() -> None:
    """One warm-up on few cells, then the first call's memory and every call's time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("calls", nargs="+")
    parser.add_argument("--backed", action="store_true", help="leave the matrix on disk")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    import anndata as ad

    import cytosig as cs

    logging.getLogger("cytosig").setLevel(logging.ERROR)
    called(cs.datasets.simulate_tissue(n_samples=3, cells_per_sample=100).adata, asked.calls, 1)
    adata = ad.read_h5ad(asked.data, backed="r" if asked.backed else None)
    reset_peak()
    before, every, spent = status("VmRSS"), [], []
    for run in range(asked.runs):
        work, start = cpu(), time.perf_counter()
        parts = called(adata, asked.calls, asked.jobs)
        every.append(time.perf_counter() - start)
        spent.append(cpu() - work)
        if not run:
            high = peak()
    found = {
        "seconds": statistics.median(every), "cpu": statistics.median(spent), "peak": high,
        "extra": high - before, "every": every, "parts": parts,
    }  # fmt: skip
    asked.target.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
