"""The tissue: logarithms of noisy counts, types over the others of their sample, pooled cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.communication.means import means_above_zero
from cytosig.communication.tissue import logged, over_others

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("depth", [1e5, 4e5])
@pytest.mark.parametrize("cpm", [5.0, 20.0, 100.0, 1000.0])
def test_the_bias_of_the_logarithm_is_taken_off(cpm: float, depth: float) -> None:
    """Of Poisson counts; a deep sample has none to speak of."""
    counts = np.random.default_rng(1).poisson(cpm * depth / 1e6, 400_000)
    drawn = counts / depth * 1e6
    truth = np.log2(cpm + 10)
    bias = logged(drawn, np.array(depth)).mean() - truth
    plain = np.log2(drawn + 10).mean() - truth
    assert plain < 0
    assert abs(bias) < 0.5 * abs(plain)
    assert abs(bias) < 0.07


def test_what_is_no_count_is_only_logged() -> None:
    cpm = np.array([0.0, 3.0, 700.0])
    np.testing.assert_allclose(logged(cpm, np.array(np.nan)), np.log2(cpm + 10), rtol=1e-14)
    np.testing.assert_allclose(logged(cpm, np.array(1e13)), np.log2(cpm + 10), rtol=1e-6)


def test_types_are_compared_with_the_mean_of_those_that_are_there() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(7, 5, 3))
    values[0, 1] = values[3, :4] = values[4] = np.nan
    values[5, 2, 0] = np.nan  # of one feature alone
    found = over_others(values)
    for k in range(3):
        table = pd.DataFrame(values[:, :, k])
        expected = table.copy()
        for type_ in table:
            expected[type_] = table[type_] - table.drop(columns=type_).mean(axis=1)
        np.testing.assert_allclose(found[:, :, k], expected.to_numpy(), rtol=1e-12, atol=1e-14)
    assert np.isnan(found[3]).all()  # a type alone has nothing to be compared with


@pytest.mark.parametrize("n_types", [3, 7, 12, 15])
def test_types_that_are_all_alike_do_not_differ(n_types: int) -> None:
    """As of a ligand without any count: log2(0 + 10) everywhere."""
    alike = np.full((10, n_types, 1), logged(np.array(0.0), np.array(1e5)))
    found = over_others(alike)
    tested = means_above_zero(found, moderated=np.zeros((n_types, 1), bool), level=0.95)
    assert not found.any()
    assert (tested.p == 1).all()


def test_pooled_is_the_mean_over_cells_of_types_with_enough(tissue_of: Callable) -> None:
    cpm = np.array([[10.0, 40.0, np.nan], [0.0, 30.0, 90.0], [np.nan] * 3])
    n_cells = np.array([[20, 10, 5], [1, 2, 7], [3, 3, 3]])
    tissue = tissue_of({"X": cpm}, n_cells=n_cells)
    expected = [(10 * 20 + 40 * 10) / 30, (30 * 2 + 90 * 7) / 10, np.nan]
    np.testing.assert_allclose(tissue.pooled(tissue.of("X")), expected)
    np.testing.assert_array_equal(tissue.used, ~np.isnan(cpm))


def test_some_of_the_samples(tissue_of: Callable) -> None:
    rng = np.random.default_rng(3)
    cpm, n_cells = rng.random((5, 3)), rng.integers(1, 99, (5, 3))
    whole = tissue_of({"X": cpm, "Y": 2 * cpm}, n_cells=n_cells, depth=1e5 * cpm)
    which = np.array([True, False, False, True, True])
    part = whole.rows(which)
    assert part.samples == ("s0", "s3", "s4")
    assert part.types == whole.types
    np.testing.assert_array_equal(part.of("Y"), 2 * cpm[which])
    np.testing.assert_array_equal(part.n_cells, n_cells[which])
    np.testing.assert_array_equal(part.log(part.of("X")), whole.log(whole.of("X"))[which])


def test_a_gene_that_is_not_measured_is_missing(tissue_of: Callable) -> None:
    tissue = tissue_of({"X": np.ones((2, 2))})
    assert np.isnan(tissue.of("Z")).all()
    assert np.isnan(tissue.fraction_of("Z")).all()
    np.testing.assert_allclose(tissue.fraction_of("X"), 1 / 51)
