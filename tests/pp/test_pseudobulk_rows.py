"""Which rows a pseudobulk has, how they are named and ordered, and what obs says of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

BY = {"sample_key": "sample", "cell_type_key": "cell_type"}


def _labelled(**columns: object) -> AnnData:
    """A cell for every label, with its number as its count."""
    n = len(next(iter(columns.values())))
    obs = pd.DataFrame(columns, index=[f"cell{i}" for i in range(n)])
    return anndata.AnnData(np.arange(1.0, n + 1)[:, None] * [1, 1], obs=obs)


def test_categories_give_the_order_and_text_is_ordered_as_anndata_stores_it(
    cells: AnnData,
) -> None:
    bulk = cs.pp.pseudobulk(cells, **BY)
    types = ["T cell", "B cell", "Myeloid"]
    wanted = [*(f"p1_{t}" for t in types), "p2_B cell", *(f"p10_{t}" for t in types)]
    assert bulk.obs_names.tolist() == wanted
    labels = np.random.default_rng(2).choice(["x2", "x10", "2", "x01", "x1", "é3", "X", "x1-9"], 90)
    cells.obs["sample"] = labels
    plain = cs.pp.pseudobulk(cells, sample_key="sample")
    cells.strings_to_categoricals()
    stored = cs.pp.pseudobulk(cells, sample_key="sample")
    assert stored.obs["sample"].tolist() == cells.obs["sample"].cat.categories.tolist()
    assert plain.obs_names.tolist() == stored.obs_names.tolist()
    assert plain.X.tobytes() == stored.X.tobytes()


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        ([10, 9, 10, 2], [2, 9, 10]),
        ([2.5, -1.0, 2.5, 0.0], [-1.0, 0.0, 2.5]),
        ([True, False, True, True], [False, True]),
        (["b", "a", 3, 1], [1, 3, "a", "b"]),
    ],
)
def test_labels_of_any_kind_keep_their_kind(labels: list[object], order: list[object]) -> None:
    adata = _labelled(sample=labels)
    bulk = cs.pp.pseudobulk(adata, sample_key="sample")
    assert bulk.obs["sample"].tolist() == order
    assert bulk.obs["sample"].dtype == adata.obs["sample"].dtype
    assert bulk.obs_names.tolist() == [str(label) for label in order]
    sums = [sum(i + 1 for i, own in enumerate(labels) if own == label) for label in order]
    assert bulk.X[:, 0].tolist() == sums


def test_names_are_unique_whatever_the_labels() -> None:
    adata = _labelled(sample=["a", "a_b", "a_b", "a"], cell_type=["b_c", "c", "c-1", "b_c-1"])
    bulk = cs.pp.pseudobulk(adata, **BY)
    assert bulk.obs_names.tolist() == ["a_b_c", "a_b_c-1", "a_b_c-2", "a_b_c-1-1"]
    assert bulk.X[:, 0].tolist() == [1, 4, 2, 3]
    assert cs.pp.pseudobulk(_labelled(sample=["1", 1]), sample_key="sample").obs_names.is_unique


def test_columns_with_one_value_a_row_stay(
    cells: AnnData, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cytosig"):
        bulk = cs.pp.pseudobulk(cells, **BY)
    assert bulk.obs.columns.tolist() == ["sample", "cell_type", "n_cells", "age", "arm"]
    assert "left out: 'plate'." in caplog.text
    cells.strings_to_categoricals()
    firsts = cells.obs.groupby(list(BY.values()), observed=True).first().reset_index()
    pd.testing.assert_series_equal(bulk.obs["age"].reset_index(drop=True), firsts["age"])
    assert bulk.obs["arm"].tolist() == firsts["arm"].tolist()
    assert bulk.obs["arm"].cat.categories.tolist() == ["placebo", "drug"]
    assert bulk.obs["arm"].cat.ordered
    assert bulk.obs["cell_type"].cat.categories.tolist() == ["T cell", "B cell", "Myeloid"]
    by_sample = cs.pp.pseudobulk(cells, sample_key="sample")
    assert by_sample.obs.columns.tolist() == ["sample", "n_cells", "age", "arm"]


def test_a_value_missing_in_some_cells_varies_and_so_do_lists() -> None:
    columns = {"age": [1.0, np.nan, 2.0], "site": ["x", None, "y"], "tags": [["x"], ["x"], []]}
    adata = _labelled(sample=["a", "a", "b"], **columns)
    bulk = cs.pp.pseudobulk(adata, sample_key="sample")
    assert bulk.obs.columns.tolist() == ["sample", "n_cells"]


def test_small_rows_are_left_out_with_a_word(
    cells: AnnData, dense: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    cells.strings_to_categoricals()
    sizes = cells.obs.groupby(list(BY.values()), observed=True).size()
    least = int(sizes.median())
    everything, bulk = (cs.pp.pseudobulk(cells, **BY, min_cells=k) for k in (1, least))
    kept = (sizes >= least).to_numpy()
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_array_equal(bulk.X, everything.X[kept])
    pd.testing.assert_frame_equal(
        bulk.obs[["n_cells", "age"]], everything.obs.loc[kept, ["n_cells", "age"]]
    )
    n_lost, n_cells = int((~kept).sum()), int(sizes[~kept].sum())
    assert f"{n_lost} row(s) of {n_cells} cell(s) left out" in caplog.text
    assert bulk.uns["cytosig_pseudobulk"]["n_left_out"] == n_cells


def test_the_result_is_written_read_and_scored(
    counts: AnnData, small: Catalogue, tmp_path: Path
) -> None:
    bulk = cs.pp.pseudobulk(counts, sample_key="donor", cell_type_key="arm")
    bulk.write_h5ad(tmp_path / "bulk.h5ad")
    read = anndata.read_h5ad(tmp_path / "bulk.h5ad")
    np.testing.assert_array_equal(read.X, bulk.X)
    record = read.uns["cytosig_pseudobulk"]
    assert (record["sample_key"], record["mode"], record["values"]) == ("donor", "sum", "counts")
    cs.tl.score(read, signatures=small, method=["hlm", "gsva"])
    for slot in ("cytosig_score", "cytosig_gsva_score"):
        assert read.obsm[slot].index.tolist() == bulk.obs_names.tolist()
        assert np.isfinite(read.obsm[slot]).all(axis=None)
    assert "values: counts" in " ".join(read.uns["cytosig"]["notes"])
    # the same sums made by hand score the same
    frame = pd.DataFrame(counts.X.toarray().astype(float), columns=counts.var_names)
    by = [counts.obs[key].to_numpy() for key in ("donor", "arm")]
    hand = anndata.AnnData(frame.groupby(by, observed=True).sum().set_axis(bulk.obs_names))
    cs.tl.score(hand, signatures=small)
    np.testing.assert_array_equal(hand.obsm["cytosig_score"], read.obsm["cytosig_score"])
