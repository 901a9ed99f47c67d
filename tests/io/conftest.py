"""Files that the tests of reading share, made without the code under test."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Excuse what anndata 0.13 does inside: it reads options that pandas 3 deprecates."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            for option in ("future.infer_string", "mode.chained_assignment"):
                text = f"ignore:The '{option}' option is deprecated:DeprecationWarning"
                item.add_marker(pytest.mark.filterwarnings(text))


@pytest.fixture
def adata() -> anndata.AnnData:
    """Six cells × four genes, with something in every compartment."""
    counts = np.random.default_rng(0).poisson(1.0, (6, 4)).astype(np.float32)
    cells = pd.Index([f"c{i}" for i in range(6)], dtype=str)
    made = anndata.AnnData(
        sparse.csr_matrix(counts),
        obs=pd.DataFrame({"donor": pd.Categorical(list("aabbcc")), "n": range(6)}, index=cells),
        var=pd.DataFrame(index=pd.Index(["STAT1", "IRF1", "CD74", "B2M"], dtype=str)),
    )
    made.layers["counts"] = counts
    made.obsm["score"] = pd.DataFrame({"IFNG": np.arange(6.0)}, index=cells)
    made.uns["cytosig"] = {"method": "mlm", "axes": np.array(["IFN-I/III", "SMAD2/3"])}
    return made


@pytest.fixture
def h5ad_file(tmp_path: Path, adata: anndata.AnnData) -> Path:
    """Return ``adata`` as anndata itself writes it."""
    adata.copy().write_h5ad(tmp_path / "made.h5ad")
    return tmp_path / "made.h5ad"
