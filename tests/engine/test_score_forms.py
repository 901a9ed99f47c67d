"""The same numbers score the same however they lie in memory or on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]

FORMS: dict[str, Callable[[sparse.csr_matrix], object]] = {
    "csc": lambda x: x.tocsc(),
    "csr_array": sparse.csr_array,
    "csc_array": lambda x: sparse.csc_array(x.tocsc()),
    "dense": lambda x: x.toarray(),
    "fortran": lambda x: np.asfortranarray(x.toarray()),
    "big endian": lambda x: x.toarray().astype(">f4"),
    "float16": lambda x: x.toarray().astype(np.float16),
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


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def agree(form: str, same: Callable[..., None], close: Callable[..., None]) -> Callable[..., None]:
    """To the bit; a stored zero is binned with the stored values for p."""
    if form != "stored zeros":
        return same
    return lambda one, other: close(one, other, 1e-9, p_rtol=2e-3)


def _several(adata: AnnData, small: Catalogue, **options: object) -> Tables:
    """The tables of all methods of a call, by slot."""
    out = cs.tl.score(adata, signatures=small, n_jobs=1, copy=True, **options)
    assert len(out.obsm) > len(options["method"])
    return {slot: out.obsm[slot] for slot in out.obsm}


def test_counts_score_the_same_in_every_form(
    counts: AnnData, form: str, run: Callable[..., Tables], agree: Callable[..., None]
) -> None:
    expected = run(counts)
    counts.X = FORMS[form](counts.X)
    agree(expected, run(counts))


def test_counts_score_the_same_in_every_form_by_every_method(
    few: AnnData, small: Catalogue, form: str, every: dict, followers: dict,
    agree: Callable[..., None],
) -> None:  # fmt: skip
    few = few[:4].copy()
    other = few.copy()
    other.X = FORMS[form](few.X)
    for asked in (every, followers):
        agree(_several(few, small, **asked), _several(other, small, **asked))


@pytest.mark.parametrize("form", ["csc", "dense"], indirect=True)
def test_logged_values_score_the_same_in_every_form(
    plain, logged: AnnData, few_logged: AnnData, small: Catalogue, form: str,
    run: Callable[..., Tables], same: Callable[..., None],
) -> None:  # fmt: skip
    adata = few_logged[:4].copy() if plain.whole else logged
    options = {**plain.options, "signatures": small}
    expected = run(adata, **options)
    adata.X = FORMS[form](adata.X)
    same(expected, run(adata, **options))


def test_a_zero_below_zero_is_a_zero(
    few_logged: AnnData, small: Catalogue, every: dict, followers: dict, close: Callable[..., None]
) -> None:
    """-0.0, as some tools leave it behind, ties with the zeros that are not stored."""
    few = few_logged[:4].copy()
    other = few.copy()
    other.X = _stored_zeros(few.X)
    other.X.data[other.X.data == 0] = -0.0
    for asked in (every, followers):
        one, two = (_several(a, small, normalize="none", **asked) for a in (few, other))
        close(one, two, 1e-9, p_rtol=2e-3)


def test_float32_logs_score_as_float64_to_seven_digits(
    logged: AnnData, run: Callable[..., Tables]
) -> None:
    expected = run(logged)
    logged.X = logged.X.astype(np.float32)
    found = run(logged)
    for slot in ("score", "estimate", "axis"):
        np.testing.assert_allclose(found[slot], expected[slot], rtol=2e-5, atol=2e-5)


def test_float32_logs_score_as_float64_by_every_method(
    few_logged: AnnData, small: Catalogue, every: dict, close: Callable[..., None]
) -> None:
    few = few_logged[:4].copy()
    expected = _several(few, small, **every)
    few.X = few.X.astype(np.float32)
    close(expected, _several(few, small, **every), 1e-4, p_rtol=2e-2)


def test_entries_stored_twice_are_summed(
    counts: AnnData, run: Callable[..., Tables], close: Callable[..., None]
) -> None:
    """scipy reads two stored values of one place as their sum."""
    asked = {"method": ["hlm", "singscore", "zscore", "score_genes"]}
    expected = run(counts, **asked)
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
    close(expected, run(counts, **asked), 1e-9)


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("several", [False, True])
def test_backed_scores_as_in_memory(
    request: pytest.FixtureRequest, tmp_path: Path, form: str, several: bool
) -> None:
    adata = request.getfixturevalue("few" if several else "counts")
    options: dict[str, object] = {"signatures": request.getfixturevalue("small")}
    options |= request.getfixturevalue("every") if several else {}
    adata.X = {"csr": adata.X, "csc": adata.X.tocsc(), "dense": adata.X.toarray()}[form]
    expected = cs.tl.score(adata, copy=True, n_jobs=1, **options)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    copied = cs.tl.score(backed, copy=True, **options)
    assert not copied.isbacked
    cs.tl.score(backed, chunk_size=3 if several else 64, **options)
    same = request.getfixturevalue("same")
    for found in (backed, copied):
        same(dict(expected.obsm), dict(found.obsm))
        assert list(found.uns) == list(expected.uns)
    backed.file.close()


@pytest.mark.parametrize("dense", [True, False])
def test_dask_scores_as_in_memory(
    counts: AnnData, dense: bool, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    da = pytest.importorskip("dask.array")
    expected = run(counts)
    x = counts.X.toarray() if dense else counts.X
    counts.X = da.from_array(x, chunks=(100, counts.n_vars), asarray=dense)
    same(expected, run(counts))


def test_a_view_scores_as_its_copy(
    counts: AnnData, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    view = counts[counts.obs["arm"] == "treated"]
    same(run(view.copy()), run(view))
    assert view.is_view


def test_layers_and_raw(few_logged: AnnData, counts: AnnData, small: Catalogue, every: dict,
                        same: Callable[..., None]) -> None:  # fmt: skip
    logged = few_logged[:4].copy()
    expected = _several(logged, small, **every)
    assert set(Keys().tables) & set(expected)
    other = counts[:4, list(logged.var_names)].copy()
    other.layers["logs"] = logged.X
    same(expected, _several(other, small, layer="logs", **every))
    other.raw = logged
    same(expected, _several(other[:, :10].copy(), small, use_raw=True, **every))
