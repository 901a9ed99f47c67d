"""A stored reference: which samples it takes, and which genes of theirs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import cytosig as cs
from cytosig import tl
from cytosig._errors import DataError, FileError
from cytosig.engine.reference import Reference

if TYPE_CHECKING:
    from pathlib import Path

    from cytosig.signatures import Catalogue


def _score(adata: AnnData, small: Catalogue, **options: object) -> np.ndarray:
    out = cs.tl.score(adata, signatures=small, copy=True, **options)
    return out.obsm["cytosig_score"].to_numpy()


def test_a_reference_in_another_gene_order(logged: AnnData, small: Catalogue) -> None:
    reference = tl.fit_reference(logged)
    order = np.random.default_rng(0).permutation(logged.n_vars)
    shuffled = _score(logged[:, order].copy(), small, reference=reference)
    np.testing.assert_array_equal(shuffled, _score(logged, small, reference=reference))


def test_genes_a_reference_does_not_know_are_left_out(logged: AnnData, small: Catalogue) -> None:
    part = [g for i, g in enumerate(logged.var_names) if i % 5]
    reference = tl.fit_reference(logged[:, part].copy())
    expected = _score(logged[:, part].copy(), small, reference=reference)
    np.testing.assert_array_equal(_score(logged, small, reference=reference), expected)


def test_a_damaged_reference_is_a_clear_error(logged: AnnData, tmp_path: Path) -> None:
    path = tmp_path / "cohort.npz"
    tl.fit_reference(logged).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cohort\.npz"):
        cs.tl.score(logged, reference=path)


def test_a_reference_refuses_another_total(counts: AnnData, small: Catalogue) -> None:
    """log(CPM + 1) against a reference of log(CP10k + 1) would shift every score in silence."""
    reference = tl.fit_reference(counts)
    x = counts.X.toarray().astype(np.float64)
    counts.X = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e6)
    with pytest.raises(DataError, match=r"add up to 1e\+04 .* those of the data to 1e\+06"):
        _score(counts, small, reference=reference)
    counts.X = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4)
    _score(counts, small, reference=reference)


def test_a_reference_sums_duplicates_whoever_asks(counts: AnnData) -> None:
    """Genes only the user's signature names, on two columns each, in cohort and sample."""
    genes = [f"FILL{i:04d}" for i in range(100, 110)]
    twice = counts[:, genes].copy()
    x = sparse.hstack([counts.X, twice.X]).tocsr()
    var = pd.DataFrame(index=pd.Index([*counts.var_names, *genes]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        doubled = AnnData(x, obs=counts.obs, var=var)
        reference = tl.fit_reference(doubled)
        options = {"signatures": {"MINE": genes}, "copy": True}
        expected = cs.tl.score(doubled, **options).obsm["cytosig_score"]
        found = cs.tl.score(doubled, reference=reference, **options).obsm["cytosig_score"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("mean", np.array([np.nan]), "mean and sd: expected one a gene"),
        ("sd", -1.0, "finite numbers"),
        ("mean", np.inf, "finite numbers"),
        ("n_obs", np.array(0), "above 0"),
        ("total", np.array(-1.0), "above 0"),
        ("kind", np.array("magic"), "'magic' is not known"),
        ("genes", np.array(["A", "A"]), "each once"),
        ("mean", np.array("x"), "could not convert"),
        ("cohort_pooled", np.array("all"), "'all' is not known"),
        ("view ", np.zeros((3, 2)), "samples × genes"),
        ("view ", None, "the samples themselves"),
        ("sd", None, "'sd'"),
    ],
)
def test_a_reference_whose_parts_do_not_fit(
    logged: AnnData, tmp_path: Path, name: str, value: object, text: str
) -> None:
    """Scores against it would be wrong without a word."""
    path = tmp_path / "cohort.npz"
    tl.fit_reference(logged[:20].copy(), sample_key="donor", min_cells=1).save(path)
    with np.load(path) as held:
        arrays = dict(held)
    if isinstance(value, float):
        arrays[name][3] = value
    elif value is None and name == "view ":
        arrays["view other"] = arrays.pop(name)
    elif value is None:
        del arrays[name]
    else:
        arrays[name] = value
    np.savez(path, **arrays)
    with pytest.raises(FileError, match=text):
        Reference.load(path)
