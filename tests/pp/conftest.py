"""Cells of three samples, and pseudobulks compared to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

N_CELLS, N_GENES = 90, 23


@pytest.fixture
def cells() -> AnnData:
    """90 cells × 23 genes of 3 samples and 4 cell types, one of them without cells: counts, CSR."""
    rng = np.random.default_rng(5)
    counts = rng.negative_binomial(0.8, 0.02, (N_CELLS, N_GENES)) * (
        rng.random((N_CELLS, N_GENES)) < 0.5
    )
    sample = rng.choice(["p10", "p2", "p1"], N_CELLS)
    types = ["T cell", "B cell", "unseen", "Myeloid"]
    cell_type = np.where(
        sample == "p2", "B cell", rng.choice(["T cell", "B cell", "Myeloid"], N_CELLS)
    )
    obs = pd.DataFrame(
        {
            "plate": rng.integers(0, 4, N_CELLS),
            "sample": sample,
            "cell_type": pd.Categorical(cell_type, categories=types),
            "age": pd.Series(sample).map({"p10": 61.5, "p2": np.nan, "p1": 40.0}).to_numpy(),
            "arm": pd.Categorical(
                np.where(sample == "p1", "placebo", "drug"),
                categories=["placebo", "none", "drug"],
                ordered=True,
            ),
        },
        index=[f"cell{i}" for i in range(N_CELLS)],
    )
    var = pd.DataFrame({"chromosome": "7"}, index=[f"GENE{i}" for i in range(N_GENES)])
    return anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs, var=var)


@pytest.fixture
def dense(cells: AnnData) -> pd.DataFrame:
    """The same counts as a plain table in double precision."""
    return pd.DataFrame(
        cells.X.toarray().astype(np.float64), index=cells.obs_names, columns=cells.var_names
    )


@pytest.fixture
def logged(cells: AnnData) -> AnnData:
    """log(CP10k + 1) of the same cells."""
    total = np.asarray(cells.X.sum(axis=1, dtype=np.float64))
    made = cells.copy()
    made.X = sparse.csr_matrix(np.log1p(cells.X.toarray() / total * 1e4))
    return made


@pytest.fixture(scope="session")
def same() -> Callable[[AnnData, AnnData], None]:
    """Check that two pseudobulks hold the same bytes."""

    def check(one: AnnData, other: AnnData) -> None:
        assert one.X.tobytes() == other.X.tobytes()
        assert list(one.layers) == list(other.layers)
        for name in one.layers:
            assert one.layers[name].tobytes() == other.layers[name].tobytes()
        pd.testing.assert_frame_equal(one.obs, other.obs, check_exact=True)
        pd.testing.assert_frame_equal(one.var, other.var, check_exact=True)
        assert one.uns == other.uns

    return check
