"""Simulated cells and signatures for methods.py, written once and read by every process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

N_GENES = 20_000
N_SIGNATURES = 40
LENGTHS = (20, 80)
DETECTED = 0.02
FEW = 200


def write_cells(folder: Path, n_obs: int, /) -> Path:
    """Log-normalised CSR, float32, 7 % filled; uncompressed, so that reading it is quick."""
    path = folder / f"cells_{n_obs}.h5ad"
    if not path.exists():
        cs.datasets.simulate_counts(n_obs, N_GENES, density=0.07, rng=0).write_h5ad(path)
    return path


def write_few(folder: Path, n_obs: int, /) -> Path:
    """The first cells of those."""
    path = folder / f"cells_{FEW}.h5ad"
    ad.read_h5ad(write_cells(folder, n_obs))[:FEW].copy().write_h5ad(path)
    return path


def write_signatures(folder: Path, n_obs: int, /) -> Path:
    """Lists of raised genes, drawn among those found in at least 2 % of the cells."""
    adata = ad.read_h5ad(write_cells(folder, n_obs))
    rng = np.random.default_rng(0)
    pool = adata.var_names[adata.X.getnnz(axis=0) >= DETECTED * n_obs]
    lengths = rng.integers(LENGTHS[0], LENGTHS[1] + 1, N_SIGNATURES)
    lists = {
        f"S{i:02d}": rng.choice(pool, length, replace=False).tolist()
        for i, length in enumerate(lengths, start=1)
    }
    path = folder / "signatures.json"
    path.write_text(json.dumps(lists))
    return path
