"""Whether a gene is there: t-tests of scipy on log ratios to the background, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig.communication.presence import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.communication.tissue import Tissue

EXPRESSED = 5.0


@pytest.fixture(scope="module")
def tissue(tissue_of: Callable) -> Tissue:
    """X is loose in types that do not make it, Y is even, Z is not there at all."""
    rng = np.random.default_rng(1)
    x = rng.lognormal(np.log([900.0, 95.0, 30.0, 6.0]), 0.3, (6, 4))
    y = rng.lognormal(np.log([6.0, 20.0, 3.0, 9.0]), 0.3, (6, 4))
    d = rng.lognormal(np.log(5.0), 0.3, (6, 4))
    for values in (x, y, d):
        values[2, 1] = np.nan
    n_cells = rng.integers(10, 300, (6, 4))
    return tissue_of({"X": x, "Y": y, "D": d, "Z": np.where(np.isnan(x), np.nan, 0)},
                     n_cells=n_cells)  # fmt: skip


def ratio(tissue: Tissue, gene: str, off: object = 0.0) -> np.ndarray:
    """log2 over the larger of 5 CPM and a tenth of the sample's mean over its cells."""
    cpm = tissue.of(gene)
    n = np.where(np.isnan(cpm), 0, tissue.n_cells)
    loose = 0.1 * (np.nan_to_num(cpm) * n).sum(axis=1) / n.sum(axis=1)
    bound = np.maximum(loose, EXPRESSED)[:, None]
    return np.log2((np.maximum(cpm - off, 0) + 10) / (bound + 10))


def expect(values: np.ndarray, level: float) -> list[np.ndarray]:
    rows = []
    for column in values.T:
        x = column[~np.isnan(column)]
        found = stats.ttest_1samp(x, 0)
        ends = found.confidence_interval(level)
        p = stats.ttest_1samp(x, 0, alternative="greater").pvalue
        rows.append([x.mean(), ends.low, ends.high, p])
    return list(np.array(rows).T)


@pytest.mark.parametrize("gene", ["X", "Y"])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_presence_is_a_t_test_over_the_background(tissue: Tissue, gene: str, level: float) -> None:
    found = Background(tissue, EXPRESSED, level).present(gene)
    excess, low, high, p = expect(ratio(tissue, gene), level)
    np.testing.assert_allclose(found.excess, excess, rtol=1e-9)
    np.testing.assert_allclose(found.low, low, rtol=1e-9)
    np.testing.assert_allclose(found.high, high, rtol=1e-9)
    np.testing.assert_allclose(found.p, p, rtol=1e-8)


def test_what_may_be_loose_is_not_there(tissue: Tissue) -> None:
    """30 CPM of a gene of which the sample's cells hold hundreds."""
    p = Background(tissue, EXPRESSED, 0.95).present("X").p
    assert p[0] < 0.001
    assert p[3] > 0.95
    low = Background(tissue, EXPRESSED, 0.95).present("Y").p
    assert low[1] < 0.01 < low[2]


def test_decoys_are_taken_off_each_subunit(tissue: Tissue) -> None:
    off = tissue.of("D")
    found = Background(tissue, EXPRESSED, 0.95).all_present(["Y"], off)
    np.testing.assert_allclose(found.p, expect(ratio(tissue, "Y", off), 0.95)[3], rtol=1e-8)


def test_of_several_genes_the_least_sure_counts(tissue: Tissue) -> None:
    background = Background(tissue, EXPRESSED, 0.95)
    each = [background.present(gene) for gene in ("X", "Y")]
    both = background.all_present(["X", "Y"])
    worst = np.array([one.p for one in each]).argmax(axis=0)
    assert set(worst) == {0, 1}
    for t, i in enumerate(worst):
        for name in ("excess", "low", "high", "p"):
            assert getattr(both, name)[t] == getattr(each[i], name)[t]


def test_a_subunit_that_is_supplied_is_asked_of_whole_samples(tissue: Tissue) -> None:
    pooled = tissue.pooled(tissue.of("Y"))
    values = np.log2((pooled + 10) / 15)
    expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
    assert Background(tissue, EXPRESSED, 0.95).supplied("Y") == pytest.approx(expected)
    assert Background(tissue, EXPRESSED, 0.95).supplied("Z") == 1.0


def test_values_without_spread_and_single_samples(tissue_of: Callable) -> None:
    n = 4
    cpm = np.column_stack([np.full(n, 80.0), np.zeros(n), [9.0, *[np.nan] * (n - 1)], [np.nan] * n])
    p = Background(tissue_of({"X": cpm}, n_cells=1), EXPRESSED, 0.95).present("X").p
    assert p[:2].tolist() == [0.5**n, 1.0]
    assert np.isnan(p[2:]).all()
    single = Background(tissue_of({"X": cpm[:1]}), EXPRESSED, 0.95)
    assert np.isnan(single.present("X").p).all()
    assert np.isnan(single.supplied("X"))
