"""The bytes of a pseudobulk do not depend on how, where or in which order the cells are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pytest
from scipy import sparse

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    Same = Callable[[AnnData, AnnData], None]

BY = {"sample_key": "sample", "cell_type_key": "cell_type"}
FORMS = {"dense": lambda x: x.toarray(), "csr": sparse.csr_matrix, "csc": sparse.csc_matrix}


@pytest.fixture(params=["counts", "logged"])
def given(request: pytest.FixtureRequest, cells: AnnData) -> tuple[AnnData, dict[str, object]]:
    """Counts to add up, and logarithms to take the mean of, with the arguments for them."""
    if request.param == "counts":
        return cells, {**BY, "mode": "sum"}
    return request.getfixturevalue("logged"), {**BY, "mode": "mean"}


def test_the_order_of_cells_does_not_matter(
    given: tuple[AnnData, dict[str, object]], same: Same
) -> None:
    adata, options = given
    bulk = cs.pp.pseudobulk(adata, **options)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(adata.n_obs)
        same(cs.pp.pseudobulk(adata[order].copy(), **options), bulk)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("chunk_size", [1, 7, None])
def test_blocks_and_threads_do_not_matter(
    given: tuple[AnnData, dict[str, object]], same: Same, chunk_size: int | None, n_jobs: int
) -> None:
    adata, options = given
    bulk = cs.pp.pseudobulk(adata, **options)
    told: list[int] = []
    other = cs.pp.pseudobulk(
        adata, **options, chunk_size=chunk_size, n_jobs=n_jobs, progress=told.append
    )
    same(other, bulk)
    assert sum(told) == adata.n_obs
    assert chunk_size is None or len(told) == -(-adata.n_obs // chunk_size)


@pytest.mark.parametrize("form", FORMS)
def test_in_memory_and_backed_are_the_same(
    given: tuple[AnnData, dict[str, object]], same: Same, form: str, tmp_path: Path
) -> None:
    adata, options = given
    adata.strings_to_categoricals()  # as a file has them
    bulk = cs.pp.pseudobulk(adata, **options)
    adata.X = FORMS[form](adata.X)
    same(cs.pp.pseudobulk(adata, **options), bulk)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    assert backed.isbacked
    same(cs.pp.pseudobulk(backed, **options, chunk_size=7), bulk)
    part = (adata.obs["sample"] == "p10").to_numpy()
    of_view = cs.pp.pseudobulk(backed[part], **options)
    assert of_view.X.tobytes() == bulk.X[(bulk.obs["sample"] == "p10").to_numpy()].tobytes()
    backed.file.close()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunks", [(13, -1), (40, 9)])
def test_a_dask_array_is_the_same(
    given: tuple[AnnData, dict[str, object]], same: Same, form: str, chunks: tuple[int, int]
) -> None:
    dask, array = pytest.importorskip("dask"), pytest.importorskip("dask.array")
    adata, options = given
    bulk = cs.pp.pseudobulk(adata, **options)
    matrix = FORMS[form](adata.X)
    if form != "dense":
        chunks = (chunks[0], -1)  # dask cannot join sparse chunks side by side
    adata.X = array.from_array(matrix, chunks=chunks, asarray=False)
    with dask.config.set(scheduler="sync"):
        same(cs.pp.pseudobulk(adata, **options), bulk)


def test_no_more_than_a_sample_of_a_dask_array_is_held_at_once(
    cells: AnnData, same: Same, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask, array = pytest.importorskip("dask"), pytest.importorskip("dask.array")
    many = anndata.concat([cells] * 12, index_unique="-")
    bulk = cs.pp.pseudobulk(many, **BY)
    many.X = array.from_array(many.X.toarray(), chunks=(50, -1))
    computed: list[int] = []
    compute = array.Array.compute

    def noted(self: object, **options: object) -> object:
        computed.append(self.shape[0])
        return compute(self, **options)

    monkeypatch.setattr(array.Array, "compute", noted)
    with dask.config.set(scheduler="sync"):
        same(cs.pp.pseudobulk(many, **BY), bulk)
    assert 0 < max(computed) <= 200 < many.n_obs


def test_columns_and_cells_of_a_view(cells: AnnData, same: Same) -> None:
    view = cells[::2, 3:9]
    same(cs.pp.pseudobulk(view, **BY), cs.pp.pseudobulk(view.copy(), **BY))


def test_the_input_stays_as_it_is(cells: AnnData) -> None:
    before = cells.copy()
    bulk = cs.pp.pseudobulk(cells, **BY)
    bulk.var["chromosome"] = "X"
    bulk.X[:] = -1
    assert (cells.X != before.X).nnz == 0
    assert cells.var.equals(before.var)
    assert cells.obs.equals(before.obs)
    assert not cells.uns
