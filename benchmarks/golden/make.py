"""Golden values of other programs for tests/methods: a small input and what they make of it.

Usage: ``python benchmarks/golden/make.py --rank PYTHON --scanpy PYTHON``, the Pythons being those
of environments with ``benchmarks/peers/rank_methods.txt`` and ``benchmarks/peers/scanpy_112.txt``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
N_CELLS, N_GENES, N_SAMPLES = 60, 2500, 12
SIZES = (5, 8, 12, 20, 25, 30, 45, 60)
LOUD, SHALLOW = 7, 11  # a gene of very high expression; a cell of very few genes
STEADY = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


def abundances(rng: np.random.Generator, /) -> NDArray[np.float64]:
    """Shares of the genes; one in 25 is never seen, one takes a twelfth of all."""
    share = rng.lognormal(0.0, 1.6, N_GENES)
    share[rng.choice(N_GENES, N_GENES // 25, replace=False)] = 0.0
    share[LOUD] = share.sum() / 11
    return share / share.sum()


def signatures(share: NDArray[np.float64], rng: np.random.Generator, /) -> pd.DataFrame:
    """Eight signatures: the first two only raise; S4 is loud and silent; S6 and S7 share genes."""
    silent, common = np.flatnonzero(share == 0), np.argsort(share)[::-1][1:601]
    rows: list[tuple[str, str, int]] = []
    shared = rng.choice(common, 10, replace=False)
    for k, size in enumerate(SIZES):
        first: NDArray[np.int64] = np.empty(0, np.int64)
        if k == 3:
            first = np.concatenate(([LOUD], rng.choice(silent, 11, replace=False)))
        elif k in {5, 6}:
            first = shared
        left = size - len(first)
        apart = np.setdiff1d(common, np.concatenate((shared, first)))
        some = rng.choice(apart, left - left // 3, replace=False)
        any_ = np.setdiff1d(np.arange(N_GENES), np.concatenate((shared, first, some, [LOUD])))
        genes = np.concatenate((first, some, rng.choice(any_, left // 3, replace=False)))
        weight = np.where((np.arange(size) % 3 == 2) & (k > 1), -1, 1)
        rows += [(f"S{k + 1}", f"G{g:04d}", w) for g, w in zip(genes, weight, strict=True)]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def loadings(table: pd.DataFrame, /) -> NDArray[np.float64]:
    """Genes × signatures."""
    genes = [f"G{g:04d}" for g in range(N_GENES)]
    wide = table.pivot(index="target", columns="source", values="weight")
    return wide.reindex(genes).fillna(0).to_numpy(float)


def cells(
    share: NDArray[np.float64], weight: NDArray[np.float64], rng: np.random.Generator, /
) -> sp.csr_matrix:
    """Log-normalised counts; signature k is on in the cells that leave remainder k by 10."""
    depth = rng.lognormal(np.log(600), 0.35, N_CELLS)
    depth[SHALLOW] = 14
    on = np.arange(N_CELLS)[:, None] % 10 == np.arange(weight.shape[1])
    expected = share * np.exp(1.2 * on @ weight.T)
    counts = rng.poisson(depth[:, None] * expected / expected.sum(axis=1, keepdims=True))
    logged = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    return sp.csr_matrix(logged.astype(np.float32))


def bulk(share: NDArray[np.float64], rng: np.random.Generator, /) -> NDArray[np.float64]:
    """Samples × genes, two decimals; silent genes are zero and twenty more are constant."""
    level = np.log2(1 + 1e5 * share)
    noise = rng.normal(0.0, 0.7, (N_SAMPLES, N_GENES))
    found = np.where(share == 0, 0.0, np.round(np.maximum(level + noise, 0), 2))
    found[:, rng.choice(N_GENES, 20, replace=False)] = 3.5
    return found


def contrasts(
    x: sp.csr_matrix, weight: NDArray[np.float64], rng: np.random.Generator, /
) -> NDArray[np.float64]:
    """Three changes of every gene: without ties, with many ties at 0, and never negative."""
    clear = rng.normal(0.0, 1.0, N_GENES) + weight @ np.array([0, 2, 0, 0, -1, 0, 0.4, 0])
    half = N_CELLS // 2
    tied = np.asarray(x[:half].mean(axis=0) - x[half:].mean(axis=0)).ravel().astype(float)
    raised = rng.exponential(1.0, N_GENES) + weight[:, 0] + 0.1
    return np.round([clear, tied, raised], 9)


def write_input(folder: Path, /) -> None:
    """The matrix, the bulk samples, the contrasts and the signatures."""
    rng = np.random.default_rng(20_241_103)
    share = abundances(rng)
    table = signatures(share, rng)
    weight = loadings(table)
    x = cells(share, weight, rng)
    parts = {key: getattr(x, key) for key in ("data", "indices", "indptr", "shape")}
    np.savez_compressed(
        folder / "input.npz", **parts,
        genes=[f"G{g:04d}" for g in range(N_GENES)], cells=[f"C{i:02d}" for i in range(N_CELLS)],
        bulk=bulk(share, rng), samples=[f"B{i:02d}" for i in range(N_SAMPLES)],
        change=contrasts(x, weight, rng), contrasts=["clear", "tied", "raised"],
    )  # fmt: skip
    table.to_csv(folder / "signatures.tsv", sep="\t", index=False, lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rank", type=Path, default=PEERS / "rank" / "bin" / "python")
    parser.add_argument("--scanpy", type=Path, default=PEERS / "scanpy" / "bin" / "python")
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "methods" / "golden")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    write_input(asked.out)
    script = Path(__file__).with_name("make_peer.py")
    for python, pins in ((asked.rank, "rank_methods.txt"), (asked.scanpy, "scanpy_112.txt")):
        if not python.exists():
            raise SystemExit(f"No Python at {python}. Make one as {PEERS / pins} says.")
        call = [python, script, PEERS / pins, asked.out]
        subprocess.run(call, check=True, env={**os.environ, **STEADY})


if __name__ == "__main__":
    main()
