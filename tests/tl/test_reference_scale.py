"""References hold for values on their own scale, pooled as they were, of their own genes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.signatures import load
from cytosig.tl import Reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

POOLED = {"sample_key": "sample"}


# --- scale --------------------------------------------------------------------------------------


def test_a_reference_on_another_scale_is_refused(
    balance_bulk: AnnData, balances: Callable, logged_of: Callable
) -> None:
    reference = cs.tl.fit_reference(balance_bulk)
    wrong = replace(reference, kind="log2")
    logged = logged_of(balance_bulk)
    balances(logged, reference=reference)
    with pytest.raises(DataError, match="fitted on log2 values"):
        balances(logged, reference=wrong)
    with pytest.raises(DataError, match="normalise both to the same total"):
        balances(logged_of(balance_bulk, 1e6), reference=reference)


def test_one_logged_sample_is_held_to_the_total_of_the_reference(
    balance_bulk: AnnData,
    balances: Callable,
    logged_of: Callable,
    same: Callable,
    of_sample: Callable,
) -> None:
    """One row shows no common total; what it adds up to is asked of it all the same."""
    reference = cs.tl.fit_reference(balance_bulk)
    company = balances(logged_of(balance_bulk), reference=reference)
    alone = logged_of(balance_bulk[[7]])
    same(of_sample(company, "P07"), of_sample(balances(alone, reference=reference), "P07"))
    for total, text in ((4_000, "4000"), (25_000, "2.5e.04"), (1e6, "1e.06")):
        with pytest.raises(DataError, match=f"add up to 1e.04 .* those of the data to {text};"):
            balances(logged_of(balance_bulk[[7]], total), reference=reference)
    near = balances(
        logged_of(balance_bulk[[7]], 9_000), reference=reference
    )  # genes may be lacking
    assert np.isfinite(near["balance"]["balance"]).all()


def _deeper(adata: AnnData, times: float) -> AnnData:
    deep = adata.copy()
    deep.X = deep.X * times
    return deep


@pytest.mark.parametrize("times", [0.5, 1000])
def test_counts_are_brought_to_the_total_of_the_reference(
    balance_bulk: AnnData, balances: Callable, times: float
) -> None:
    """A deep sample alone would be brought to a million; not beside a reference at 10,000."""
    reference = cs.tl.fit_reference(balance_bulk[:20].copy())
    later = balance_bulk[20:].copy()
    found, usual = (
        balances(one, reference=reference)["balance"]["balance"]
        for one in (later, _deeper(later, times))
    )
    np.testing.assert_allclose(found, usual, rtol=1e-9)


def test_samples_of_the_reference_and_their_likes_have_the_same_number(
    balance_bulk: AnnData, balances: Callable
) -> None:
    """Twice as deep, or without a gene that no list reads: hardly another balance."""
    reference = cs.tl.fit_reference(balance_bulk)
    usual = balances(balance_bulk, reference=reference)["balance"]["balance"]
    deep = balances(_deeper(balance_bulk, 2), reference=reference)["balance"]["balance"]
    np.testing.assert_allclose(deep, usual, rtol=1e-8)
    fewer = balance_bulk[:, balance_bulk.var_names != "FILL0003"].copy()
    found = balances(fewer, reference=reference)["balance"]["balance"]
    assert 0 < (found - usual).abs().max() < 0.01 * usual.std()


# --- pooling ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logged_cells(patients: cs.datasets.SimulatedCohort, logged_of: Callable) -> AnnData:
    out = logged_of(patients.adata)
    out.X = sparse.csr_matrix(out.X)
    return out


def test_how_samples_were_pooled_is_kept(
    patients: cs.datasets.SimulatedCohort,
    logged_cells: AnnData,
    balance_bulk: AnnData,
    tmp_path: Path,
) -> None:
    made = {
        "sum": cs.tl.fit_reference(patients.adata, **POOLED),
        "mean": cs.tl.fit_reference(logged_cells, **POOLED),
        "none": cs.tl.fit_reference(balance_bulk),
    }
    for how, reference in made.items():
        reference.save(tmp_path / "r.npz")
        assert Reference.load(tmp_path / "r.npz").cohort.pooled == reference.cohort.pooled == how
        assert reference.cohort.rows(np.arange(24) < 3).pooled == how


def test_means_of_logarithms_and_sums_are_not_compared(
    patients: cs.datasets.SimulatedCohort,
    logged_cells: AnnData,
    balances: Callable,
    pooled: Callable,
) -> None:
    means = cs.tl.fit_reference(logged_cells, **POOLED)
    words = "means of logarithms and the data are {}, which do not compare"
    with pytest.raises(DataError, match=words.format("sums of counts")):
        balances(patients.adata, **POOLED, reference=means)
    with pytest.raises(DataError, match=words.format("samples as they are")):
        balances(pooled(patients.adata), reference=means)
    sums = cs.tl.fit_reference(patients.adata, **POOLED)
    words = "fitted on sums of counts and the data are means of logarithms"
    for one in (sums, replace(sums, total=np.nan)):  # or of a cohort whose totals differ
        with pytest.raises(DataError, match=words):
            balances(logged_cells, **POOLED, reference=one)


def test_sums_of_counts_are_samples(
    patients: cs.datasets.SimulatedCohort, balances: Callable, pooled: Callable, same: Callable
) -> None:
    """Added up here or before, against a reference added up here or before."""
    cells, bulk = patients.adata, pooled(patients.adata)
    found = balances(cells, **POOLED, reference=cs.tl.fit_reference(bulk, target_sum=1e4))
    same(found, balances(bulk, reference=cs.tl.fit_reference(cells, **POOLED)))


def test_a_patient_of_logged_cells_alone_and_in_company(
    logged_cells: AnnData, balances: Callable, same: Callable, of_sample: Callable
) -> None:
    means = cs.tl.fit_reference(logged_cells, **POOLED)
    company = balances(logged_cells, **POOLED, reference=means)
    alone = logged_cells[logged_cells.obs["sample"] == "S11"].copy()
    same(of_sample(company, "S11"), of_sample(balances(alone, **POOLED, reference=means), "S11"))


# --- genes --------------------------------------------------------------------------------------


def test_a_reference_of_other_genes_is_refused(balance_bulk: AnnData, balances: Callable) -> None:
    """Lists that read genes which the reference did not keep; it must be fitted with them."""
    filler = [g for g in balance_bulk.var_names if g.startswith("FILL")]
    lists = {
        "IFNG": {**dict.fromkeys(filler[:8], 1.0), "STAT1": 1.0},
        "TGFB1": dict.fromkeys(["SERPINE1", "COL1A1", "TGFBI", "CCN2", "SKIL", "SMAD7"], 1.0),
    }
    usual = cs.tl.fit_reference(balance_bulk)
    with pytest.raises(UsageError, match=r"8 genes of the signatures are not .* 'FILL0000' first"):
        balances(balance_bulk, signatures=lists, reference=usual)
    own = cs.tl.fit_reference(balance_bulk, signatures=lists)
    assert set(filler[:8]) <= set(own.cohort.genes)
    assert not set(filler[8:]) & set(own.cohort.genes)
    found = balances(balance_bulk, signatures=lists, reference=own)["balance"]
    direct = balances(balance_bulk, signatures=lists)["balance"]
    np.testing.assert_array_equal(found["balance"], direct["balance"])
    assert found["balance"].std() > 0.1


def test_genes_that_neither_has_are_no_reason_to_refuse(
    balance_bulk: AnnData, balances: Callable
) -> None:
    """A gene of a list that the data lack is not asked of the reference."""
    lists = {id: dict(load().signatures[id].weights) for id in ("IFNG", "TGFB1")}
    more = {**lists, "IFNG": {**lists["IFNG"], "NOSUCHGENE": 0.1}}
    usual = cs.tl.fit_reference(balance_bulk)
    one, two = (balances(balance_bulk, signatures=s, reference=usual) for s in (lists, more))
    for name in ("balance", "ci_low", "anti", "pro"):
        np.testing.assert_array_equal(one["balance"][name], two["balance"][name])


def test_a_reference_needs_lists_with_roles(balance_bulk: AnnData) -> None:
    with pytest.raises(UsageError, match="none is named after a cytokine with a role"):
        cs.tl.fit_reference(balance_bulk, signatures={"MINE": ["STAT1", "IRF1"]})
