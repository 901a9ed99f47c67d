"""Comparisons of groups against scipy, statsmodels and the numbers that textbooks print."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import DataError, UsageError
from cytosig.stats.groups import (
    fdr,
    kruskal,
    mann_whitney,
    paired_t,
    paired_wilcoxon,
    welch,
    welch_anova,
)

NAN = float("nan")
# Student 1908, extra hours of sleep under two drugs, as in R's t.test
SLEEP = (
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
)
# Hollander and Wolfe (1973), pp. 69, 29 and 115, as in R's wilcox.test and kruskal.test
PERMEABILITY = (
    [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
    [1.15, 0.88, 0.90, 0.74, 1.21],
)
DEPRESSION = (
    [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
    [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29],
)
MUCUS = ([2.9, 3.0, 2.5, 2.6, 3.2], [3.8, 2.7, 4.0, 2.4], [2.8, 3.4, 3.7, 2.2, 2.0])


def _same(one: object, other: object) -> None:
    """Equal in every field, NaN where the other is NaN."""
    np.testing.assert_equal(asdict(one), asdict(other))  # type: ignore[call-overload]


def test_welch_as_r_prints_it_for_students_sleep() -> None:
    found = welch(*SLEEP)
    assert (round(found.statistic, 4), round(found.df, 3)) == (-1.8608, 17.776)
    assert (round(found.p, 5), found.n) == (0.07939, (10, 10))
    np.testing.assert_allclose((found.ci_low, found.ci_high), (-3.3654832, 0.2054832), atol=1e-7)
    assert found.estimate == pytest.approx(-1.58)
    assert found.se == pytest.approx(-1.58 / -1.8608, rel=1e-4)


def test_paired_t_as_r_prints_it_for_students_sleep() -> None:
    found = paired_t(*SLEEP)
    assert (round(found.statistic, 4), found.df, found.n) == (-4.0621, 9, (10,))
    assert round(found.p, 6) == 0.002833
    np.testing.assert_allclose((found.ci_low, found.ci_high), (-2.4598858, -0.7001142), atol=1e-7)


def test_rank_tests_as_textbooks_print_them() -> None:
    found = mann_whitney(*PERMEABILITY)
    assert (found.statistic, round(found.estimate, 3)) == (35, 0.305)
    assert found.p / 2 == pytest.approx(0.1272, abs=5e-5), "printed one-sided"
    found = paired_wilcoxon(*DEPRESSION)
    assert (found.statistic, round(found.estimate, 2)) == (40, 0.46)
    assert found.p / 2 == pytest.approx(0.01953, abs=5e-6), "printed one-sided"


def test_more_than_two_groups_as_r_prints_them() -> None:
    found = kruskal(MUCUS)
    assert (round(found.statistic, 5), found.df_between) == (0.77143, 2)
    assert found.p == pytest.approx(stats.kruskal(*MUCUS).pvalue, rel=1e-12)
    assert found.explained == pytest.approx(found.statistic / 13), "H / (N − 1)"
    found = welch_anova(SLEEP)
    assert (round(found.statistic, 4), round(found.df_within, 3)) == (3.4626, 17.776)
    assert (round(found.p, 5), found.df_between) == (0.07939, 1)


def test_welch_anova_by_the_formula_of_1951() -> None:
    groups = [np.array(group) for group in MUCUS]
    n = np.array([5, 4, 5])
    w = n / [group.var(ddof=1) for group in groups]
    mean = np.array([group.mean() for group in groups])
    centre = (w * mean).sum() / w.sum()
    lost = ((1 - w / w.sum()) ** 2 / (n - 1)).sum()
    f = ((w * (mean - centre) ** 2).sum() / 2) / (1 + 2 * (3 - 2) * lost / (9 - 1))
    found = welch_anova(MUCUS)
    assert found.statistic == pytest.approx(f, rel=1e-12)
    assert found.df_within == pytest.approx(8 / (3 * lost), rel=1e-12)
    assert found.p == pytest.approx(stats.f.sf(f, 2, 8 / (3 * lost)), rel=1e-10)


def test_missing_values_are_left_out() -> None:
    one, other = [[*group, NAN] for group in SLEEP]
    _same(welch(one, other), welch(*SLEEP))
    _same(mann_whitney(one, other), mann_whitney(*SLEEP))
    _same(paired_t(one, [*SLEEP[1], 3.0]), paired_t(*SLEEP))
    _same(paired_wilcoxon([*SLEEP[0], 3.0], other), paired_wilcoxon(*SLEEP))
    _same(welch_anova([one, other]), welch_anova(SLEEP))
    _same(kruskal([one, other]), kruskal(SLEEP))


def test_one_sample_a_group() -> None:
    found = welch([3.0], [1.0, 2])
    assert (found.estimate, found.n) == (1.5, (1, 2))
    assert np.isnan([found.se, found.ci_low, found.p]).all()
    assert "one sample" in found.reason
    assert "no sample" in welch([NAN], [1.0]).reason
    found = mann_whitney([3.0], [1.0])
    assert (found.p, found.ci_low, found.ci_high) == (1, -np.inf, np.inf)
    assert "no sample" in mann_whitney([], [1.0]).reason
    assert paired_t([3.0], [1.0]).estimate == 2
    assert "fewer than two" in paired_t([3.0, NAN], [1.0, 2]).reason
    assert "no complete pair" in paired_wilcoxon([NAN], [1.0]).reason
    assert "fewer than two" in welch_anova([[1.0], [2.0, 3.0]]).reason
    assert "no sample" in kruskal([[1.0], []]).reason


def test_values_that_do_not_vary_give_no_p() -> None:
    same, higher = [0.3, 0.1 + 0.2, 0.3], [1.0, 1.0, 1.0]
    for found in (welch(same, higher), paired_t(same, higher)):
        assert np.isnan(found.p)
        assert "do not vary" in found.reason
        assert found.estimate == pytest.approx(-0.7)
    for found in (mann_whitney(same, same), paired_wilcoxon(higher, higher)):
        assert np.isnan(found.p)
        assert found.reason
        assert found.estimate == 0
    assert "do not vary" in welch_anova([same, [1.0, 2]]).reason
    assert "do not vary" in kruskal([higher, higher]).reason
    # one constant group alone is a test like any other
    assert welch(same, [1.0, 2, 3]).p == pytest.approx(stats.ttest_1samp([1, 2, 3], 0.3).pvalue)


def test_pairs_without_a_difference_leave_the_signed_rank_test() -> None:
    found = paired_wilcoxon([1.0, 2, 3, 4, 5], [1.0, 1, 1, 1, 1])
    assert (found.p, found.n) == (0.125, (5,))
    rounded = paired_wilcoxon([0.1 + 0.2, 2, 3, 4, 5], [0.3, 1, 1, 1, 1])
    assert rounded.p == 0.125


def test_wrong_calls() -> None:
    with pytest.raises(UsageError, match="1 group was given"):
        kruskal([[1.0, 2]])
    with pytest.raises(UsageError, match="unequal length"):
        paired_t([1.0, 2], [1.0])
    with pytest.raises(DataError, match="group 2 holds 1 infinite"):
        welch_anova([[1.0, 2], [np.inf, 1]])
    with pytest.raises(UsageError, match=r"use 0\.95"):
        welch([1.0, 2], [1.0, 3], level=95)


def test_fdr_by_hand_and_with_missing_values() -> None:
    p = np.array([0.01, NAN, 0.02, 0.03, 0.5])
    # p × 4 / rank, then the smallest from the right
    np.testing.assert_allclose(fdr(p), [0.04, NAN, 0.04, 0.04, 0.5])
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    np.testing.assert_allclose(
        fdr(p, method="by")[:4], np.array([0.04, NAN, 0.04, 0.04]) * harmonic
    )
    table = fdr(p[:4].reshape(2, 2))
    np.testing.assert_allclose(table, [[0.03, NAN], [0.03, 0.03]])
    assert np.isnan(fdr([NAN, NAN])).all()
    with pytest.raises(DataError, match="outside 0 to 1"):
        fdr([1.2])
    with pytest.raises(UsageError, match="no method 'holm'"):
        fdr([0.1], method="holm")  # type: ignore[arg-type]


def test_errors_of_the_first_kind() -> None:
    rng = np.random.default_rng(11)
    refused = []
    for _ in range(1500):
        wide, narrow = 3 * rng.normal(size=8), rng.normal(size=16)
        refused.append(
            [
                welch(wide, narrow).p,
                mann_whitney(wide / 3, narrow).p,
                paired_t(wide, narrow[:8]).p,
                paired_wilcoxon(wide, narrow[:8]).p,
            ]
        )
    rates = (np.array(refused) < 0.05).mean(axis=0)
    # the smallest attainable level below .05 of 8 signed ranks is 10/256
    assert ((rates > 0.03) & (rates < 0.06)).all(), rates
