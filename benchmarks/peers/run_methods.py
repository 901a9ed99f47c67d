"""Run other packages' scoring methods in their own environment; called by methods.py.

Usage: ``PEER_PYTHON run_methods.py time METHOD DATA.h5ad SIGNATURES.json OUT.json
[--settings JSON] [--runs N]`` times ucell, aucell, ulm, score_genes or ssgsea;
``PEER_PYTHON run_methods.py scores DATA.h5ad SIGNATURES.json OUT.npz`` keeps what the methods
give; ``PEER_PYTHON run_methods.py versions OUT.txt`` says what is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from memory import peak, reset_peak, status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Call = Callable[[], object]

_PACKAGES = ("pyucell", "decoupler", "scanpy", "gseapy", "anndata", "numpy", "scipy", "numba")


def ucell(adata: ad.AnnData, genes: Mapping, /, **settings: object) -> Call:
    from pyucell import compute_ucell_scores

    return partial(compute_ucell_scores, adata, genes, suffix="", **settings)


def aucell(adata: ad.AnnData, genes: Mapping, /, *, threads: int = 2, **settings: object) -> Call:
    import decoupler as dc
    import numba

    numba.set_num_threads(threads)
    return partial(dc.mt.aucell, adata, net_of(genes), **settings)


def ulm(adata: ad.AnnData, genes: Mapping, /, **settings: object) -> Call:
    import decoupler as dc

    return partial(dc.mt.ulm, adata, net_of(genes), **settings)


def score_genes(adata: ad.AnnData, genes: Mapping, /, **settings: object) -> Call:
    import scanpy as sc

    def every() -> None:
        for name, members in genes.items():
            sc.tl.score_genes(adata, members, score_name=name, **settings)

    return every


def ssgsea(adata: ad.AnnData, genes: Mapping, /, **settings: object) -> Call:
    import gseapy

    frame = adata.to_df().T
    fixed = {"min_size": 1, "max_size": 5000, "outdir": None}
    return partial(gseapy.ssgsea, frame, genes, **fixed, **settings)


METHODS = {f.__name__: f for f in (ucell, aucell, ulm, score_genes, ssgsea)}


def net_of(genes: Mapping, /) -> pd.DataFrame:
    """The long table decoupler takes."""
    rows = [(name, gene, 1.0) for name, members in genes.items() for gene in members]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def prepared(
    method: str, adata: ad.AnnData, genes: Mapping, /, *, dense: bool = False, **settings: object
) -> Call:
    """The call to time, with what it needs already in its shape."""
    if dense:
        adata.X = adata.X.toarray()
    return METHODS[method](adata, genes, **settings)


def workers() -> list[str]:
    """Processes the peer started and still holds."""
    found = Path("/proc/self/task").glob("*/children")
    return [pid for path in found for pid in path.read_text().split()]


def of_worker(pid: str, field: str, /) -> float:
    """A figure of a worker's status in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


def begin() -> float:
    """Forget every peak; resident memory of this process and its workers now."""
    reset_peak()
    for pid in workers():
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return status("VmRSS") + sum(of_worker(pid, "VmRSS") for pid in workers())


def highest() -> float:
    """Peak since ``begin`` of this process and, each its own, of the workers."""
    return peak() + sum(of_worker(pid, "VmHWM") for pid in workers())


def timed(call: Call, /) -> tuple[float, object]:
    start = time.perf_counter()
    given = call()
    return time.perf_counter() - start, given


def size_of(adata: ad.AnnData, given: object, /) -> float:
    """MiB of the scores written, or given back."""
    tables = [adata.obs, *adata.obsm.values(), getattr(given, "res2d", pd.DataFrame())]
    return sum(t.memory_usage(index=False, deep=False).sum() for t in tables) / 2**20


def measure(asked: argparse.Namespace, /) -> None:
    """One warm-up on 50 cells, then the first call's memory and every call's time."""
    genes = json.loads(asked.signatures.read_text())
    adata = ad.read_h5ad(asked.data)
    settings = json.loads(asked.settings)
    small = {**settings, "chunk_size": 13} if "n_jobs" in settings else settings
    prepared(asked.method, adata[:50].copy(), genes, **small)()
    call = prepared(asked.method, adata, genes, **settings)
    before = begin()
    first, given = timed(call)
    extra = highest() - before
    seconds = [first, *(timed(call)[0] for _ in range(asked.runs - 1))]
    found = {
        "seconds": statistics.median(seconds),
        "every": seconds,
        "extra": extra,
        "result": size_of(adata, given),
    }
    asked.target.write_text(json.dumps(found))


def keep(asked: argparse.Namespace, /) -> None:
    """Scores, cells × signatures, of UCell, decoupler's ulm and score_genes."""
    genes = json.loads(asked.signatures.read_text())
    adata = ad.read_h5ad(asked.data)
    kept = {}
    ucell(adata, genes, n_jobs=1)()
    kept["ucell"] = adata.obs[list(genes)].to_numpy(float)
    score_genes(adata, genes)()
    kept["score_genes"] = adata.obs[list(genes)].to_numpy(float)
    ulm(adata, genes, empty=False)()
    kept["ulm"] = adata.obsm["score_ulm"][list(genes)].to_numpy(float)
    np.savez(asked.target, **kept)


def versions(asked: argparse.Namespace, /) -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    held = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    asked.target.write_text(f"{held}, Python {python}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Other packages' methods, timed or kept.")
    commands = parser.add_subparsers(dest="command", required=True)
    timing = commands.add_parser("time")
    timing.add_argument("method", choices=METHODS)
    timing.add_argument("--settings", default="{}", help="keyword arguments, JSON")
    timing.add_argument("--runs", type=int, default=1)
    timing.set_defaults(run=measure)
    scores = commands.add_parser("scores")
    scores.set_defaults(run=keep)
    for command in (timing, scores):
        command.add_argument("data", type=Path)
        command.add_argument("signatures", type=Path)
    commands.add_parser("versions").set_defaults(run=versions)
    for command in commands.choices.values():
        command.add_argument("target", type=Path)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    asked.run(asked)


if __name__ == "__main__":
    main()
