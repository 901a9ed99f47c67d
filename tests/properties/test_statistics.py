"""The statistics against other programs and against counting, on small samples drawn at random."""

from __future__ import annotations

import math
import warnings
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cytosig.stats.exact import rank_sum_test, signed_rank_test
from cytosig.stats.families import crossed, two_levels
from cytosig.stats.groups import (
    fdr,
    kruskal,
    mann_whitney,
    paired_t,
    paired_wilcoxon,
    welch,
    welch_anova,
)
from cytosig.stats.permutation import central_power_sums, moments
from cytosig.stats.shift import hedges_g
from cytosig.stats.signflip import sign_flip
from reliability.properties import held, numbers
from reliability.properties.profiles import share

if TYPE_CHECKING:
    Array = np.ndarray


# --- false discoveries --------------------------------------------------------------------------


@share(3)
@given(numbers.p_values(), st.sampled_from(("bh", "by")))
def test_false_discoveries_are_those_of_statsmodels(p: Array, method: str) -> None:
    """Benjamini-Hochberg and -Yekutieli as statsmodels adjusts what is there; NaN stay NaN."""
    found, there = fdr(p, method=method), ~np.isnan(p)
    assert np.isnan(found[~there]).all()
    if there.any():
        expected = multipletests(p[there], method=f"fdr_{method}")[1]
        np.testing.assert_allclose(found[there], expected, rtol=1e-9)


@share(3)
@given(numbers.p_values(), st.integers(0, 99))
def test_q_in_two_levels_lies_between_p_and_1(p: Array, seed: int) -> None:
    """Families of any size: q is at least p and at most 1, and missing where p is."""
    family = np.random.default_rng(seed).integers(0, 4, len(p))
    q = two_levels(p, family)
    np.testing.assert_array_equal(np.isnan(q), np.isnan(p))
    there = ~np.isnan(p)
    assert ((q >= p * (1 - 1e-12)) & (q <= 1))[there].all()


@share(3)
@given(numbers.p_values(gaps=False))
def test_one_family_is_benjamini_hochberg(p: Array) -> None:
    """All tests in one family, and each in its own: plain Benjamini-Hochberg by statsmodels."""
    assume(len(p))
    expected = multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(two_levels(p, ["X"] * len(p)), expected, rtol=1e-9)
    np.testing.assert_allclose(two_levels(p, np.arange(len(p))), expected, rtol=1e-9)


@share(2)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 9999))
def test_a_pair_is_no_surer_than_its_worse_end(k: int, m: int, n: int, seed: int) -> None:
    """Q of a pair is at least the larger p of its two ends and at most 1, missing where one is."""
    rng = np.random.default_rng(seed)
    first, second = rng.random((k, m)) ** 4, rng.random((k, m, n)) ** 4
    first[rng.random(first.shape) < 0.2] = np.nan
    second[rng.random(second.shape) < 0.2] = np.nan
    q, worse = crossed(first, second), first[:, :, None] + 0 * second
    worse = np.maximum(worse, second)
    np.testing.assert_array_equal(np.isnan(q), np.isnan(worse))
    there = ~np.isnan(q)
    assert ((q >= worse * (1 - 1e-12)) & (q <= 1))[there].all()


# --- exact tests --------------------------------------------------------------------------------


@given(numbers.sample(1, 5, gaps=False), numbers.sample(1, 4, gaps=False))
def test_rank_sums_are_counted_over_every_split(one: Array, other: Array) -> None:
    """The two-sided p of Mann and Whitney is the share of all splits as extreme, ties included."""
    both, n = stats.rankdata(np.concatenate([one, other])), len(one)
    sums = np.array([both[list(c)].sum() for c in combinations(range(len(both)), n)])
    found = both[:n].sum()
    low, high = (sums <= found + 1e-9).mean(), (sums >= found - 1e-9).mean()
    u, p = rank_sum_test(one, other)
    assert u == found - n * (n + 1) / 2
    np.testing.assert_allclose(p, min(1, 2 * min(low, high)), rtol=1e-9)


@given(numbers.sample(1, 7, gaps=False))
def test_signed_ranks_are_counted_over_every_sign(difference: Array) -> None:
    """The two-sided p of Wilcoxon is the share of all signs as extreme, ties included."""
    d = difference[difference != 0]
    assume(len(d))
    ranks = stats.rankdata(np.abs(d))
    sums = np.array(list(product([0, 1], repeat=len(d)))) @ ranks
    found = ranks[d > 0].sum()
    low, high = (sums <= found + 1e-9).mean(), (sums >= found - 1e-9).mean()
    w, p = signed_rank_test(d)
    assert w == found
    np.testing.assert_allclose(p, min(1, 2 * min(low, high)), rtol=1e-9)


@given(numbers.sample(1, 7, gaps=False))
def test_sign_flips_are_counted_over_every_sign(d: Array) -> None:
    """The one-sided p of a mean is the share of sign choices whose sum is at least the one seen."""
    sums = np.array(list(product([-1, 1], repeat=len(d)))) @ np.abs(d)
    p, floor = sign_flip(d)
    slack = 1e-9 * max(1, np.abs(d).sum())
    assert floor[0] == 0.5 ** len(d)
    assert (sums >= d.sum() + slack).mean() <= p[0] <= (sums >= d.sum() - slack).mean()


@given(st.integers(1, 30), st.integers(1, 3), st.integers(0, 9999))
def test_sign_flips_never_fall_below_their_floor(n: int, k: int, seed: int) -> None:
    """Counted or by saddlepoint, with gaps: p between its floor and 1."""
    rng = np.random.default_rng(seed)
    d = np.round(rng.standard_t(2, (n, k)) + rng.normal(0, 3), 1)
    d[rng.random(d.shape) < 0.2] = np.nan
    p, floor = sign_flip(d)
    there = ~np.isnan(d).all(axis=0)
    np.testing.assert_array_equal(np.isnan(p), ~there)
    assert ((p >= floor * (1 - 1e-9)) & (p <= 1))[there].all()


@given(numbers.pairs(4, 6, gaps=False))
def test_moments_of_the_null_are_those_of_every_order(both: tuple[Array, Array]) -> None:
    """Second, third and fourth moment of a score over all orders of the genes, by counting."""
    a, b = (x - x.mean() for x in both)
    every = np.array([a @ b[list(order)] for order in permutations(range(len(b)))])
    sums = [[(x**k).sum() for k in (2, 3, 4)] for x in (a, b)]
    found = moments(*sums[0], *sums[1], len(a))
    scale = [max(1.0, np.abs(a).max() * np.abs(b).max() * len(a)) ** k for k in (2, 3, 4)]
    for k, (moment, size) in enumerate(zip(found, scale, strict=True), start=2):
        np.testing.assert_allclose(moment, (every**k).mean(), rtol=1e-7, atol=1e-10 * size)
    raw = [float((both[1] ** k).sum()) for k in (1, 2, 3, 4)]
    size = max(1.0, np.abs(both[1]).max()) ** 4 * len(b)
    np.testing.assert_allclose(central_power_sums(*raw, len(b)), sums[1], atol=1e-9 * size)


# --- two groups ---------------------------------------------------------------------------------


@given(numbers.sample(), numbers.sample())
def test_two_groups_get_an_estimate_or_a_reason(one: Array, other: Array) -> None:
    """Welch, Mann-Whitney and Hedges on any two small groups: no number without its interval and
    p, or the reason why there is none."""
    for test in (welch, mann_whitney, hedges_g):
        held.sound(test(one, other))


@given(numbers.pairs())
def test_pairs_get_an_estimate_or_a_reason(both: tuple[Array, Array]) -> None:
    """Paired t and Wilcoxon on any pairs: the same."""
    for test in (paired_t, paired_wilcoxon):
        held.sound(test(*both))


@given(numbers.sample(2), numbers.sample(2))
def test_welch_is_that_of_scipy(one: Array, other: Array) -> None:
    """Difference, interval, t, degrees of freedom and p as scipy has them."""
    found = welch(one, other)
    assume(not found.reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = stats.ttest_ind(one, other, equal_var=False, nan_policy="omit")
    low, high = expected.confidence_interval(0.95)
    ours = (found.statistic, found.df, found.p, found.ci_low, found.ci_high)
    theirs = (expected.statistic, expected.df, expected.pvalue, low, high)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12)


@given(numbers.pairs(2))
def test_paired_t_is_that_of_scipy(both: tuple[Array, Array]) -> None:
    """Student's t of the complete pairs as scipy has it."""
    found = paired_t(*both)
    assume(not found.reason)
    expected = stats.ttest_rel(*both, nan_policy="omit")
    ours = (found.statistic, found.p)
    theirs = (expected.statistic, expected.pvalue)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12)


@given(st.lists(numbers.sample(0, 6), min_size=2, max_size=4))
def test_several_groups_are_compared_as_by_scipy(groups: list[Array]) -> None:
    """Kruskal-Wallis by scipy, Welch's analysis of variance in the range of a test, or a reason."""
    found, there = kruskal(groups), [numbers.present(g) for g in groups]
    if not found.reason:
        expected = stats.kruskal(*there)
        np.testing.assert_allclose(found.p, expected.pvalue, rtol=1e-9)
    for one in (found, welch_anova(groups)):
        assert (0 < one.p <= 1) if not one.reason else math.isnan(one.p)
