"""A cluster of two worker processes on this machine, and data for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client


@pytest.fixture(scope="package")
def client() -> Iterator[Client]:
    """Two worker processes with a thread each."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            protocol="tcp",
            dashboard_address=":0",
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


@pytest.fixture(scope="package")
def cells() -> ad.AnnData:
    """Counts of 120 cells of three donors and two cell types."""
    rng = np.random.default_rng(5)
    genes = [*cs.signatures.load().genes, *(f"FILL{i}" for i in range(300))]
    counts = rng.poisson(rng.gamma(0.4, 2.0, (120, len(genes)))).astype(np.float32)
    obs = pd.DataFrame(
        {
            "donor": pd.Categorical([f"d{i % 3}" for i in range(120)]),
            "type": pd.Categorical(["T cell" if i % 5 else "fibroblast" for i in range(120)]),
        },
        index=[f"c{i}" for i in range(120)],
    )
    return ad.AnnData(sp.csr_matrix(counts), obs=obs, var=pd.DataFrame(index=genes))


@pytest.fixture(scope="package")
def files(cells: ad.AnnData, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The cells in two files, the genes of the second in reverse."""
    folder = tmp_path_factory.mktemp("files")
    parts = {"first": cells[:70].copy(), "second": cells[70:, ::-1].copy()}
    for name, part in parts.items():
        part.write_h5ad(folder / f"{name}.h5ad", compression="gzip")
    return [folder / f"{name}.h5ad" for name in parts]
