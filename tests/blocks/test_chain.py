"""Rows of several matrices, one after the other, are those of one; the parts stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from cytosig.blocks.chain import Chain, Reordered
from cytosig.blocks.rows import source_of

RNG = np.random.default_rng(1)
PARTS = [np.where(RNG.random((n, 9)) < 0.4, RNG.normal(size=(n, 9)), 0) for n in (5, 0, 7, 1)]
WHOLE = np.vstack(PARTS)
KINDS = [sparse.csr_matrix, np.asarray, sparse.csc_matrix, sparse.csr_matrix]


@pytest.fixture
def chain() -> Chain:
    parts = zip(KINDS, PARTS, strict=True)
    return Chain([source_of(kind(part)) for kind, part in parts])


@pytest.mark.parametrize("start", range(14))
def test_any_stretch_is_that_of_the_whole(chain: Chain, start: int) -> None:
    assert chain.shape == WHOLE.shape
    for stop in range(start, 14):
        block = chain.read(start, stop)
        assert (block.start, block.stop) == (start, stop)
        np.testing.assert_array_equal(block.to_scipy(9).toarray(), WHOLE[start:stop])


@pytest.mark.parametrize(
    ("size", "spans"),
    [
        (None, ((0, 5), (5, 12), (12, 13))),
        (3, ((0, 3), (3, 5), (5, 8), (8, 11), (11, 12), (12, 13))),
        (100, ((0, 5), (5, 12), (12, 13))),
    ],
)
def test_no_block_is_of_two_parts(chain: Chain, size: int | None, spans: object) -> None:
    assert chain.spans(size) == spans


@pytest.mark.parametrize("kind", [sparse.csr_matrix, np.asarray])
def test_columns_in_another_order(kind: object) -> None:
    place = RNG.permutation(9)
    expected = np.zeros_like(WHOLE)
    expected[:, place] = WHOLE
    matrix = kind(WHOLE)
    for _ in range(2):  # what is in memory is not sorted where it stands
        block = Reordered(source_of(matrix), place).read(2, 11)
        np.testing.assert_array_equal(block.to_scipy(9).toarray(), expected[2:11])
        assert all(
            (np.diff(block.indices[a:b]) > 0).all()
            for a, b in zip(block.indptr, block.indptr[1:], strict=False)
        )
    np.testing.assert_array_equal(sparse.csr_matrix(matrix).toarray(), WHOLE)
