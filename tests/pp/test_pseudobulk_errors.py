"""What cannot be added up is refused, and the message says what was found and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from anndata import AnnData

ORDER = ["p1", "p2", "p10"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sample_key": "donor"},
            "sample_key: obs has no column 'donor'; it has 'plate', 'sample'",
        ),
        ({"cell_type_key": "type"}, "cell_type_key: obs has no column 'type'"),
        ({"cell_type_key": "sample"}, "both name 'sample'"),
        ({"sample_key": "n_cells"}, "'n_cells' cannot be a key"),
        ({"layer": "counts"}, "layer='counts' is not there; layers: none"),
        ({"use_raw": True}, "adata.raw is None"),
        ({"use_raw": True, "layer": "counts"}, "exclude each other"),
        ({"mode": "median"}, "mode='median': expected 'sum', 'mean' or 'auto'"),
        ({"min_cells": 0}, "min_cells=0: expected 1 or more"),
        ({"chunk_size": 0}, "chunk_size=0: expected 1 or more"),
        ({"n_jobs": -1}, "n_jobs=-1: expected 1 or more"),
    ],
)
def test_wrong_arguments(cells: AnnData, options: dict[str, object], message: str) -> None:
    if options.get("sample_key") == "n_cells":
        cells.obs["n_cells"] = 1
    with pytest.raises(UsageError) as caught:
        cs.pp.pseudobulk(cells, **{"sample_key": "sample", **options})
    assert message in str(caught.value)


def test_something_else_than_an_anndata(dense: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="adata is a DataFrame; expected an AnnData"):
        cs.pp.pseudobulk(dense, sample_key="sample")


@pytest.mark.parametrize("key", ["sample", "cell_type"])
def test_cells_without_a_label(cells: AnnData, key: str) -> None:
    cells.obs.loc[cells.obs_names[[3, 17, 40]], key] = None
    with pytest.raises(DataError, match=f"obs\\['{key}'\\] is empty for 3 .*'cell3' first"):
        cs.pp.pseudobulk(cells, sample_key="sample", cell_type_key="cell_type")


def test_rows_that_are_all_too_small(cells: AnnData) -> None:
    most = int(cells.obs["sample"].value_counts().max())
    with pytest.raises(DataError, match=f"has 91 cells: the largest of 3 has {most}"):
        cs.pp.pseudobulk(cells, sample_key="sample", min_cells=91)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_nothing_to_add_up(shape: tuple[int, int]) -> None:
    obs = pd.DataFrame({"sample": ["a"] * shape[0]}, index=[str(i) for i in range(shape[0])])
    with pytest.raises(DataError, match=f"{shape[0]} cells × {shape[1]} genes"):
        cs.pp.pseudobulk(anndata.AnnData(np.zeros(shape), obs=obs), sample_key="sample")


def test_an_empty_x(cells: AnnData) -> None:
    cells.layers["counts"], cells.X = cells.X, None
    with pytest.raises(DataError, match=r"adata\.X is empty; pass layer= one of 'counts'"):
        cs.pp.pseudobulk(cells, sample_key="sample")


def test_sums_of_logarithms(logged: AnnData) -> None:
    logged.layers["counts"] = logged.X
    with pytest.raises(DataError) as caught:
        cs.pp.pseudobulk(logged, sample_key="sample")
    for words in ("The values are log1p", "(layers: 'counts')", 'mode="mean"'):
        assert words in str(caught.value)


def test_sums_of_contrasts(cells: AnnData) -> None:
    cells.X = np.random.default_rng(0).normal(size=cells.shape)
    with pytest.raises(DataError, match=r"The values are contrasts .* Pass layer= with counts"):
        cs.pp.pseudobulk(cells, sample_key="sample")
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", mode="mean")
    means = pd.DataFrame(cells.X).groupby(cells.obs["sample"].to_numpy()).mean().loc[ORDER]
    np.testing.assert_allclose(bulk.X, means, rtol=1e-12)


def test_means_of_counts_come_with_a_warning(
    cells: AnnData, dense: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", mode="mean")
    assert "X holds means of counts" in caplog.text
    means = dense.groupby(cells.obs["sample"]).mean().loc[ORDER]
    np.testing.assert_allclose(bulk.X, means, rtol=1e-15)


def test_auto_is_what_the_values_allow(
    cells: AnnData, logged: AnnData, caplog: pytest.LogCaptureFixture
) -> None:
    for data, mode in ((cells, "sum"), (logged, "mean")):
        found, asked = (
            cs.pp.pseudobulk(data, sample_key="sample", mode=one) for one in ("auto", mode)
        )
        assert found.uns["cytosig_pseudobulk"]["mode"] == mode
        np.testing.assert_array_equal(found.X, asked.X)
        assert set(found.layers) == set(asked.layers)
    assert "X holds means of counts" not in caplog.text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", ["dense", "csr", "csc", "dask"])
def test_no_number_is_named_with_its_place(cells: AnnData, value: float, form: str) -> None:
    values = cells.X.toarray()
    values[[41, 77], [5, 2]] = value
    if form == "dask":
        values = pytest.importorskip("dask.array").from_array(values, chunks=(20, 23))
    else:
        make = {"dense": np.asarray, "csr": sparse.csr_matrix, "csc": sparse.csc_matrix}
        values = make[form](values)
    cells.X = values
    with pytest.raises(DataError) as caught:
        cs.pp.pseudobulk(cells, sample_key="sample", n_jobs=2)
    place = f"holds {value} at observation 'cell41', gene 'GENE5' (2 gene(s) affected)"
    assert place in str(caught.value)


def test_no_number_in_cells_left_out_does_no_harm(cells: AnnData) -> None:
    cells.obs["sample"] = ["rare", *["usual"] * (cells.n_obs - 1)]
    values = cells.X.toarray()
    expected = values[1:].sum(axis=0, dtype=np.float64)
    values[0, 0] = np.nan
    cells.X = values
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", min_cells=2)
    np.testing.assert_array_equal(bulk.X, expected[None])
    values[9, 4] = np.inf
    with pytest.raises(DataError, match="inf at observation 'cell9', gene 'GENE4' \\(1 gene"):
        cs.pp.pseudobulk(cells, sample_key="sample", min_cells=2)


def test_sums_beyond_all_measure(cells: AnnData) -> None:
    cells.X = np.full(cells.shape, 9e69)
    with pytest.raises(DataError, match="'GENE0' adds up to more than can be reckoned with"):
        cs.pp.pseudobulk(cells, sample_key="sample")


@pytest.mark.parametrize(("bad", "mode"), [(1e300, "sum"), (-1e300, "mean")])
def test_a_value_beyond_all_measure_is_named(bad: float, mode: str) -> None:
    """Its square would be infinite wherever samples are compared."""
    x = np.random.default_rng(0).poisson(2.0, (6, 8)).astype(float)
    x[3, 5] = bad
    obs = pd.DataFrame({"sample": ["a", "b"] * 3}, index=[f"cell{i}" for i in range(6)])
    cells = anndata.AnnData(x, obs, pd.DataFrame(index=[f"G{i}" for i in range(8)]))
    with pytest.raises(DataError, match=r"e\+300 at observation 'cell3', gene 'G5'"):
        cs.pp.pseudobulk(cells, sample_key="sample", mode=mode)
