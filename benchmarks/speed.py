"""Seconds and memory for 10,000 cells × 20,000 genes, against SecActPy's permutations.

Usage: ``python benchmarks/speed.py [--peer PYTHON] [--out DIR] [--quick]``
``--quick`` runs 50 permutations, for development; its page says so and is not to be committed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import panel_sets as sets
import peer
import record

import cytosig as cs

if TYPE_CHECKING:
    import argparse

OURS = Path(__file__).parent / "speed_ours.py"
SHAPE = (10_000, 20_000)
PERMUTATIONS = 1000
PROBE = 20


@dataclass(frozen=True)
class Task:
    """What both sides are given."""

    adata: ad.AnnData
    matrix: pd.DataFrame
    catalogue: pd.DataFrame
    folder: Path
    asked: argparse.Namespace


def make_task(asked: argparse.Namespace, folder: Path, /) -> Task:
    """Simulated cells whose first genes are the catalogue's and CytoSig's."""
    matrix = peer.cytosig_matrix(asked.peer, folder)
    catalogue = cs.signatures.load()
    ligands = {g for c in catalogue.cytokines.values() for g in c.ligand_genes}
    names = dict.fromkeys([*catalogue.genes, *sorted(ligands), *matrix.index])
    adata = cs.datasets.simulate_counts(*SHAPE, density=0.07, genes=list(names), rng=0)
    adata.write_h5ad(folder / "cells.h5ad")
    weights = catalogue.weights(list(adata.var_names))
    frame = pd.DataFrame(weights, index=adata.var_names, columns=catalogue.ids)
    return Task(adata, matrix, frame, folder, asked)


def write_real(task: Task, /) -> bool:
    """As many cells drawn with replacement from real ones; False without the data."""
    name = "stim_kang_ifnb_2800"
    if not (task.asked.data / f"{name}.h5ad").is_file():
        return False
    held = sets.read(task.asked.data, name)
    chosen = np.random.default_rng(0).integers(0, held.n_obs, SHAPE[0])
    ad.AnnData(held.X[chosen], var=held.var).write_h5ad(task.folder / "real.h5ad")
    return True


def ours(
    task: Task, label: str, /, *, data: str = "cells.h5ad", matrix: bool = False
) -> dict[str, object]:
    """Median of the warm calls, and the memory of the first, in a fresh process."""
    target = task.folder / "ours.json"
    call = [sys.executable, OURS, task.folder / data, target, "--runs", str(task.asked.runs)]
    call += ["--matrix", task.folder / "matrix.tsv"] if matrix else []
    subprocess.run(call, check=True)
    found = json.loads(target.read_text())
    return {
        "who": label,
        "genes of the null": len(task.matrix) if matrix else found["genes"],
        "outputs": found["outputs"],
        "seconds": found["seconds"],
        "slowest": max(found["every"]),
        "extra MiB": found["extra"],
        "p-values": "exact moments, saddlepoint",
    }


def theirs(task: Task, label: str, frame: pd.DataFrame, /, *, sparse_mode: bool) -> dict:
    """One call with all its permutations, in a fresh process."""
    n = task.asked.permutations
    found = peer_run(task, frame, n, sparse_mode=sparse_mode)
    return {
        "who": f"{label}, sparse_mode={sparse_mode}",
        "genes of the null": len(frame),
        "outputs": frame.shape[1],
        "seconds": found.seconds,
        "slowest": found.seconds,
        "extra MiB": found.extra,
        "p-values": f"{n:,} permutations",
    }


def peer_run(task: Task, frame: pd.DataFrame, n: int, /, *, sparse_mode: bool) -> peer.Found:
    values = task.adata[:, frame.index].X.tocsr()
    return peer.ridge(
        task.asked.peer, task.folder, values, frame.to_numpy(),
        permutations=n, lam=1e4, sparse_mode=sparse_mode,
    )  # fmt: skip


def faster_mode(task: Task, frame: pd.DataFrame, /) -> bool:
    """Which sparse_mode takes the peer less time, by a short trial of both."""
    trial = {m: peer_run(task, frame, PROBE, sparse_mode=m).seconds for m in (False, True)}
    return min(trial, key=trial.__getitem__)


def measure(task: Task, /) -> pd.DataFrame:
    """Every row of the table, with what it is compared to."""
    everywhere = task.catalogue
    first = ours(task, "cytosig, catalogue, hlm")
    same = ours(task, "cytosig, CytoSig's matrix, ridge", matrix=True)
    a = [
        theirs(task, "SecActPy, CytoSig's matrix", task.matrix, sparse_mode=mode)
        for mode in (False, True)
    ]
    best = min(a, key=lambda row: row["seconds"])
    b = theirs(
        task, "SecActPy, our catalogue", everywhere, sparse_mode=faster_mode(task, everywhere)
    )
    real = []
    if write_real(task):
        real = [ours(task, "cytosig, catalogue, hlm, real cells", data="real.h5ad")]
    table = pd.DataFrame([first, same, *a, b, *real])
    table["times cytosig, catalogue"] = table["seconds"] / first["seconds"]
    table["times cytosig, CytoSig's matrix"] = table["seconds"] / same["seconds"]
    table["counts"] = [True, True, *(row is best for row in a), True, *(True for _ in real)]
    return table


def report(table: pd.DataFrame, asked: argparse.Namespace, versions: str, /) -> str:
    """The page to read."""
    extra = [f"Peer: {versions}, {asked.permutations:,} permutations run in full"]
    warning = "**Development run with few permutations; do not commit.**" if asked.quick else ""
    parts = [
        "# Speed",
        warning,
        record.provenance(extra),
        f"{SHAPE[0]:,} cells × {SHAPE[1]:,} genes, float32 CSR, 7 % filled, log-normalised,"
        " simulated; in memory.",
        record.markdown(table),
        _NOTES,
    ]
    return "\n\n".join(part for part in parts if part)


_NOTES = """\
- Ours is `tl.score(adata)` as a user calls it: recognising the values, finding the genes, all
  cytokines, axes, p-values and ligand expression; after one call on 50 cells that compiles the
  kernels. Median of the runs. Theirs is `ridge` alone with rng_method="numpy" and the fastest of
  its settings ("counts"), on a matrix already cut and transposed to its liking; one run.
- "genes of the null" says which null is computed. CytoSig's null shuffles only its matrix's
  genes; ours shuffles all that are measured. Compare rows of the same null: the catalogue with
  "SecActPy, our catalogue", and "CytoSig's matrix" with "CytoSig's matrix".
- Simulated cells answer to nothing, so most p-values are large and take the short way; 10,000
  cells drawn with replacement from real ones (kang) show what strong responses cost.
- Not the same product: 1,000 permutations cannot give a p below 0.001; ours has no such floor.
- "extra MiB" is the peak resident memory during the first full call minus that just before it.
- Both may use all cores of the machine: ours through threads, theirs through its BLAS (dense) or
  one core (sparse_mode)."""


def main() -> None:
    """Run both sides and write speed.md and speed.tsv."""
    parser = record.arguments(__doc__, peer=True)
    parser.add_argument("--quick", action="store_true", help="50 permutations; development only")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    asked.permutations = 50 if asked.quick else PERMUTATIONS
    peer.check(asked.peer)
    with tempfile.TemporaryDirectory() as folder:
        task = make_task(asked, Path(folder))
        small = np.random.default_rng(0).normal(size=(4, 8))
        versions = peer.ridge(
            asked.peer, Path(folder), small, small.T[:, :2], permutations=2, lam=1.0
        ).versions
        table = measure(task)
    name = "speed_quick" if asked.quick else "speed"
    record.write(asked.out, name, table=table, text=report(table, asked, versions))


if __name__ == "__main__":
    main()
