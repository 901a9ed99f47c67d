"""Balances of simulated cohorts lean as they were planted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cytosig as cs
from cytosig.datasets import Program
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable

    Tables = dict[str, pd.DataFrame]

POOLED = {"sample_key": "sample"}
TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 8}


def _direction(cohort: cs.datasets.SimulatedCohort) -> pd.Series:
    """What was planted in each sample, each cytokine by its role."""
    cells = cohort.activity.groupby(cohort.adata.obs["sample"].astype(str).to_numpy()).mean()
    role = {id: load().cytokines[id].role.value for id in cells.columns}
    return (cells * pd.Series(role)).sum(axis=1)


@pytest.mark.parametrize(("cytokine", "sign"), [("IFNG", 1), ("TGFB1", -1)])
def test_the_planted_direction_comes_back(
    balances: Callable, cytokine: str, sign: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    program = Program(cytokine, "T cell", "malignant", 0.5, 1.5)
    cohort = cs.datasets.simulate_cohort(
        n_samples=24, cells_per_sample=60, n_genes=3000, programs=[program], rng=11
    )
    found = balances(cohort.adata, **POOLED)
    balance = found["balance"]["balance"]
    truth = _direction(cohort)[balance.index]
    assert stats.spearmanr(balance, truth).statistic > 0.7
    treated = cohort.adata.obs.groupby("sample", observed=True)["condition"].first() == "treated"
    treated = treated.loc[balance.index].to_numpy()
    assert sign * (balance[treated].mean() - balance[~treated].mean()) > 0.1
    activity = found["balance_activity"][cytokine]
    assert stats.mannwhitneyu(activity[treated], activity[~treated]).pvalue < 1e-3
    assert activity[treated].mean() > activity[~treated].mean()
    sure = found["balance"]["verdict"].map({"anti-tumour": 1, "pro-tumour": -1}).dropna()
    away = np.sign(truth - truth.mean())[sure.index]
    assert len(sure) >= 8
    assert (sure == away).mean() > 0.85  # a verdict is on the planted side of the cohort's mean


def test_the_cohort_that_ships_leans_as_it_was_planted(
    patients: cs.datasets.SimulatedCohort, typed: Tables
) -> None:
    balance = typed["balance"]["balance"]
    truth = _direction(patients)[balance.index]
    assert stats.spearmanr(balance, truth).statistic > 0.6
    obs = patients.adata.obs.groupby("sample", observed=True)["condition"].first()
    treated = (obs.loc[balance.index] == "treated").to_numpy()
    assert balance[treated].mean() > 0 > balance[~treated].mean()
