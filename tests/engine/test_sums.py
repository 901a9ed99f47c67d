"""Sums that do not depend on the order of rows, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp

from cytosig.blocks import RowBlocks, for_each
from cytosig.engine.sums import Sums, added

RNG = np.random.default_rng(0)
X = sp.random(300, 17, density=0.4, format="csr", random_state=1)
X.data = np.sign(X.data - 0.5) * 10.0 ** RNG.uniform(-8, 8, X.nnz)
GROUP = RNG.integers(-1, 3, 300)


def _sums(order: np.ndarray, chunk_size: int, n_jobs: int) -> Sums:
    rows, group = RowBlocks(X[order], chunk_size=chunk_size), GROUP[order]
    sums = Sums(3, 17, counted=True, n_stripes=n_jobs)
    for_each(rows, lambda block: sums.add(block, group[block.rows]), n_jobs=n_jobs)
    return sums


@pytest.mark.parametrize("power", [1, 2])
def test_sums_are_the_exact_ones_rounded(power: int) -> None:
    found = _sums(np.arange(300), 7, 1).total(power)
    dense = X.toarray()
    for k in range(3):
        for gene in range(17):
            # x·x is rounded once, as in any double; its sum is not
            exact = math.fsum(float(v) ** power for v in dense[k == GROUP, gene])
            assert found[k, gene] == exact


@pytest.mark.parametrize(("chunk_size", "n_jobs"), [(1, 1), (7, 4), (300, 2), (50, 3)])
def test_neither_order_nor_blocks_nor_threads_show(chunk_size: int, n_jobs: int) -> None:
    expected = _sums(np.arange(300), 300, 1)
    found = _sums(RNG.permutation(300), chunk_size, n_jobs)
    for power in (1, 2):
        np.testing.assert_array_equal(found.total(power), expected.total(power))
    np.testing.assert_array_equal(found.found.n_used, expected.found.n_used)
    np.testing.assert_array_equal(found.found.counts, expected.found.counts)


def test_sums_of_blocks_put_together_are_those_of_all() -> None:
    expected = _sums(np.arange(300), 300, 1)
    whole = Sums(3, 17, counted=True)
    for block in RowBlocks(X, chunk_size=31):
        part = added(block, GROUP[block.rows], 17, True)
        assert set(part.groups) == set(GROUP[block.rows]) - {-1}
        whole.merge(part.groups, part.found)
    for power in (1, 2):
        np.testing.assert_array_equal(whole.total(power), expected.total(power))
    np.testing.assert_array_equal(whole.found.n_used, expected.found.n_used)
    np.testing.assert_array_equal(whole.found.counts, expected.found.counts)


def test_what_plain_doubles_lose_is_kept() -> None:
    values = [1e16, 1.0, -1e16, 1.0]
    block = RowBlocks(np.array(values)[:, None]).read(0, 4)
    sums = Sums(1, 1)
    sums.add(block, np.zeros(4, dtype=np.int64))
    assert sum(values) == 1.0  # plain doubles, from left to right
    assert sums.total()[0, 0] == float(sum(map(Fraction, values))) == 2.0
