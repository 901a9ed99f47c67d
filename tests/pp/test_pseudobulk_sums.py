"""Sums, means and shares are those that pandas, scanpy and Python's integers find."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy
from scipy import sparse

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

KEYS = ["sample", "cell_type"]
LARGEST = {
    np.uint8: 255,
    np.int8: 127,
    np.int16: 2**15 - 1,
    np.int32: 2**31 - 1,
    np.float32: 2**24 - 1,
    np.int64: 2**42 + 1,
}


@pytest.mark.parametrize("keys", [KEYS[:1], KEYS, KEYS[::-1]], ids="-".join)
def test_every_row_is_what_pandas_finds(
    cells: AnnData, dense: pd.DataFrame, keys: list[str]
) -> None:
    cells.strings_to_categoricals()
    bulk = cs.pp.pseudobulk(cells, **dict(zip(["sample_key", "cell_type_key"], keys, strict=False)))
    groups = dense.groupby([cells.obs[key] for key in keys], observed=True)
    np.testing.assert_array_equal(bulk.X, groups.sum())
    np.testing.assert_allclose(bulk.layers["mean"], groups.mean(), rtol=1e-15)
    shares = groups.agg(lambda x: (x != 0).mean())
    np.testing.assert_allclose(bulk.layers["fraction"], shares, rtol=1e-15)
    assert bulk.obs["n_cells"].tolist() == groups.size().tolist()
    labels = groups.size().index.to_frame()
    for key in keys:
        assert bulk.obs[key].tolist() == labels[key].tolist()
    assert {bulk.X.dtype, *(layer.dtype for layer in bulk.layers.values())} == {np.dtype(float)}
    pd.testing.assert_frame_equal(bulk.var, cells.var)


@pytest.mark.parametrize("keys", [KEYS[:1], KEYS], ids="-".join)
def test_every_row_is_what_scanpy_finds(cells: AnnData, keys: list[str]) -> None:
    cells.strings_to_categoricals()
    bulk = cs.pp.pseudobulk(cells, **dict(zip(["sample_key", "cell_type_key"], keys, strict=False)))
    theirs = scanpy.get.aggregate(cells, by=keys, func=["sum", "mean", "count_nonzero"])
    assert bulk.obs_names.tolist() == theirs.obs_names.tolist()
    assert list(bulk.layers) == ["mean", "fraction"]
    np.testing.assert_array_equal(bulk.X, theirs.layers["sum"])
    np.testing.assert_allclose(bulk.layers["mean"], theirs.layers["mean"], rtol=1e-12)
    n_cells = bulk.obs["n_cells"].to_numpy()[:, None]
    np.testing.assert_allclose(bulk.layers["fraction"] * n_cells, theirs.layers["count_nonzero"])


@pytest.mark.parametrize(
    ("dtype", "largest", "form"),
    [
        (np.float16, 65504, np.asarray),  # scipy has no sparse matrices of half precision
        *(
            (dtype, largest, form)
            for form in (np.asarray, sparse.csr_matrix, sparse.csc_matrix)
            for dtype, largest in LARGEST.items()
        ),
    ],
)
def test_large_values_add_up_without_a_loss(
    dtype: type[np.generic], largest: int, form: Callable[[np.ndarray], object]
) -> None:
    values = np.full((700, 2), largest, dtype=dtype)
    values[::2, 1] = 1
    obs = pd.DataFrame({"sample": ["a", "b"] * 350}, index=[str(i) for i in range(700)])
    bulk = cs.pp.pseudobulk(anndata.AnnData(form(values), obs=obs), sample_key="sample")
    exact = [
        [sum(int(x) for x in values[first::2, gene].tolist()) for gene in (0, 1)]
        for first in (0, 1)
    ]
    assert [[int(x) for x in row] for row in bulk.X] == exact


def test_single_precision_counts_beyond_its_whole_numbers() -> None:
    values = np.ones((3001, 1), dtype=np.float32)
    values[0] = 2**24
    obs = pd.DataFrame({"sample": "a"}, index=[str(i) for i in range(3001)])
    bulk = cs.pp.pseudobulk(anndata.AnnData(values, obs=obs), sample_key="sample")
    assert int(bulk.X[0, 0]) == 2**24 + 3000


def test_means_of_logarithms_are_rounded_once(logged: AnnData) -> None:
    bulk = cs.pp.pseudobulk(logged, sample_key="sample", mode="mean")
    values = logged.X.toarray()
    for row, sample in enumerate(bulk.obs["sample"]):
        mine = values[(logged.obs["sample"] == sample).to_numpy()]
        for gene in range(logged.n_vars):
            total = sum((Fraction(float(x)) for x in mine[:, gene]), Fraction())
            assert bulk.X[row, gene] == float(total) / len(mine)
    assert list(bulk.layers) == ["fraction"]
    np.testing.assert_array_equal(
        bulk.layers["fraction"][0], (values[logged.obs["sample"] == "p1"] != 0).mean(axis=0)
    )


def test_a_layer_and_raw_are_added_up(cells: AnnData, dense: pd.DataFrame) -> None:
    expected = dense.groupby(cells.obs["sample"]).sum().loc[["p1", "p2", "p10"]]
    cells.layers["counts"] = cells.X.copy()
    cells.raw = cells
    cells = cells[:, :4].copy()
    cells.X = np.log1p(cells.X.toarray())
    layer = cs.pp.pseudobulk(cells, sample_key="sample", layer="counts")
    np.testing.assert_array_equal(layer.X, expected.iloc[:, :4])
    assert layer.uns["cytosig_pseudobulk"]["layer"] == "counts"
    raw = cs.pp.pseudobulk(cells, sample_key="sample", use_raw=True)
    np.testing.assert_array_equal(raw.X, expected)
    assert raw.var_names.tolist() == dense.columns.tolist()
    assert raw.uns["cytosig_pseudobulk"]["use_raw"] is True


def test_counts_of_nothing_but_0_and_1_add_up(cells: AnnData, dense: pd.DataFrame) -> None:
    cells.X = (cells.X > 0).astype(np.float32)
    cells.strings_to_categoricals()
    bulk = cs.pp.pseudobulk(cells, sample_key="sample")
    np.testing.assert_array_equal(
        bulk.X, (dense > 0).groupby(cells.obs["sample"], observed=True).sum()
    )
    assert bulk.uns["cytosig_pseudobulk"]["values"] == "counts"


def test_a_matrix_of_zeros_adds_up_to_zeros(cells: AnnData) -> None:
    cells.X = np.zeros(cells.shape)
    bulk = cs.pp.pseudobulk(cells, sample_key="sample")
    assert not bulk.X.any()
    assert not bulk.layers["fraction"].any()
