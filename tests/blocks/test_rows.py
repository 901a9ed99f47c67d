"""Row blocks hold exactly the rows of the matrix, and errors in threads come out."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from scipy import sparse

from cytosig.blocks import Block, RowBlocks, for_each, n_threads

X = np.where(
    np.random.default_rng(0).random((23, 11)) < 0.4, np.arange(23 * 11.0).reshape(23, 11) + 1, 0
)
X[[4, 22]] = 0


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("chunk_size", [1, 5, 23, 100, None])
def test_blocks_put_together_are_the_matrix(make: object, chunk_size: int | None) -> None:
    blocks = list(RowBlocks(make(X), chunk_size=chunk_size))
    np.testing.assert_array_equal(np.vstack([b.to_scipy(11).toarray() for b in blocks]), X)
    edges = [(b.start, b.stop) for b in blocks]
    assert [a for a, _ in edges] == [0, *(b for _, b in edges[:-1])]
    assert edges[-1][1] == 23
    for block in blocks:
        assert (block.indices.dtype, block.indptr.dtype) == (np.int32, np.int64)
        assert block.indptr[0] == 0
        assert all(np.diff(block.indices[a:b]).min(initial=1) > 0
                   for a, b in zip(block.indptr, block.indptr[1:], strict=False))  # fmt: skip


def test_values_in_memory_are_not_copied() -> None:
    matrix = sparse.csr_matrix(X)
    assert all(np.shares_memory(b.data, matrix.data) for b in RowBlocks(matrix, chunk_size=5))


@pytest.mark.parametrize("n", [1, 7, 23, 200])
def test_a_sample_holds_rows_of_the_matrix(n: int) -> None:
    rows = RowBlocks(X).sample(n).to_scipy(11).toarray()
    assert len(rows) == min(n, 23)
    np.testing.assert_array_equal(rows[0], X[0])
    assert all(any(np.array_equal(row, x) for x in X) for row in rows)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_every_block_is_worked_on_once(n_jobs: int) -> None:
    seen, lock = [], threading.Lock()

    def work(block: Block) -> None:
        with lock:
            seen.append((block.start, float(block.data.sum())))

    for_each(RowBlocks(X, chunk_size=2), work, n_jobs=n_jobs)
    assert sorted(seen) == [(i, X[i : i + 2].sum()) for i in range(0, 23, 2)]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_error_in_one_block_is_raised(n_jobs: int) -> None:
    def work(block: Block) -> None:
        if block.start == 20:
            raise KeyError("row 20")

    with pytest.raises(KeyError, match="row 20"):
        for_each(RowBlocks(X, chunk_size=2), work, n_jobs=n_jobs)


def test_threads() -> None:
    assert n_threads(3) == 3
    assert n_threads(None) >= 1
