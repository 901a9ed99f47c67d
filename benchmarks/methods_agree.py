"""Our scores against other packages' and against definitions, on a few cells; for methods.py."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import anndata as ad
import methods_definitions as definitions
import numpy as np
import pandas as pd
from methods_ours import read_signatures
from methods_runs import SCRIPT

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

    from methods_runs import Task
    from numpy.typing import NDArray

RANK = ("ucell", "aucell", "singscore", "ssgsea")
_KEY = "cytosig_score"


def ours(adata: ad.AnnData, task: Task, /) -> dict[str, NDArray[np.float64]]:
    """Scores of every method, cells × signatures in the order of the file."""
    signatures = read_signatures(task.signatures)
    names = list(signatures)

    def kept(key: str, **options: object) -> NDArray[np.float64]:
        cs.tl.score(adata, signatures=signatures, n_jobs=2, **options)
        return adata.obsm[key][names].to_numpy(float)

    found = {RANK[0]: kept(_KEY, method=list(RANK))}
    found |= {m: adata.obsm[f"cytosig_{m}_score"][names].to_numpy(float) for m in RANK[1:]}
    found["score_genes"] = kept(_KEY, method="score_genes", compat="scanpy")
    r = kept(_KEY, method="ulm", center=None) / np.sqrt(adata.n_vars - 1)
    found["ulm"] = r * np.sqrt((adata.n_vars - 2) / (1 - r**2))
    return found


def theirs(data: Path, task: Task, /) -> dict[str, NDArray[np.float64]]:
    """What the packages give for the same cells."""
    target = task.folder / "scores.npz"
    subprocess.run([task.peer, SCRIPT, "scores", data, task.signatures, target], check=True)
    with np.load(target) as held:
        return dict(held)


def compare(data: Path, task: Task, runs: int, /) -> pd.DataFrame:
    """One row a comparison: the largest and the mean difference, and what it may be."""
    adata = ad.read_h5ad(data)
    lists = json.loads(task.signatures.read_text())
    columns = [adata.var_names.get_indexer(genes) for genes in lists.values()]
    values = adata.X.toarray()
    mine, other = ours(adata, task), theirs(data, task)
    random = definitions.aucell(values, columns, runs, np.random.default_rng(0))
    rows = [
        ("ucell", "pyucell", other["ucell"], 1e-6),
        ("aucell", f"AUCell's R code in numpy, mean of {runs} runs", random, 2e-3),
        ("aucell", "its expectation over ties", definitions.expected_aucell(values, columns), 1e-6),
        ("singscore", "definition, scipy's ranks", definitions.singscore(values, columns), 1e-6),
        ("ssgsea", "definition, scipy's ranks", definitions.ssgsea(values, columns), 1e-6),
        ("score_genes", "scanpy (ours with compat='scanpy')", other["score_genes"], None),
        ("ulm", "decoupler's t (ours: z turned into t)", other["ulm"], None),
    ]
    return pd.DataFrame([_row(mine[m], m, *rest) for m, *rest in rows])


def _row(
    mine: NDArray[np.float64],
    method: str,
    against: str,
    reference: NDArray[np.float64],
    bar: float | None,
) -> dict[str, object]:
    apart = np.abs(mine - reference)
    return {
        "method": method,
        "against": against,
        "scores": apart.size,
        "smallest": float(reference.min()),
        "largest": float(reference.max()),
        "mean difference": float(apart.mean()),
        "largest difference": float(apart.max()),
        "bar": "" if bar is None else f"at most {bar:g}",
        "met": "" if bar is None else "yes" if apart.max() <= bar else "no",
    }
