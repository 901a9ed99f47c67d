"""Time cytosig in a fresh process; called by speed.py.

Usage: ``python benchmarks/speed_ours.py DATA.h5ad OUT.json --runs N [--matrix MATRIX.tsv]``
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from pathlib import Path

import anndata as ad
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from memory import repeated

import cytosig as cs


def options_of(matrix: Path | None, /) -> dict[str, object]:
    """The defaults; with a matrix, CytoSig's settings."""
    if matrix is None:
        return {}
    frame = pd.read_csv(matrix, sep="\t", index_col=0)
    return {"signatures": frame, "method": "ridge", "lam": 1e4, "background": "signatures"}


def main() -> None:
    """One warm-up on 50 observations, then the first call's memory and every call's time."""
    logging.getLogger("cytosig").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description="Time cytosig in a fresh process.")
    parser.add_argument("data", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--matrix", type=Path)
    asked = parser.parse_args()
    options = options_of(asked.matrix)
    adata = ad.read_h5ad(asked.data)
    start = time.perf_counter()
    cs.tl.score(adata[:50].copy(), **options)
    compiled = time.perf_counter() - start
    seconds, extra = repeated(lambda: cs.tl.score(adata, **options), asked.runs)
    found = {
        "seconds": statistics.median(seconds),
        "every": seconds,
        "warm_up": compiled,
        "extra": extra,
        "outputs": sum(adata.obsm[f"cytosig_{key}"].shape[1] for key in ("score", "axis")
                       if f"cytosig_{key}" in adata.obsm),
        "genes": adata.n_vars,
    }  # fmt: skip
    asked.target.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
