"""Values on log2, depth by the median ratio, genes under today's symbol."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean

import cytosig as cs
from cytosig._errors import DataError
from cytosig.engine.options import Options
from cytosig.learn.expression import expression_of


def _read(x, genes, **options):
    var = pd.DataFrame(index=pd.Index(genes, dtype=str))
    names = [f"s{i}" for i in range(len(x))]
    return expression_of(np.asarray(x), var, names, cs.signatures.load(), Options(**options))


def test_counts_are_scaled_by_the_median_ratio():
    """By DESeq's formula on counts per million, whatever one gene takes of the reads."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.lognormal(5, 1, 400) * rng.lognormal(0, 0.5, (6, 1))).astype(float)
    counts[3:, 0] += np.round(40 * counts.sum(axis=1).mean())
    counts[:, 0] += 1e7  # deep enough for counts per million
    genes = [f"XX{i:03d}" for i in range(400)]
    found = _read(counts, genes)
    cpm = counts / counts.sum(axis=1, keepdims=True) * 1e6
    shared = (cpm > 0).all(axis=0)
    ratios = cpm[:, shared] / gmean(cpm[:, shared], axis=0)
    factor = np.median(ratios, axis=1, keepdims=True)
    np.testing.assert_allclose(found.values.to_numpy(), np.log2(cpm / factor + 1), rtol=1e-9)
    assert found.from_zero
    assert found.read_as.startswith("counts (")


def test_logs_of_both_bases_come_to_the_same_log2():
    rng = np.random.default_rng(1)
    cpm = rng.lognormal(3, 1, (5, 300))
    cpm = cpm / cpm.sum(axis=1, keepdims=True) * 1e6
    genes = [f"XX{i:03d}" for i in range(300)]
    two, natural = _read(np.log2(cpm + 1), genes), _read(np.log1p(cpm), genes)
    np.testing.assert_allclose(two.values, natural.values, rtol=1e-8)


def test_logs_below_zero_are_shifted_by_their_median():
    rng = np.random.default_rng(2)
    logged = rng.normal(0, 1, 300) + rng.normal(0, 0.05, (4, 300)) + 3.0
    logged[:, 0] = -2.5
    logged += np.arange(4)[:, None]
    found = _read(logged, [f"XX{i:03d}" for i in range(300)])
    assert not found.from_zero
    shift = np.median(logged - logged.mean(axis=0), axis=1)
    np.testing.assert_allclose(found.values, logged - shift[:, None])


def test_genes_have_todays_symbol_and_the_more_expressed_column():
    rng = np.random.default_rng(3)
    counts = rng.poisson(200, (4, 60)).astype(float)
    genes = ["WARS", "ENSG00000115415", "WARS1", "__no_feature", "IL8", "a b"]
    genes += [f"G{i:02d}" for i in range(54)]
    counts[:, 0], counts[:, 2] = 50, 800
    values = _read(np.log1p(counts), genes).values
    assert {"WARS1", "STAT1", "CXCL8"} <= set(values.columns)
    assert not {"__no_feature", "a b", "WARS", "IL8"} & set(values.columns)
    assert list(values.columns) == sorted(values.columns)
    expected = _read(np.log1p(np.delete(counts, 0, axis=1)), genes[1:]).values["WARS1"]
    np.testing.assert_allclose(values["WARS1"], expected, rtol=0.02)  # not of both


def test_mouse_genes_without_a_human_ortholog_are_left_out():
    rng = np.random.default_rng(4)
    genes = ["Stat1", "Irf1", "Socs3", "Gm12345", "H2-K1", *(f"Cd{i}" for i in range(2, 10))]
    values = _read(rng.poisson(300, (4, len(genes))).astype(float), genes, organism="mouse").values
    assert {"STAT1", "IRF1", "SOCS3", "CD4", "CD5"} <= set(values.columns)
    assert all(name.isupper() or name[0] == "C" for name in values.columns)
    assert "Gm12345" not in values.columns


def test_contrasts_are_refused():
    rng = np.random.default_rng(5)
    adata = anndata.AnnData(rng.normal(size=(6, 300)))
    adata.var_names = [f"XX{i:03d}" for i in range(300)]
    adata.obs["side"] = ["a", "b"] * 3
    with pytest.raises(DataError, match=r"contrasts already .* Pass layer="):
        cs.signatures.learn(adata, treatment=("side", "a"), control="b")
