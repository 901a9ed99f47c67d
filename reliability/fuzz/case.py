"""The files of one input, and the data that every undamaged one holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("IFNG", "TGFB1", "IL6")
N_OBS, N_GENES = 8, 90
HERE = "@HERE@"
"""In a file, the folder it is put into."""


@dataclass(frozen=True)
class Case:
    """Files to be put into an empty folder.

    Parameters
    ----------
    root
        The file or folder that is read.
    files
        Bytes by path.
    links
        Symbolic links by path, with where they lead.
    kept
        Files that are not damaged.
    """

    root: str
    files: dict[str, bytes]
    links: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()

    def put(self, place: Path, /) -> None:
        """Write everything; what is not damaged is always of the same time, which runs look at."""
        for name, data in self.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.replace(HERE.encode(), str(place).encode()))
            if name in self.kept:
                os.utime(path, ns=(10**18, 10**18))
        for name, target in self.links:
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_symlink():
                path.symlink_to(target)


def counts() -> ad.AnnData:
    """Eight samples over genes of three signatures, and something in every other place."""
    genes = sorted(cs.signatures.load().subset(SETS).genes)[:N_GENES]
    rng = np.random.default_rng(7)
    values = rng.poisson(rng.lognormal(0.5, 1.0, len(genes)), (N_OBS, len(genes)))
    obs = pd.DataFrame(
        {
            "donor": pd.Categorical(list("aabbccdd")),
            "age": np.arange(N_OBS) + 40.5,
            "note": [f"n{k}" for k in range(N_OBS)],
        },
        index=[f"cell{k}" for k in range(N_OBS)],
    )
    made = ad.AnnData(
        sparse.csr_matrix(values.astype(np.float32)), obs=obs, var=pd.DataFrame(index=genes)
    )
    made.uns["run"] = {"by": "hand", "n": 3, "words": np.array(["a", "b"])}
    made.obsm["X_pca"] = rng.normal(size=(N_OBS, 2))
    made.obsm["other"] = pd.DataFrame({"x": np.arange(N_OBS)}, index=obs.index)
    return made
