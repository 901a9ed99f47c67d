"""Areas, correlations, linear models, survival and pooling, on small samples drawn at random."""

from __future__ import annotations

import math
import warnings
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from cytosig.stats.agreement import concordance, rank_correlations
from cytosig.stats.auroc import auroc, bootstrap_auroc, compare_auroc
from cytosig.stats.blocked import blocked_permutation
from cytosig.stats.hazards import proportional_hazards
from cytosig.stats.moderated import moderated_t
from cytosig.stats.pooled import pool
from cytosig.stats.survival import concordance_index, cox
from cytosig.stats.trend import slope, spearman
from reliability.properties import held, numbers
from reliability.properties.profiles import share

if TYPE_CHECKING:
    Array = np.ndarray


# --- areas, correlations, slopes ----------------------------------------------------------------


@given(numbers.sample(1, gaps=False), numbers.sample(1, gaps=False))
def test_the_area_counts_pairs(above: Array, below: Array) -> None:
    """AUROC is the share of pairs in order, ties one half, with a sound interval."""
    score = np.concatenate([above, below])
    found = auroc(score, np.arange(len(score)) < len(above))
    won = np.sign(np.subtract.outer(above, below))
    np.testing.assert_allclose(found.estimate, (won.mean() + 1) / 2, atol=1e-12)
    held.sound(found)


@given(numbers.pairs(2, gaps=True), st.integers(0, 999))
def test_areas_are_compared_or_there_is_a_reason(both: tuple[Array, Array], seed: int) -> None:
    """The difference of two areas, and the bootstrap of one: sound, or a reason."""
    positive = np.random.default_rng(seed).integers(0, 2, len(both[0]))
    held.sound(compare_auroc(*both, positive))
    found = bootstrap_auroc(both[0], positive, n_draws=100)
    assert math.isnan(found.ci_low) or 0 <= found.ci_low <= found.ci_high <= 1


@share(1 / 2)
@given(numbers.pairs(3, 6))
def test_rank_correlation_counts_every_order(both: tuple[Array, Array]) -> None:
    """Spearman's r by scipy; its p the share of all orders that correlate as far from 0."""
    found = spearman(*both)
    held.sound(found) if not found.reason else None
    assume(not math.isnan(found.p))
    there = ~np.isnan(both[0] + both[1])
    a, b = (stats.rankdata(x[there]) for x in both)
    every = np.array([np.corrcoef(a, b[list(o)])[0, 1] for o in permutations(range(len(b)))])
    np.testing.assert_allclose(found.estimate, np.corrcoef(a, b)[0, 1], atol=1e-12)
    expected = (np.abs(every) >= abs(np.corrcoef(a, b)[0, 1]) - 1e-9).mean()
    np.testing.assert_allclose(found.p, expected, rtol=1e-9)


@given(numbers.pairs())
def test_a_slope_is_that_of_scipy(both: tuple[Array, Array]) -> None:
    """Least squares on one covariate as scipy has it, or a reason."""
    found = slope(*both, errors="classical")
    held.sound(found)
    assume(not found.reason)
    there = ~np.isnan(both[0] + both[1])
    expected = stats.linregress(both[0][there], both[1][there])
    ours = (found.estimate, found.se, found.p)
    np.testing.assert_allclose(ours, (expected.slope, expected.stderr, expected.pvalue),
                               rtol=1e-5, atol=1e-9)  # fmt: skip


@given(st.integers(2, 4), st.integers(2, 5), st.integers(0, 9999))
def test_agreement_lies_between_0_and_1(m: int, n: int, seed: int) -> None:
    """Kendall's W between 0 and 1; correlations of ranks as scipy has them."""
    scores = np.random.default_rng(seed).integers(0, 4, (m, n)).astype(float)
    w = concordance(scores)
    assert math.isnan(w) or -1e-12 <= w <= 1 + 1e-12
    for (i, j), r in rank_correlations(scores).items():
        if not math.isnan(r):
            expected = stats.spearmanr(scores[i], scores[j]).statistic
            np.testing.assert_allclose(r, expected, atol=1e-12)


# --- linear models ------------------------------------------------------------------------------


@given(st.integers(3, 9), st.integers(1, 4), st.integers(0, 9999), st.booleans())
def test_linear_models_have_p_or_a_reason(n: int, k: int, seed: int, moderate: bool) -> None:
    """Moderated t of any small table with gaps and constants: p in (0, 1], intervals around the
    estimates, or a reason."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, k)), rng.integers(0, 3))
    values[rng.random(values.shape) < 0.2] = np.nan
    group = rng.integers(0, 2, n)
    group[:2] = 0, 1
    design = pd.DataFrame({"intercept": 1.0, "group": group})
    table = moderated_t(
        pd.DataFrame(values, columns=[f"f{i}" for i in range(k)]), design, coefficient="group",
        moderate=moderate,
    ).table  # fmt: skip
    held.plausible(table)
    held.around(table, "estimate", "ci_low", "ci_high")
    assert (table["p"].isna() == (table["reason"] != "")).all()


@given(st.integers(4, 10), st.integers(0, 9999))
def test_a_model_that_borrows_nothing_is_students_t(n: int, seed: int) -> None:
    """Without moderation the two groups are compared as by scipy's t of equal variances."""
    rng = np.random.default_rng(seed)
    values, group = np.round(rng.normal(size=n), 1), np.arange(n) % 2
    design = pd.DataFrame({"intercept": 1.0, "group": group})
    row = moderated_t(
        pd.DataFrame({"f": values}), design, coefficient="group", moderate=False
    ).table.iloc[0]
    assume(not row["reason"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a group may be constant
        expected = stats.ttest_ind(values[group == 1], values[group == 0])
    np.testing.assert_allclose(row["p"], expected.pvalue, rtol=1e-7)
    np.testing.assert_allclose(row["statistic"], expected.statistic, rtol=1e-7, atol=1e-12)


@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 9999))
def test_groups_of_blocks_get_a_p_or_none(blocks: int, groups: int, seed: int) -> None:
    """Permutation inside blocks with gaps, constants and ties: p in (0, 1] or NaN."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (blocks, groups, 3)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    p = blocked_permutation(values)
    there = ~np.isnan(p)
    assert ((p > 0) & (p <= 1))[there].all()


# --- survival -----------------------------------------------------------------------------------


def _pairs_in_order(time: Array, event: Array, score: Array) -> tuple[float, int]:
    won, counted = 0.0, 0
    for i, j in permutations(range(len(time)), 2):
        if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
            counted += 1
            won += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    return won, counted


@given(numbers.follow_ups())
def test_concordance_counts_pairs(data: tuple[Array, Array, Array]) -> None:
    """Harrell's C by counting pairs one by one, ties of time and of score included."""
    won, counted = _pairs_in_order(*data)
    found = concordance_index(*data)
    if counted:
        np.testing.assert_allclose(found.estimate, won / counted, atol=1e-12)
    else:
        assert found.reason
    held.sound(found)


@share(1 / 2)
@given(numbers.follow_ups(most=14))
def test_hazards_are_likeliest_or_there_is_a_reason(data: tuple[Array, Array, Array]) -> None:
    """Cox: where there is a hazard ratio, the partial likelihood written out is no larger to
    either side of it; else there is a reason."""
    found = cox(*data)
    if found.reason:
        assert math.isnan(found.hazard_ratio)
        return
    assert 0 < found.ci_low <= found.hazard_ratio <= found.ci_high
    assert 0 < found.p <= 1
    assert 0 < found.likelihood_p <= 1
    time, event, score = data
    x = (score - score.mean()) / found.sd
    here = _likelihood(time, event, x, found.log_hazard_ratio)
    for step in (-0.01, 0.01):
        assert _likelihood(time, event, x, found.log_hazard_ratio + step) <= here + 1e-7


def _likelihood(time: Array, event: Array, x: Array, beta: float) -> float:
    """Cox's partial likelihood with ties after Efron, logarithm."""
    total, risk = 0.0, np.exp(beta * x)
    for t in np.unique(time[event > 0]):
        dies = (time == t) & (event > 0)
        d = int(dies.sum())
        at_risk, dying = risk[time >= t].sum(), risk[dies].sum()
        total += beta * x[dies].sum()
        total -= sum(math.log(at_risk - k / d * dying) for k in range(d))
    return total


@share(1 / 2)
@given(numbers.follow_ups(most=14), st.sampled_from(("rank", "km", "identity", "log")))
def test_proportional_hazards_have_a_p_or_a_reason(
    data: tuple[Array, Array, Array], clock: Any
) -> None:
    """The test of proportional hazards by any clock: p in (0, 1], or a reason."""
    table = proportional_hazards(*data, clock=clock)
    held.plausible(table)
    assert (table["p"].isna() == (table["reason"] != "")).all()


# --- pooling ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(numbers.value(), st.floats(1e-3, 1e3)), max_size=6), st.booleans(),
       st.sampled_from(("paule-mandel", "dersimonian-laird")))  # fmt: skip
def test_pooled_effects_lie_among_the_effects(
    cohorts: list[tuple[float, float]], guard: bool, method: Any
) -> None:
    """Random effects: the mean between the least and the largest effect, inside its interval, and
    that inside the prediction; or a reason."""
    effects, ses = ([c[k] for c in cohorts] for k in (0, 1))
    found = pool(effects, ses, guard=guard, method=method)
    if not cohorts:
        assert found.reason
        return
    slack = 1e-7 * max(1, *map(abs, effects))
    assert min(effects) - slack <= found.estimate <= max(effects) + slack
    if len(cohorts) > 1:
        assert found.tau2 >= 0
        assert 0 <= found.i2 <= 1
    if not math.isnan(found.p):
        assert 0 < found.p <= 1
        assert found.ci_low <= found.estimate + slack
        assert found.estimate <= found.ci_high + slack
    if not math.isnan(found.prediction_low):
        assert found.prediction_low <= found.estimate <= found.prediction_high
