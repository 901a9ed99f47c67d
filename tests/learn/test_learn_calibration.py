"""How often noise is taken for a response, and how much of a planted one is found."""

from __future__ import annotations

import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig.datasets import simulate_cohort, simulate_counts
from cytosig.datasets.program import Program

pytestmark = pytest.mark.slow


def _learn(adata, **arguments):
    """What was learnt; None where too few genes passed."""
    try:
        return cs.signatures.learn(adata, **arguments)
    except DataError as error:
        if "Too few genes" not in str(error):
            raise
        return None


def test_noise_gives_no_signature_in_120_sets(stimulation, sides):
    """By Benjamini-Hochberg at most one in twenty would have a gene, and a list needs five."""
    found = [
        _learn(stimulation(n, effect=0.0, seed=seed).adata, batch_key=key, **sides)
        for seed in range(20)
        for n in (3, 4, 6)
        for key in ("donor", None)
    ]
    assert sum(one is not None for one in found) <= 2


def test_the_strongest_noise_is_worth_a_coin_where_it_was_held_out():
    """100 sets, lists of the strongest genes whatever their q."""
    areas = []
    for seed in range(100):
        adata = simulate_counts(10, 500, density=0.9, rng=seed)
        adata.obs["side"] = ["a", "b"] * 5
        learned = _learn(
            adata, treatment=("side", "a"), control="b", max_q=1.0, min_lfc=0.0,
            drop_programmes=False,
        )  # fmt: skip
        assert not learned.validated
        areas.append(learned.signature.evidence.held_out.auroc)
    standard_error = np.std(areas) / 10
    assert abs(np.mean(areas) - 0.5) < 3 * standard_error
    assert standard_error < 0.04


@pytest.mark.parametrize(("n", "recall"), [(3, 0.9), (5, 0.97)])
def test_planted_genes_are_found_and_no_others(stimulation, sides, n, recall):
    """30 genes raised fourfold and 6 lowered: pooled over 20 sets."""
    right = wrong = planted = 0
    for seed in range(20):
        made = stimulation(n, seed=100 + seed)
        learned = _learn(made.adata, batch_key="donor", **sides)
        truth = made.planted[made.planted != 0]
        weights = learned.signature.weights
        hits = sum(np.sign(w) == np.sign(truth.get(gene, 0.0)) for gene, w in weights.items())
        right, wrong = right + hits, wrong + len(weights) - hits
        planted += len(truth)
        assert learned.validated
    assert right / planted >= recall
    assert wrong / (right + wrong) <= 0.05  # the false discovery rate asked for


@pytest.mark.parametrize("cytokine", ["IFNG", "IL13", "TGFB1"])
def test_a_response_planted_in_single_cells_is_named(cytokine):
    program = Program(cytokine, "T cell", "malignant", effect=0.0, condition_effect=3.0)
    cohort = simulate_cohort(
        n_samples=12, cells_per_sample=200, programs=(program,), paired=True, sample_sd=0.1, rng=3
    )
    learned = _learn(
        cohort.adata, treatment=("condition", "treated"), control="control", batch_key="donor",
        sample_key="sample", min_lfc=0.3,
    )  # fmt: skip
    assert learned.overlap["signature"][0] == cytokine
    assert learned.validated
    truth = cs.signatures.load()[cytokine].weights
    weights = learned.signature.weights
    right = [gene for gene, w in weights.items() if w * truth.get(gene, 0.0) > 0]
    ligands = set(cs.signatures.load().cytokines[cytokine].ligand_genes)
    assert len(right) >= 0.95 * len(set(weights) - ligands)
