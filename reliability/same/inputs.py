"""Small inputs from a seed, made of whole numbers so that every numpy makes the same."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import scipy.sparse as sp

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20
N_SAMPLES, PER_SAMPLE, N_FILLER = 6, 12, 400
TYPES = ("macrophage", "T cell", "malignant")


def genes() -> list[str]:
    """Genes of the curated signatures and as many that are in none as tests need."""
    return [*cs.signatures.load().genes, *(f"ZNF{k}X" for k in range(N_FILLER))]


@cache
def cells() -> ad.AnnData:
    """Counts of six tumours of two conditions; interferon gamma's genes raised in one of them."""
    rng = np.random.default_rng(SEED)
    names = genes()
    n = N_SAMPLES * PER_SAMPLE
    counts = rng.integers(0, 9, size=(n, len(names))) * (rng.integers(0, 4, (n, len(names))) == 0)
    raised = [k for k, name in enumerate(names) if cs.signatures.load()["IFNG"].weights.get(name)]
    sample = np.repeat(np.arange(N_SAMPLES), PER_SAMPLE)
    counts[np.ix_(sample % 2 == 1, raised)] += 3
    obs = pd.DataFrame(
        {
            "sample": pd.Categorical([f"S{k}" for k in sample]),
            "donor": pd.Categorical([f"D{k // 2}" for k in sample]),
            "condition": pd.Categorical(np.where(sample % 2, "treated", "control")),
            "cell_type": pd.Categorical([TYPES[k % 3] for k in range(n)]),
            "months": 10 + 7 * sample % 5,
            "died": sample % 3 > 0,
        },
        index=[f"cell{k}" for k in range(n)],
    )
    return ad.AnnData(sp.csr_matrix(counts.astype(np.float32)), obs, pd.DataFrame(index=names))


@cache
def bulk() -> ad.AnnData:
    """Dense values as logged ones look, of 20 samples: 64ths, which every numpy holds exactly."""
    rng = np.random.default_rng(SEED + 1)
    values = rng.integers(0, 960, size=(20, len(genes()))) / 64.0
    obs = pd.DataFrame(index=[f"bulk{k}" for k in range(20)])
    return ad.AnnData(values, obs, pd.DataFrame(index=genes()))


def put(folder: Path, /) -> None:
    """Both as files."""
    cells().write_h5ad(folder / "cells.h5ad")
    bulk().to_df().T.to_csv(folder / "bulk.tsv", sep="\t", index_label="gene")
