"""Cohorts: logged expression of the genes a balance reads, whatever the matrix is stored as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cytosig._errors import DataError
from cytosig.engine import score as engine
from cytosig.engine.cohort import WHOLE, Cohort, expression
from cytosig.engine.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue


def _expression(
    adata: AnnData, catalogue: Catalogue, genes: list[str], **options: object
) -> np.ndarray:
    aligned = engine.align(adata.X, adata.var, catalogue, Options(**options), also=genes)
    return expression(aligned, genes, list(adata.obs_names))


@pytest.fixture
def asked(counts: AnnData) -> list[str]:
    """Genes in an order of their own; two of them are not in the data."""
    genes = list(np.random.default_rng(0).choice(counts.var_names, 40, replace=False))
    return ["NOSUCHGENE", *genes, "NORTHISONE"]


def test_counts_are_logged_over_all_genes(
    counts: AnnData, small: Catalogue, asked: list[str], log_normalise: Callable
) -> None:
    logged = pd.DataFrame(log_normalise(counts.X.toarray()), columns=counts.var_names)
    expected = logged.reindex(columns=asked)
    found = _expression(counts, small, asked)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.isnan(found[:, [0, -1]]).all()
    assert np.isfinite(found[:, 1:-1]).all()


def test_logged_values_stay_as_they_are(
    logged: AnnData, small: Catalogue, asked: list[str]
) -> None:
    expected = logged.to_df().reindex(columns=asked)
    np.testing.assert_array_equal(_expression(logged, small, asked), expected)


@pytest.mark.parametrize("chunk_size", [1, 7, 300])
def test_storage_and_blocks_do_not_matter(
    counts: AnnData, small: Catalogue, asked: list[str], tmp_path: Path, chunk_size: int
) -> None:
    found = _expression(counts, small, asked)
    dense = anndata.AnnData(counts.X.toarray(), var=counts.var, obs=counts.obs)
    columns = counts.copy()
    columns.X = sparse.csc_matrix(counts.X)
    counts.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    for other in (counts, dense, columns, backed):
        again = _expression(other, small, asked, chunk_size=chunk_size)
        assert again.tobytes() == found.tobytes()
    backed.file.close()


def test_older_names_of_a_gene_are_found(counts: AnnData, small: Catalogue) -> None:
    """CCN2 was CTGF; the data may still say so."""
    names = ["CTGF" if name == "CCN2" else name for name in counts.var_names]
    place = names.index("CTGF")
    renamed = anndata.AnnData(counts.X, counts.obs, pd.DataFrame(index=names))
    x = counts.X.toarray().astype(np.float64)
    by_hand = np.log1p(x[:, place] / x.sum(axis=1) * 1e4)
    np.testing.assert_allclose(_expression(renamed, small, ["CCN2"])[:, 0], by_hand, rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_named(
    logged: AnnData, small: Catalogue, asked: list[str], value: float
) -> None:
    x = logged.X.toarray()
    x[17, list(logged.var_names).index(asked[5])] = value
    bad = anndata.AnnData(x, logged.obs, logged.var)
    with pytest.raises(DataError, match=rf"cell17.*{asked[5]}|{asked[5]}.*cell17"):
        _expression(bad, small, asked)
    found = _expression(bad, small, asked, nonfinite="drop_genes")
    assert np.isnan(found[:, 5]).all()
    kept = [i for i in range(1, 41) if i != 5]
    np.testing.assert_array_equal(found[:, kept], logged.to_df()[[asked[i] for i in kept]])


def test_a_bad_value_of_a_gene_that_is_not_asked_for_is_left_alone(
    logged: AnnData, small: Catalogue, asked: list[str]
) -> None:
    x = logged.X.toarray()
    other = next(g for g in logged.var_names if g not in asked and g not in small.genes)
    x[17, list(logged.var_names).index(other)] = np.nan
    bad = anndata.AnnData(x, logged.obs, logged.var)
    found = _expression(bad, small, asked)
    np.testing.assert_array_equal(found, logged.to_df().reindex(columns=asked))


def test_rows_of_a_cohort_are_those_of_all_views() -> None:
    rng = np.random.default_rng(1)
    views = {WHOLE: rng.normal(size=(5, 3)), "myeloid": rng.normal(size=(5, 3))}
    cohort = Cohort(("a", "b", "c"), views)
    some = cohort.rows(np.array([True, False, False, True, True]))
    assert (cohort.n_samples, some.n_samples, some.genes) == (5, 3, ("a", "b", "c"))
    for name, view in views.items():
        np.testing.assert_array_equal(some.views[name], view[[0, 3, 4]])


def test_some_rows_were_pooled_as_all_were() -> None:
    views = {WHOLE: np.arange(6.0).reshape(3, 2)}
    for how in ("sum", "mean", "none"):
        some = Cohort(("a", "b"), views, how).rows(np.array([False, True, True]))
        assert some.pooled == how
        assert some.views[WHOLE].tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert Cohort(("a", "b"), views).pooled == "none"
