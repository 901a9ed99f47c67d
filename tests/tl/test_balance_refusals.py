"""What a balance refuses, and what it says then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell_type_key": "cell_type"}, "cell_type_key= needs sample_key="),
        ({"sample_key": "patient"}, "sample_key: obs has no column 'patient'"),
        ({"sample_key": "sample", "cell_type_key": "type"}, "obs has no column 'type'"),
        ({**POOLED, "assume": ["CR99"]}, "assume: there is no rule 'CR99'"),
        ({**POOLED, "adjust": ["immune"]}, "adjust: there is no programme 'immune'; there are "),
        ({**POOLED, "n_draws": 10}, "n_draws=10: expected 100 or more"),
        ({**POOLED, "sweep": "NOBODY"}, "No cytokine or signature is called 'NOBODY'"),
        ({**POOLED, "min_cells": 0}, "min_cells=0: expected 1 or more"),
        ({**POOLED, "control": ("arm", "x")}, "control: obs has no column 'arm'"),
        ({**POOLED, "control": ("condition", "x")}, "no observation has that value; .*'treated'"),
        ({**POOLED, "key_added": "a/b"}, "expected a name without '/'"),
        ({**TYPED, "compartments": {"T cell": "blood"}}, "maps 'T cell' to 'blood'"),
    ],
)
def test_arguments_that_name_nothing(
    patients: cs.datasets.SimulatedCohort, balances: Callable, options: dict, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        balances(patients.adata, **options)


def test_reference_and_control_exclude_each_other(
    balance_bulk: AnnData, balances: Callable
) -> None:
    reference = cs.tl.fit_reference(balance_bulk)
    with pytest.raises(UsageError, match="reference= excludes control="):
        balances(balance_bulk, reference=reference, control=("arm", "a"))


def test_contrasts_are_refused(balance_bulk: AnnData, balances: Callable) -> None:
    adata = balance_bulk.copy()
    x = np.log1p(adata.X.toarray())
    adata.X = (x - x.mean(axis=0)) / (x.std(axis=0) + 0.1)
    with pytest.raises(DataError, match=r"The values are contrasts .*Pass layer= with counts"):
        balances(adata)


def test_too_few_samples_are_refused(balance_bulk: AnnData, balances: Callable) -> None:
    with pytest.raises(DataError, match=r"the reference has 2 sample\(s\), at least 3 are needed"):
        balances(balance_bulk[:2].copy())
    with pytest.raises(DataError, match="Pass reference="):
        balances(balance_bulk[:1].copy())


def test_samples_without_a_count_are_told_apart_from_samples_that_are_not_there(
    balance_bulk: AnnData, balances: Callable
) -> None:
    adata = balance_bulk.copy()
    adata.X = adata.X.multiply((np.arange(adata.n_obs) < 2)[:, None]).tocsr()
    said = rf"has 2 sample\(s\) with any count, of {adata.n_obs}, at least 3 are needed"
    with pytest.raises(DataError, match=said):
        balances(adata)


def test_signatures_without_roles_have_no_vote(balance_bulk: AnnData, balances: Callable) -> None:
    with pytest.raises(UsageError, match="none is named after a cytokine with a role"):
        balances(balance_bulk, signatures={"MINE": list(balance_bulk.var_names[:30])})


@pytest.mark.parametrize("bad", [np.nan, -1e300])
def test_a_value_that_is_no_number_is_named(
    balance_bulk: AnnData, balances: Callable, bad: float
) -> None:
    adata = balance_bulk.copy()
    adata.X = np.log1p(adata.X.toarray())
    adata.X[3, list(adata.var_names).index("STAT1")] = bad
    with pytest.raises(DataError, match=r"(?s)P03.*STAT1|STAT1.*P03"):
        balances(adata)


def test_a_swept_cytokine_must_vote(balance_bulk: AnnData, balances: Callable) -> None:
    genes = load().signatures["IL10"].weights
    adata = balance_bulk[:, ~balance_bulk.var_names.isin(list(genes))].copy()
    with pytest.raises(UsageError, match=r"sweep: 'IL10' has no vote in these data; .* IFNG"):
        balances(adata, sweep=["IFNG", "IL10"])


def test_cells_without_a_sample_are_refused(
    patients: cs.datasets.SimulatedCohort, balances: Callable, logged_of: Callable
) -> None:
    """By what they look like, counts or logs; their sums are samples."""
    for cells in (patients.adata, logged_of(patients.adata)):
        with pytest.raises(DataError, match=r"look like single cells .*sample_key="):
            balances(cells)
    bare = patients.adata[:, :150].copy()  # too few genes to tell, names of which tell
    bare.obs_names = [f"{'ACGT' * 4}-{i}" for i in range(bare.n_obs)]
    with pytest.raises(DataError, match=r"names such as 'ACGTACGTACGTACGT-0' hold barcodes"):
        balances(bare)


def test_two_samples_of_one_name_are_refused(balance_bulk: AnnData, balances: Callable) -> None:
    adata = balance_bulk.copy()
    adata.obs_names = ["P00", *adata.obs_names[:-1]]
    with pytest.raises(
        DataError, match="Two observations are called 'P00': samples need names of their own"
    ):
        balances(adata)
