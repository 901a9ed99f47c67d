"""Rows of stores as one matrix: as AnnData takes it, and as it is sent to workers."""

from __future__ import annotations

import pickle
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cytosig._errors import FileError, UsageError
from cytosig.io import filerows, open_store
from cytosig.io.filerows import Part, close_there, rows_here, rows_there
from cytosig.io.lazy import matrix_in, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

X = np.where(np.arange(60).reshape(10, 6) % 3, np.arange(60.0).reshape(10, 6), 0.0)
PLACE = np.array([3, 0, 5, 1, 4, 2])
EXPECTED = np.vstack([X[:6], np.zeros((4, 6))])
EXPECTED[6:, PLACE] = X[6:]


def _write(path: Path, matrix: object, n: int) -> None:
    obs = pd.DataFrame(index=[f"{path.stem}{i}" for i in range(n)])
    ad.AnnData(matrix, obs=obs, var=pd.DataFrame(index=list("ABCDEF"))).write_h5ad(path)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[list[Part]]:
    """Six rows stored sparse and four dense, these with their genes in another order."""
    _write(tmp_path / "a.h5ad", sparse.csr_matrix(X[:6].astype(np.float32)), 6)
    _write(tmp_path / "b.h5ad", X[6:], 4)
    with ExitStack() as stack:
        found = []
        for name, order in (("a", None), ("b", PLACE)):
            path = tmp_path / f"{name}.h5ad"
            store = stack.enter_context(opened(path, "h5ad"))  # not watched: tests change it
            found.append(Part(matrix_in(store["X"], name), path, "X", order))
        yield found
    close_there()


def test_one_matrix_of_several(parts: list[Part]) -> None:
    rows = rows_here(parts)
    assert (rows.shape, rows.dtype) == ((10, 6), np.float64)
    np.testing.assert_array_equal(rows.to_memory().toarray(), EXPECTED)
    np.testing.assert_array_equal(rows[4:8, 1:3].toarray(), EXPECTED[4:8, 1:3])
    adata = ad.AnnData(rows)
    assert adata.X is rows


def test_the_same_rows_from_paths_alone(parts: list[Part]) -> None:
    pytest.importorskip("dask")
    from cytosig.blocks.lazy import as_block

    source = rows_there(parts, chunk_size=4).source
    assert source.spans == ((0, 4), (4, 6), (6, 10))
    for start, stop in source.spans:
        there, first, last = source.later(start, stop)
        sent = pickle.loads(pickle.dumps(there.compute(scheduler="sync")))
        block = as_block(start, (sent, first, last))
        assert (block.start, block.stop) == (start, stop)
        np.testing.assert_array_equal(block.to_scipy(6).toarray(), EXPECTED[start:stop])
    picked = source.pick(np.array([1, 2, 7]))
    np.testing.assert_array_equal(picked.to_scipy(6).toarray(), EXPECTED[[1, 2, 7]])


def test_a_block_for_a_task_holds_about_so_many_values(
    parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dask")
    n_values = np.count_nonzero(X[:6]) + 4 * 6  # stored sparse, stored dense
    monkeypatch.setattr(filerows, "_VALUES", 3 * n_values / 10)
    assert rows_there(parts).source.spans == ((0, 3), (3, 6), (6, 9), (9, 10))
    monkeypatch.setattr(filerows, "_VALUES", 1)
    assert len(rows_there(parts).source.spans) == 10


def test_a_path_that_is_not_there_is_named(parts: list[Part]) -> None:
    pytest.importorskip("dask")
    source = rows_there(parts).source
    there, first, last = source.later(0, 6)
    parts[0].path.unlink()
    with pytest.raises(FileError, match=r"a\.h5ad cannot be opened by a worker: No such file"):
        there.compute(scheduler="sync").read(first, last)


def test_a_file_written_anew_is_not_read_from_memory(parts: list[Part]) -> None:
    pytest.importorskip("dask")
    there = rows_there(parts).source.later(0, 6)[0].compute(scheduler="sync")
    there.read(0, 6)
    _write(parts[0].path.with_name("new.h5ad"), sparse.csr_matrix(X[:6].astype(np.float32) * 2), 6)
    parts[0].path.with_name("new.h5ad").replace(parts[0].path)
    found = there.read(0, 6).to_scipy(6).toarray()
    np.testing.assert_array_equal(found, 2 * EXPECTED[:6])


def test_columns_are_not_sent_to_workers(tmp_path: Path) -> None:
    _write(tmp_path / "c.h5ad", sparse.csc_matrix(X), 10)
    with open_store(tmp_path / "c.h5ad") as adata:
        part = Part(adata.X, tmp_path / "c.h5ad", "X")
        np.testing.assert_array_equal(rows_here([part]).to_memory().toarray(), X)
        with pytest.raises(UsageError, match=r"c\.h5ad, X is stored by columns \(CSC\)"):
            rows_there([part])
