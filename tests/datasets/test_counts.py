"""The benchmark matrix: density, normalisation, reproducibility, errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.datasets import simulate_counts


@pytest.mark.parametrize("density", [0.02, 0.07, 0.3])
def test_density_is_met(density: float) -> None:
    x = simulate_counts(1500, 2000, density=density).X
    assert (x.format, x.dtype, x.indices.dtype) == ("csr", np.float32, np.int32)
    assert x.has_canonical_format
    assert x.nnz / (1500 * 2000) == pytest.approx(density, rel=0.05)


def test_values_are_log_normalised_counts() -> None:
    x = simulate_counts(300, 1000).X.toarray().astype(float)
    rows = np.expm1(x)
    np.testing.assert_allclose(rows.sum(axis=1), 1e4, rtol=1e-4)
    smallest = np.where(rows > 0, rows, np.inf).min(axis=1, keepdims=True)  # one count
    np.testing.assert_allclose(rows / smallest, np.round(rows / smallest), rtol=1e-3)


def test_counts_are_poisson() -> None:
    """One rate for all: P(zero) and the mean of the rest obey the Poisson law."""
    from cytosig.datasets.counts import _block

    rate = np.float32(1.3)
    lengths, _, values = _block(
        np.random.default_rng(0), np.full(500, rate), np.ones(400, dtype=np.float32)
    )
    row = np.repeat(np.arange(400), lengths)
    unit = np.full(400, np.inf)
    np.minimum.at(unit, row, np.expm1(values))
    counts = np.rint(np.expm1(values) / unit[row]).astype(int)
    observed = np.bincount(counts, minlength=8)
    observed[0] = 400 * 500 - len(counts)
    grouped = np.append(observed[:6], observed[6:].sum())
    law = stats.poisson(float(rate))
    expected = np.append(law.pmf(np.arange(6)), law.sf(5)) * 400 * 500
    assert stats.chisquare(grouped, expected).pvalue > 1e-3


def test_gene_means_are_long_tailed() -> None:
    means = np.expm1(simulate_counts(1000, 3000).X.toarray()).mean(axis=0)
    assert means.max() > 50 * np.median(means)
    assert np.sort(means)[-300:].sum() > 0.5 * means.sum()


def test_named_genes_come_first() -> None:
    adata = simulate_counts(5, 12, genes=["IL6", "TNF"])
    assert list(adata.var_names[:4]) == ["IL6", "TNF", "BG0001", "BG0002"]
    assert adata.var_names.is_unique
    assert adata.obs_names.is_unique


def test_same_seed_same_bytes() -> None:
    one, two, other = (simulate_counts(200, 300, rng=r).X for r in (1, 1, 2))
    assert one.data.tobytes() == two.data.tobytes()
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.nnz != other.nnz or (one != other).nnz > 0


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((0, 5), {}, "n_obs=0"),
        ((5, 0), {}, "n_genes=0"),
        ((5, 5), {"density": 1.5}, "density=1.5"),
        ((5, 5), {"density": 0.0}, "density=0"),
        ((5, 1), {"genes": ["A", "B"]}, "no room for 2"),
        ((5, 5), {"genes": ["A", "A"]}, "named twice: A"),
    ],
)
def test_errors(shape: tuple[int, int], options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_counts(*shape, **options)
