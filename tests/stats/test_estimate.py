"""What every test asks of its input, and the interval they share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import complete, does_not_vary, from_normal, present, tail, vector
from cytosig.stats.exact import signed_rank_test
from cytosig.stats.groups import kruskal, mann_whitney, paired_t, welch, welch_anova
from cytosig.stats.moderated import moderated_t
from cytosig.stats.trend import slope, spearman


def test_normal_and_t_intervals_are_those_of_scipy() -> None:
    for df in (3.0, 7.5, np.inf):
        found = from_normal(1.2, 0.5, (9,), level=0.9, df=df)
        law = stats.t(df, loc=1.2, scale=0.5)
        assert (found.ci_low, found.ci_high) == pytest.approx(law.interval(0.9), rel=1e-10)
        assert found.p == pytest.approx(2 * stats.t.sf(2.4, df), rel=1e-10)
        assert np.isnan(found.df) if np.isinf(df) else found.df == df


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("nan")])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(UsageError, match=r"use 0\.95 for 95 %"):
        tail(level)


def test_samples_without_a_value_are_left_out_together() -> None:
    nan = float("nan")
    np.testing.assert_array_equal(present([1, nan, 3], "x"), [1, 3])
    x, y = complete({"x": [1, nan, 3, 4], "y": [nan, 2, 5, 6]})
    np.testing.assert_array_equal([x, y], [[3, 4], [5, 6]])
    assert len(complete({"x": [nan], "y": [1]})[0]) == 0


def test_what_no_test_can_mean_raises() -> None:
    with pytest.raises(DataError, match="score holds 2 infinite values"):
        vector([1.0, np.inf, -np.inf], "score")
    with pytest.raises(UsageError, match="score has 2 dimensions"):
        vector([[1.0]], "score")
    with pytest.raises(UsageError, match="no numbers"):
        vector(["high", "low"], "score")  # type: ignore[list-item]
    with pytest.raises(UsageError, match=r"unequal length \(x 2, y 3\)"):
        complete({"x": [1, 2], "y": [1, 2, 3]})


def test_rounding_is_no_variation() -> None:
    assert does_not_vary(np.array([0.1 + 0.2, 0.3, 0.3]))
    assert does_not_vary(np.zeros(4))
    assert does_not_vary(np.array([7.0]))
    assert not does_not_vary(np.array([0.3, 0.3 + 1e-9]))
    assert not does_not_vary(np.array([0.0, 1e-300]))


def test_a_p_is_never_0() -> None:
    """Two thousand samples of which any test is sure: the tail is too thin for a number."""
    rng = np.random.default_rng(0)
    n = 2000
    low, high = rng.normal(0, 1e-3, n), rng.normal(9, 1e-3, n)
    both, group = np.append(low, high), np.repeat([0.0, 1.0], n)
    design = pd.DataFrame({"intercept": 1.0, "group": group})
    table = moderated_t(pd.DataFrame({"f": both}), design, coefficient="group").table
    found = [test(low, high).p for test in (welch, mann_whitney, paired_t)]
    found += [test([low, high]).p for test in (welch_anova, kruskal)]
    found += [slope(group, both).p, spearman(both, both + low.mean()).p, table["p"].iloc[0]]
    found += [signed_rank_test(high)[1]]
    assert min(found) == 1e-300
    assert all(0 < p < 1e-200 for p in found)
    assert stats.ttest_ind(low, high).pvalue == 0
