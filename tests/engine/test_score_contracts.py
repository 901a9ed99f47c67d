"""What must hold for every method, whatever the data look like in memory or on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig import methods

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

METHODS = sorted(methods.available())
SLOTS = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand")

every_method = pytest.mark.parametrize("method", METHODS)


def _tables(adata: AnnData, key: str = "cytosig") -> dict[str, pd.DataFrame]:
    return {slot: adata.obsm[f"{key}_{slot}"] for slot in SLOTS}


def _run(adata: AnnData, **options: object) -> dict[str, pd.DataFrame]:
    options.setdefault("n_jobs", 1)
    return _tables(cs.tl.score(adata, copy=True, **options))


def _same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    """Equal to the bit, NaN in the same places."""
    for slot in SLOTS:
        pd.testing.assert_frame_equal(one[slot], other[slot], check_exact=True, obj=slot)


def _close(
    one: dict[str, pd.DataFrame],
    other: dict[str, pd.DataFrame],
    rtol: float,
    p_rtol: float = 1e-3,
) -> None:
    """Equal but for rounding; p may move a little more: weights are grouped by size for it."""
    for slot in SLOTS:
        assert list(one[slot].columns) == list(other[slot].columns)
        here = p_rtol if slot.endswith("pvalue") else rtol
        np.testing.assert_allclose(one[slot], other[slot], rtol=here, atol=1e-9, err_msg=slot)


# --- invariances --------------------------------------------------------------------------------


@every_method
def test_gene_order_does_not_matter(counts: AnnData, method: str) -> None:
    order = np.random.default_rng(1).permutation(counts.n_vars)
    shuffled = counts[:, order].copy()
    _close(_run(counts, method=method), _run(shuffled, method=method), 1e-9)


@every_method
@pytest.mark.parametrize("scale", [False, True])
def test_a_cell_scores_the_same_in_any_company(counts: AnnData, method: str, scale: bool) -> None:
    reference = cs.tl.fit_reference(counts)
    whole = _run(counts, method=method, reference=reference, scale=scale)
    picked = [250, 3, 77, 78, 140]
    part = _run(counts[picked].copy(), method=method, reference=reference, scale=scale)
    _same({slot: table.iloc[picked] for slot, table in whole.items()}, part)


@every_method
def test_blocks_and_threads_do_not_matter(counts: AnnData, method: str) -> None:
    expected = _run(counts, method=method, scale=True, batch_key="donor")
    for options in ({"chunk_size": 1}, {"chunk_size": 7, "n_jobs": 3}, {"n_jobs": 2}):
        _same(expected, _run(counts, method=method, scale=True, batch_key="donor", **options))


def test_blocks_and_threads_do_not_matter_dense(counts: AnnData) -> None:
    counts.X = counts.X.toarray()
    expected = _run(counts)
    _same(expected, _run(counts, chunk_size=13, n_jobs=2))


FORMS: dict[str, Callable[[sparse.csr_matrix], object]] = {
    "csc": lambda x: x.tocsc(),
    "csr_array": sparse.csr_array,
    "csc_array": lambda x: sparse.csc_array(x.tocsc()),
    "dense": lambda x: x.toarray(),
    "fortran": lambda x: np.asfortranarray(x.toarray()),
    "float64": lambda x: x.astype(np.float64),
    "int32": lambda x: x.astype(np.int32),
    "int64 dense": lambda x: x.toarray().astype(np.int64),
    "uint16": lambda x: x.astype(np.uint16),
    "int64 indices": lambda x: _long_indices(x),
    "unsorted indices": lambda x: _unsorted(x),
    "stored zeros": lambda x: _stored_zeros(x),
}


def _long_indices(x: sparse.csr_matrix) -> sparse.csr_matrix:
    x = x.copy()
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    return x


def _unsorted(x: sparse.csr_matrix) -> sparse.csr_matrix:
    x = x.copy()
    for start, stop in zip(x.indptr[:-1], x.indptr[1:], strict=True):
        x.indices[start:stop] = x.indices[start:stop][::-1].copy()
        x.data[start:stop] = x.data[start:stop][::-1].copy()
    x.has_sorted_indices = False
    return x


def _stored_zeros(x: sparse.csr_matrix) -> sparse.csr_matrix:
    """The first hundred columns stored in full, zeros too."""
    dense = x.toarray()
    stored = dense != 0
    stored[:, :100] = True
    rows, columns = np.nonzero(stored)
    pointer = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
    full = sparse.csr_matrix((dense[rows, columns], columns, pointer), x.shape)
    assert full.nnz > x.nnz
    return full


@pytest.mark.parametrize("form", FORMS)
def test_counts_score_the_same_in_every_form(counts: AnnData, form: str) -> None:
    expected = _run(counts)
    counts.X = FORMS[form](counts.X)
    found = _run(counts)
    if form == "stored zeros":  # a stored zero is binned with the stored values
        _close(expected, found, 1e-9, p_rtol=2e-3)
    else:
        _same(expected, found)


@every_method
@pytest.mark.parametrize("form", ["csc", "dense"])
def test_logged_values_score_the_same_in_every_form(
    logged: AnnData, method: str, form: str
) -> None:
    expected = _run(logged, method=method)
    logged.X = FORMS[form](logged.X)
    _same(expected, _run(logged, method=method))


def test_float32_logs_score_as_float64_to_seven_digits(logged: AnnData) -> None:
    expected = _run(logged)
    logged.X = logged.X.astype(np.float32)
    found = _run(logged)
    for slot in ("score", "estimate", "axis"):
        np.testing.assert_allclose(found[slot], expected[slot], rtol=2e-5, atol=2e-5)


def test_entries_stored_twice_are_summed(counts: AnnData) -> None:
    """scipy reads two stored values of one place as their sum."""
    expected = _run(counts)
    x = counts.X.tocsr()
    halves = sparse.csr_matrix(
        (
            np.repeat(x.data.astype(np.float64) / 2, 2),
            np.repeat(x.indices, 2),
            x.indptr * 2,
        ),
        shape=x.shape,
    )
    np.testing.assert_array_equal(halves.toarray(), x.toarray())
    counts.X = halves
    _close(expected, _run(counts), 1e-9)


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
def test_backed_scores_as_in_memory(counts: AnnData, tmp_path: Path, form: str) -> None:
    counts.X = {"csr": counts.X, "csc": counts.X.tocsc(), "dense": counts.X.toarray()}[form]
    expected = _run(counts)
    counts.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    cs.tl.score(backed, chunk_size=64)
    _same(expected, _tables(backed))
    copied = cs.tl.score(backed, copy=True)
    assert not copied.isbacked
    _same(expected, _tables(copied))
    backed.file.close()


@pytest.mark.parametrize("dense", [True, False])
def test_dask_scores_as_in_memory(counts: AnnData, dense: bool) -> None:
    da = pytest.importorskip("dask.array")
    expected = _run(counts)
    x = counts.X.toarray() if dense else counts.X
    counts.X = da.from_array(x, chunks=(100, counts.n_vars), asarray=dense)
    _same(expected, _run(counts))


def test_a_view_scores_as_its_copy(counts: AnnData) -> None:
    view = counts[counts.obs["arm"] == "treated"]
    _same(_run(view.copy()), _run(view))
    assert view.is_view


def test_layers_and_raw(counts: AnnData, logged: AnnData) -> None:
    expected = _run(logged)
    counts.layers["logs"] = logged.X
    _same(expected, _run(counts, layer="logs"))
    counts.raw = logged
    _same(expected, _run(counts[:, :10].copy(), use_raw=True))


# --- planted truth ------------------------------------------------------------------------------


@every_method
@pytest.mark.parametrize("planted", ["IFNG", "TGFB1", "IL4", "TNF", "VEGFA"])
def test_a_planted_cytokine_is_found(
    logged: AnnData, curated: Catalogue, method: str, planted: str
) -> None:
    x = logged.X.toarray()
    cells = np.arange(40, 60)
    weights = curated.signatures[planted].weights
    effect = np.array([weights.get(gene, 0.0) for gene in logged.var_names])
    x[cells] = np.maximum(x[cells] + 3.0 * effect, 0.0)
    logged.X = sparse.csr_matrix(x)
    cs.tl.score(logged, method=method, normalize="none", n_jobs=1)
    z, p = logged.obsm["cytosig_score"], logged.obsm["cytosig_pvalue"]
    assert z.iloc[cells].mean().idxmax() == planted
    assert (p[planted].iloc[cells] < 1e-4).all()
    axis = next(a.id for a in curated.axes.values() if planted in a.members)
    assert logged.obsm["cytosig_axis"].iloc[cells].mean().idxmax() == axis
    others = np.delete(np.arange(logged.n_obs), cells)
    assert z[planted].iloc[cells].min() > z[planted].iloc[others].max() + 1


@every_method
def test_pvalues_are_uniform_where_nothing_is_planted(logged: AnnData, method: str) -> None:
    """Genes shuffled inside each cell, which is the null itself."""
    rng = np.random.default_rng(8)
    logged.X = rng.permuted(logged.X.toarray(), axis=1)
    cs.tl.score(logged, method=method, center=None, normalize="none", n_jobs=1)
    p = logged.obsm["cytosig_pvalue"].to_numpy().ravel()
    n = p.size
    for level in (0.5, 0.1, 0.01, 0.001):
        error = 4 * np.sqrt(level / 300 / 8)  # at least eight independent outputs a cell
        assert abs(np.mean(p <= level) - level) <= 0.1 * level + error, f"{level}, n={n}"


# --- odd cells and genes ------------------------------------------------------------------------


@every_method
def test_constant_genes_make_no_nan(logged: AnnData, small: Catalogue, method: str) -> None:
    x = logged.X.toarray()
    x[:, [logged.var_names.get_loc(r.gene) for r in small.signatures["ALPHA"].genes[:2]]] = 1.3
    x[:, :3] = 0.0
    logged.X = x
    for scale in (False, True):
        found = _run(logged, signatures=small, method=method, scale=scale, normalize="none")
        for slot in SLOTS:
            assert np.isfinite(found[slot].to_numpy()).all(), slot


@every_method
def test_an_empty_cell_is_nan_in_its_place(counts: AnnData, method: str) -> None:
    x = counts.X.toarray()
    x[7] = 0
    counts.X = sparse.csr_matrix(x)
    others = np.delete(np.arange(counts.n_obs), 7)
    reference = cs.tl.fit_reference(counts)
    expected = _run(counts[others].copy(), method=method, reference=reference)
    cs.tl.score(counts, method=method, reference=reference, n_jobs=1)
    for slot in ("score", "pvalue", "estimate", "axis", "axis_pvalue"):
        table = counts.obsm[f"cytosig_{slot}"]
        assert table.iloc[7].isna().all()
        pd.testing.assert_frame_equal(table.iloc[others], expected[slot], check_exact=True)
    unscored = counts.uns["cytosig"]["unscored"]
    assert unscored["reason"].to_dict() == {"cell7": "no non-zero value"}


# --- what is written, and where -----------------------------------------------------------------


def test_copy_leaves_the_input_alone(counts: AnnData) -> None:
    before = counts.copy()
    out = cs.tl.score(counts, copy=True)
    assert out is not counts
    assert (list(counts.obsm), list(counts.uns)) == ([], [])
    np.testing.assert_array_equal(counts.X.toarray(), before.X.toarray())
    pd.testing.assert_frame_equal(counts.obs, before.obs)
    assert cs.tl.score(counts) is None
    _same(_tables(out), _tables(counts))


def test_scoring_leaves_the_matrix_alone(counts: AnnData) -> None:
    data, indices = counts.X.data.copy(), counts.X.indices.copy()
    cs.tl.score(counts, scale=True)
    np.testing.assert_array_equal(counts.X.data, data)
    np.testing.assert_array_equal(counts.X.indices, indices)


def test_key_added_names_every_slot(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method="ulm", key_added="mine")
    assert set(counts.obsm) == {f"mine_{slot}" for slot in SLOTS}
    assert set(counts.uns) == {"mine"}
    cs.tl.score(counts, signatures=small, method="wmean")
    assert counts.uns["mine"]["params"]["method"] == "ulm"
    assert counts.uns["cytosig"]["params"]["method"] == "wmean"
    np.testing.assert_allclose(counts.obsm["mine_score"], counts.obsm["cytosig_score"], rtol=1e-9)


def test_a_second_run_leaves_no_slot_of_the_first(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts)
    cs.tl.score(counts, signatures=small.to_dict())
    assert set(counts.obsm) == {"cytosig_score", "cytosig_pvalue", "cytosig_estimate"}
    assert list(counts.obsm["cytosig_score"].columns) == ["ALPHA", "BETA", "GAMMA"]


def test_the_record_says_what_was_done(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method="ridge", lam=2.0, control=("arm", "untreated"))
    record = counts.uns["cytosig"]
    params = record["params"]
    assert (params["method"], params["lam"], params["control"]) == ("ridge", 2.0, "arm=untreated")
    assert record["catalogue_digest"] == small.digest
    n = int((counts.obs["arm"] == "untreated").sum())
    assert f"centred on control observations ({n})" in list(record["notes"])
    assert f"gene universe: {counts.n_vars} genes" in list(record["notes"])
    assert record["versions"]["numpy"] == np.__version__


def test_progress_counts_every_observation(counts: AnnData) -> None:
    seen: list[int] = []
    cs.tl.score(counts, chunk_size=70, progress=seen.append, n_jobs=1)
    assert seen == [70, 70, 70, 70, 20]


def test_columns_follow_the_catalogue(counts: AnnData, curated: Catalogue) -> None:
    cs.tl.score(counts)
    assert list(counts.obsm["cytosig_score"].columns) == curated.ids
    assert list(counts.obsm["cytosig_axis"].columns) == list(curated.axes)
    assert list(counts.obsm["cytosig_ligand"].columns) == list(curated.cytokines)
    assert all(counts.obsm[key].index.equals(counts.obs_names) for key in counts.obsm)
