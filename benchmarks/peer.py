"""Talk to the peer's environment: a subprocess and files, nothing imported from it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCRIPT = Path(__file__).parent / "peers" / "run_secactpy.py"


@dataclass(frozen=True)
class Found:
    """What a run of the peer took and, where asked for, gave."""

    seconds: float
    extra: float
    versions: str
    beta: NDArray[np.float64] | None = None
    zscore: NDArray[np.float64] | None = None


def check(python: Path, /) -> None:
    """Stop with a helpful message where the peer is not installed."""
    if not python.exists():
        raise SystemExit(
            f"No peer at {python}. Make one: python -m venv benchmarks/peers/env &&"
            " benchmarks/peers/env/bin/pip install -r benchmarks/peers/secactpy.txt,"
            " or pass --peer."
        )


def cytosig_matrix(python: Path, folder: Path, /) -> pd.DataFrame:
    """CytoSig's matrix, genes × signatures, as the peer ships it."""
    path = folder / "matrix.tsv"
    subprocess.run([python, SCRIPT, "matrix", path], check=True)
    return pd.read_csv(path, sep="\t", index_col=0)


def ridge(
    python: Path,
    folder: Path,
    values: sp.csr_matrix | NDArray[np.float64],
    weights: NDArray[np.float64],
    /,
    *,
    permutations: int,
    lam: float,
    sparse_mode: bool = False,
    keep: bool = False,
) -> Found:
    """SecActPy's ridge on observations × genes, in a fresh process."""
    source, target = folder / "in.npz", folder / "out.npz"
    if sp.issparse(values):
        parts = {key: getattr(values, key) for key in ("data", "indices", "indptr", "shape")}
        np.savez(source, x=weights, **parts)
    else:
        np.savez(source, x=weights, y=values)
    call = [python, SCRIPT, "ridge", source, target]
    call += ["--permutations", str(permutations), "--lam", repr(lam)]
    call += ["--sparse-mode"] * sparse_mode + ["--keep"] * keep
    subprocess.run(call, check=True)
    with np.load(target) as held:
        kept = {key: held[key] for key in ("beta", "zscore") if key in held}
        return Found(float(held["seconds"]), float(held["extra"]), str(held["versions"]), **kept)
