"""AnnData that anndata itself left on disk: X a dask array, obs and var tables of xarray."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("dask")
pytest.importorskip("xarray")


@pytest.mark.filterwarnings("ignore")  # what xarray and dask have to say to each other
def test_scores_and_pseudobulk_are_those_in_memory(files: list[Path]) -> None:
    experimental = pytest.importorskip("anndata.experimental")
    if not hasattr(experimental, "read_lazy"):
        pytest.skip("this anndata has no read_lazy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lazy, whole = experimental.read_lazy(files[0]), ad.read_h5ad(files[0])
    for adata in (lazy, whole):
        cs.tl.score(adata, method=["hlm", "ucell"], batch_key="donor", cell_type_key="type")
    assert set(lazy.obsm) >= set(whole.obsm)
    for key in whole.obsm:
        np.testing.assert_array_equal(lazy.obsm[key], whole.obsm[key], err_msg=key)
    one, other = (
        cs.pp.pseudobulk(adata, sample_key="donor", cell_type_key="type") for adata in (lazy, whole)
    )
    np.testing.assert_array_equal(one.X, other.X)
    pd.testing.assert_frame_equal(one.obs, other.obs)
