"""Run SecActPy's ridge in its own environment; called by speed.py and cytosig_parity.py.

Usage: ``PEER_PYTHON run_secactpy.py matrix OUT.tsv`` writes its copy of CytoSig's matrix;
``PEER_PYTHON run_secactpy.py ridge IN.npz OUT.npz [--sparse-mode] [--permutations N]
[--lam L] [--keep]`` runs the regression. IN holds CSR ``data``, ``indices``, ``indptr`` and
``shape`` of observations × genes, or a dense ``y``, and ``x`` (genes × signatures).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import scipy
import scipy.sparse as sp
import secactpy
from secactpy.ridge import ridge
from secactpy.signature import load_cytosig

sys.path.insert(0, str(Path(__file__).parents[1]))

from memory import peak, reset_peak, status


def read(held: np.lib.npyio.NpzFile) -> np.ndarray | sp.csc_matrix:
    """Genes × observations, as SecActPy wants it."""
    if "y" in held:
        return held["y"].T
    parts = (held["data"], held["indices"], held["indptr"])
    return sp.csr_matrix(parts, shape=tuple(held["shape"])).T.tocsc()


def run(asked: argparse.Namespace) -> None:
    with np.load(asked.source) as held:
        y, x = read(held), held["x"]
    reset_peak()
    before, start = status("VmRSS"), time.perf_counter()
    found = ridge(
        x, y, lambda_=asked.lam, n_rand=asked.permutations, backend="numpy",
        rng_method="numpy", sparse_mode=asked.sparse_mode,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    out = {"seconds": seconds, "extra": peak() - before, "versions": versions()}
    if asked.keep:
        out |= {"beta": found["beta"].T, "zscore": found["zscore"].T}
    np.savez(asked.target, **out)


def versions() -> str:
    """What ran."""
    return f"secactpy {secactpy.__version__}, numpy {np.__version__}, scipy {scipy.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description="SecActPy's ridge in its own environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("matrix").add_argument("target", type=Path)
    command = commands.add_parser("ridge")
    command.add_argument("source", type=Path)
    command.add_argument("target", type=Path)
    command.add_argument("--sparse-mode", action="store_true")
    command.add_argument("--permutations", type=int, default=1000)
    command.add_argument("--lam", type=float, default=1e4)
    command.add_argument("--keep", action="store_true", help="also write beta and zscore")
    asked = parser.parse_args()
    if asked.command == "matrix":
        load_cytosig().to_csv(asked.target, sep="\t")
    else:
        run(asked)


if __name__ == "__main__":
    main()
