"""Random signatures must not show what the true ones show; needs the development data."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, kstest, mannwhitneyu

import cytosig as cs

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DATA = BENCHMARKS.parents[1] / "shared" / "data"
DRAWS = 500

pytestmark = pytest.mark.skipif(
    not (DATA / "stim_jankowski_hppt.h5ad").is_file(),
    reason="the development data are not beside the project",
)


@pytest.fixture(scope="module")
def program(program_named):
    return program_named("random_sets")


@pytest.fixture(scope="module")
def panel(program) -> list:
    catalogue = cs.signatures.load()
    return [program.cases.prepare(data, catalogue) for data in program.cases.panel(DATA)]


@pytest.mark.slow
def test_bar(program, panel):
    rows = [
        row for held in panel for case in held.cases for row in program.compare(held, case, DRAWS)
    ]
    table = pd.DataFrame(rows).assign(signatures=program.SHIPPED)
    shown = ["case", "null", "effect", "random 99 %", "random largest", "share", "share by d"]
    sys.stdout.write("\n" + table[shown].to_string(index=False) + "\n")
    assert table["case"].nunique() == 10
    worst = max(program.disagreement(held, 2) for held in panel)
    assert [name for name, met in program.bar(table, worst).items() if not met] == []
    assert (table["share by d"] <= program.LARGEST_SHARE).all()


def test_a_random_signature_does_not_pass(program, panel):
    """Put in the place of the true one it stands anywhere among the others."""
    held = panel[0]
    case = held.cases[0]
    drawn, _ = program.drawn_for(held, case, program.ANY, 40)
    rows = [program.compare(held, replace(case, genes=genes), 200)[0] for genes in drawn]
    shares = np.array([row["share"] for row in rows])
    assert kstest(shares, "uniform").pvalue > 0.01
    assert not program.keeps(pd.DataFrame(rows))


def test_draws_keep_to_their_bins_and_repeat(program, panel):
    held = panel[0]
    case = held.cases[0]
    expression = held.values[case.rows][~case.treated].mean(axis=0)
    bins = program.draws.bins_of(expression, 25)
    for null in (program.ANY, program.OUTSIDE):
        drawn, n_bins = program.drawn_for(held, case, null, 200)
        assert n_bins == 25
        assert (bins[drawn] == bins[case.genes]).all()
        assert (np.diff(np.sort(drawn, axis=1), axis=1) > 0).all(), "no gene twice"
        np.testing.assert_array_equal(drawn, program.drawn_for(held, case, null, 200)[0])
    assert not held.known[drawn].any()
    assert held.known[case.genes].all()


def test_every_gene_is_as_likely_in_every_place(program):
    pool = np.array([3, 5, 8, 13, 21, 34])
    drawn = program.draws.subsets(np.random.default_rng(1), pool, 4, 30_000)
    share = (drawn[:, :, None] == pool).mean(axis=0)
    np.testing.assert_allclose(share, 1 / 6, atol=0.01)  # 4.6 standard errors


def test_small_bins_are_joined(program):
    expression = np.arange(100.0)
    _, n_bins = program.draws.binning(expression, np.ones(100, bool), np.arange(3))
    assert n_bins == 19, "three genes of the lowest bin need six candidates; 20 bins leave five"
    with pytest.raises(ValueError, match="too few"):
        program.draws.binning(expression, expression < 5, np.arange(3))


def test_effects_are_what_they_are_called(program):
    rng = np.random.default_rng(2)
    z, treated = rng.normal(size=(3, 11)), np.arange(11) % 3 == 0
    for k, row in enumerate(z):
        a, b = row[treated], row[~treated]
        pooled = np.sqrt((3 * a.var(ddof=1) + 6 * b.var(ddof=1)) / 9)
        assert program.draws.cohens_d(z, treated)[k] == pytest.approx(
            (a.mean() - b.mean()) / pooled
        )
        wins = mannwhitneyu(a, b).statistic / (len(a) * len(b))
        assert program.draws.aurocs(z, treated)[k] == pytest.approx(wins)
    for hits in (0, 7):
        exact = binomtest(hits, 1000, alternative="less").proportion_ci(0.95, method="exact")
        assert program.upper_bound(hits, 1000) == pytest.approx(exact.high)
