"""Time cytosig's methods in a fresh process; called by methods.py.

Usage: ``python benchmarks/methods_ours.py TASK DATA.h5ad SIGNATURES.json OUT.json [--runs N]``
TASK is rank, linear, genes, genes_scanpy or ssgsea.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
from pathlib import Path

import anndata as ad

sys.path.insert(0, str(Path(__file__).parent))

from memory import repeated

import cytosig as cs

TASKS: dict[str, dict[str, object]] = {
    "rank": {"method": ["ucell", "aucell", "singscore", "ssgsea"]},
    "linear": {"method": ["mlm", "ulm"]},
    "genes": {"method": "score_genes"},
    "genes_scanpy": {"method": "score_genes", "compat": "scanpy"},
    "ssgsea": {"method": "ssgsea"},
}


def read_signatures(path: Path, /) -> dict[str, dict[str, float]]:
    """Every gene raised with weight 1."""
    lists = json.loads(path.read_text())
    return {name: dict.fromkeys(genes, 1.0) for name, genes in lists.items()}


def written(adata: ad.AnnData, /) -> float:
    """MiB of the tables the call left in obsm."""
    tables = [table for key, table in adata.obsm.items() if key.startswith("cytosig")]
    return sum(table.memory_usage(index=False).sum() for table in tables) / 2**20


def main() -> None:
    """One warm-up on 50 cells, then the first call's memory and every call's time."""
    logging.getLogger("cytosig").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description="Time cytosig's methods in a fresh process.")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("data", type=Path)
    parser.add_argument("signatures", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    options = TASKS[asked.task] | {"signatures": read_signatures(asked.signatures)}
    adata = ad.read_h5ad(asked.data)
    cs.tl.score(adata[:50].copy(), n_jobs=2, **options)
    seconds, extra = repeated(lambda: cs.tl.score(adata, n_jobs=2, **options), asked.runs)
    found = {
        "seconds": statistics.median(seconds),
        "every": seconds,
        "extra": extra,
        "result": written(adata),
    }
    asked.target.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
