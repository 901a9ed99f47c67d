"""Moderated t against limma's own printed tests, statsmodels, scipy and simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats

from cytosig._errors import DataError, UsageError
from cytosig.stats.design import design_matrix
from cytosig.stats.moderated import moderated_t, trigamma_inverse, variance_prior

NAN = float("nan")

# limma's printed tests (tests/limma-Tests.Rout.save of limma 3.36), "Similar to Mette Langaas":
# R's set.seed(123); rnorm(45), genes × arrays.
LANGAAS = np.array(
    [
        [-0.560475647, 1.715064987, 1.224081797, 1.786913137, -1.067823706,
         -1.686693311, 0.426464221, 0.688640254, -0.694706979],
        [-0.230177489, 0.460916206, 0.359813827, 0.497850478, -0.217974915,
         0.837787044, -0.295071483, 0.553917654, -0.207917278],
        [1.558708314, -1.265061235, 0.400771451, -1.966617157, -1.026004448,
         0.153373118, 0.895125661, -0.061911711, -1.265396352],
        [0.070508391, -0.686852852, 0.110682716, 0.701355902, -0.728891229,
         -1.138136937, 0.878133488, -0.305962664, 2.168955965],
        [0.129287735, -0.44566197, -0.555841135, -0.472791408, -0.625039268,
         1.253814921, 0.821581082, -0.380471001, 1.207961998],
    ]
)  # fmt: skip
# The same file, "lmFit, eBayes, topTable": the draws it makes for 10 genes in two groups of 3,
# and the estimate, t and p it prints for the difference of some.
LIMMA_TWO_GROUPS = np.array(
    [
        [1.739979941, 1.37349789, 2.214582784, 0.010843653, 0.28017501, -0.11026523],
        [0.079905658, -0.157845741, -0.281544912, 0.583060894, 0.103173, -0.280355274],
        [0.066711148, -0.46242077, 0.028606203, 0.22116412, 0.244206083, -0.012491766],
        [-0.083072553, 0.058296321, -0.138845826, 0.69640018, 0.274602301, 0.202833602],
        [0.418275912, 0.079326765, -0.440664647, 0.104672804, -0.051555639, 0.259930844],
        [-0.1976736, -0.335620551, 0.045805952, -0.340174998, -0.720669334, 0.070552507],
        [0.198159384, 0.195285887, 0.532128783, 0.12640058, -0.052413387, -0.28019104],
        [-0.00397671, -0.309870072, -0.19442128, -0.277366877, 0.650734761, 0.24397565],
        [-0.27944409, 0.19776045, -0.059945243, -0.30211871, 0.01751505, 0.404495567],
        [0.364406743, 0.07134882, 0.20677312, -0.056842299, -0.406474335, 0.675564833],
    ]
)
PRINTED = {
    0: (-1.71576906, -6.8894222, 2.674199e-08),
    1: (0.25512120, 1.0244023, 3.118009e-01),
    2: (0.27332729, 1.0975061, 2.789833e-01),
    3: (0.44581938, 1.7901232, 8.100587e-02),
    8: (0.08717360, 0.3500330, 7.281504e-01),
    9: (-0.14342683, -0.5759097, 5.679026e-01),
}


def _two_groups(n: int) -> pd.DataFrame:
    return pd.DataFrame({"intercept": 1.0, "group": np.repeat([0.0, 1.0], n)})


def test_limma_with_a_prior_between_0_and_infinity() -> None:
    """Three groups of 3, alpha = 2 and beta = −2, two values missing in the last gene."""
    two, three = np.repeat([0.0, 1, 0], 3), np.repeat([0.0, 0, 1], 3)
    values = (2 * two - 2 * three + LANGAAS).T
    values[:2, 4] = NAN
    # so parametrised the second coefficient is alpha − beta
    design = pd.DataFrame({"mu": 1.0, "alpha-beta": two, "both": two + three})
    found = moderated_t(pd.DataFrame(values), design, coefficient="alpha-beta")
    assert found.prior_df == pytest.approx(9.306153, rel=1e-6)
    assert found.prior_variance == pytest.approx(0.923179, rel=1e-6)
    table = found.table
    np.testing.assert_allclose(table.df, [15.30615] * 4 + [13.30615], rtol=1e-6)
    np.testing.assert_allclose(
        table.estimate, [3.537333, 4.355578, 3.197645, 2.697734, 3.502304], rtol=1e-6
    )
    np.testing.assert_allclose(
        (table.se**2 * 1.5), [1.2677996, 0.6459499, 1.1251558, 0.9097727, 0.9124980], rtol=1e-6
    )
    # the last gene is left out: limma's contrasts.fit approximates its unscaled error
    np.testing.assert_allclose(
        table.statistic[:4], [3.847656, 6.637308, 3.692066, 3.464003], rtol=1e-6
    )
    printed = [1.529450e-03, 7.144893e-06, 2.109270e-03, 3.381970e-03]
    np.testing.assert_allclose(table.p[:4], printed, rtol=1e-5)
    np.testing.assert_array_equal(table.n, [9, 9, 9, 9, 7])


def test_limma_where_the_prior_is_infinite() -> None:
    found = moderated_t(pd.DataFrame(LIMMA_TWO_GROUPS.T), _two_groups(3), coefficient="group")
    assert np.isinf(found.prior_df)
    for gene, (estimate, t, p) in PRINTED.items():
        row = found.table.loc[gene]
        assert row.estimate == pytest.approx(estimate, abs=2e-8)
        assert row.statistic == pytest.approx(t, rel=1e-6)
        assert row.p == pytest.approx(p, rel=1e-5)
        assert row.df == 40, "no more than all features have together"


def test_without_a_prior_it_is_least_squares() -> None:
    """Against statsmodels: groups, batch and age, values missing here and there."""
    rng = np.random.default_rng(0)
    group = pd.Series(list("ab") * 10, name="group")
    covariates = pd.DataFrame({"batch": list("xxyyz") * 4, "age": rng.normal(60, 9, 20)})
    design = design_matrix(group, covariates=covariates)
    values = pd.DataFrame(rng.normal(size=(20, 6)) + 5)
    values.iloc[[3, 8], 2] = NAN
    found = moderated_t(values, design, coefficient="group[b]", moderate=False, level=0.9).table
    for feature in values:
        there = values[feature].notna()
        fit = sm.OLS(values.loc[there, feature], design[there]).fit()
        row = found.loc[feature]
        expected = [fit.params["group[b]"], fit.bse["group[b]"], *fit.conf_int(0.1).loc["group[b]"]]
        np.testing.assert_allclose(
            row[["estimate", "se", "ci_low", "ci_high"]].astype(float), expected
        )
        assert row.statistic == pytest.approx(fit.tvalues["group[b]"])
        assert row.p == pytest.approx(fit.pvalues["group[b]"])
        assert (row.df, row.n) == (fit.df_resid, fit.nobs)


def test_pairs_in_the_design_are_a_paired_t() -> None:
    rng = np.random.default_rng(1)
    patient = pd.DataFrame({"patient": np.repeat(list("pqrstu"), 2)})
    visit = pd.Series(["pre", "post"] * 6, name="visit")
    values = pd.DataFrame(rng.normal(size=(12, 3)) + np.repeat(rng.normal(size=6) * 9, 2)[:, None])
    values.iloc[0, 2] = NAN
    design = design_matrix(visit, reference="pre", covariates=patient)
    found = moderated_t(values, design, coefficient="visit[post]", moderate=False).table
    for feature in values:
        pre, post = values[feature].to_numpy()[::2], values[feature].to_numpy()[1::2]
        expected = stats.ttest_rel(post, pre, nan_policy="omit")
        assert found.statistic[feature] == pytest.approx(float(expected.statistic), rel=1e-9)
        assert found.p[feature] == pytest.approx(float(expected.pvalue), rel=1e-9)
    np.testing.assert_array_equal(found.df, [5, 5, 4])


def test_the_prior_solves_its_equations() -> None:
    rng = np.random.default_rng(2)
    df = rng.integers(3, 9, 60).astype(float)
    s2 = 2.5 * stats.f.rvs(df, 6, random_state=rng)
    d0, s0 = variance_prior(s2, df)
    e = np.log(s2) - special.psi(df / 2) + np.log(df / 2)
    rest = e.var(ddof=1) - special.polygamma(1, df / 2).mean()
    root = optimize.brentq(lambda d: float(special.polygamma(1, d / 2)) - rest, 1e-3, 1e3)
    assert d0 == pytest.approx(root, rel=1e-8)
    assert s0 == pytest.approx(np.exp(e.mean() + special.psi(d0 / 2) - np.log(d0 / 2)), rel=1e-9)


def test_a_planted_prior_is_found() -> None:
    rng = np.random.default_rng(3)
    truth = 0.7 * 8 / rng.chisquare(8, 40_000)
    d0, s0 = variance_prior(truth * rng.chisquare(5, 40_000) / 5, 5)
    assert d0 == pytest.approx(8, rel=0.05)
    assert s0 == pytest.approx(0.7, rel=0.01)


def test_priors_at_the_edge() -> None:
    assert np.isinf(variance_prior([2.0, 2.0, 2.0], [4, 4, 4])[0])
    assert variance_prior([1.0, 1.2], [9, 3])[1] == pytest.approx((9 + 3.6) / 12)
    assert variance_prior([3.0], [4])[0] == 0
    assert variance_prior([0.0, 0.0], [4, 4])[0] == 0
    # a variance of 0 counts as 1e-5 of the median, as limma has it
    assert variance_prior([0, 1.0, 2, 3], 4) == variance_prior([1.5e-5, 1.0, 2, 3], 4)


def test_trigamma_inverse_as_limma_prints_it() -> None:
    found = trigamma_inverse([1e-6, NAN, 5, 1e6])
    np.testing.assert_allclose(found, [1.000000e06, NAN, 4.961687e-01, 1.000001e-03], rtol=1e-6)
    x = np.logspace(-3, 5, 50)
    np.testing.assert_allclose(trigamma_inverse(special.polygamma(1, x)), x, rtol=1e-7)
    assert np.isnan(trigamma_inverse([0.0, -1.0])).all()


def test_features_that_cannot_be_tested_leave_the_others_alone() -> None:
    rng = np.random.default_rng(4)
    values = pd.DataFrame(rng.normal(size=(8, 5)), columns=list("vwxyz"))
    design = _two_groups(4)
    alone = moderated_t(values, design, coefficient="group")
    more = values.assign(constant=0.1, missing=NAN, one_group=[1.0, 2, 3, 4, *[NAN] * 4])
    more["two_samples"] = [1.0, NAN, NAN, NAN, 2.0, NAN, NAN, NAN]
    found = moderated_t(more, design, coefficient="group")
    assert found.prior_df == alone.prior_df
    pd.testing.assert_frame_equal(found.table.loc[list("vwxyz")], alone.table)
    untested = found.table.loc[["constant", "missing", "one_group", "two_samples"]]
    assert untested[["se", "ci_low", "ci_high", "statistic", "df", "p"]].isna().all(axis=None)
    assert (
        list(untested.reason)
        == ["the values do not vary"] + ["too few samples with a value for this design"] * 3
    )
    assert list(untested.n) == [8, 0, 4, 2]


def test_tables_without_features_and_with_missing_values_of_pandas() -> None:
    assert moderated_t(
        pd.DataFrame(index=range(6)), _two_groups(3), coefficient="group"
    ).table.empty
    values = pd.DataFrame({"x": [1.0, 2, NAN, 4, 5, 7], "y": [2.0, 1, 3, 5, 4, 4]})
    found = moderated_t(values.astype("Float64"), _two_groups(3), coefficient="group")
    expected = moderated_t(values, _two_groups(3), coefficient="group")
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_one_sample_a_group_gives_no_p_at_all() -> None:
    found = moderated_t(
        pd.DataFrame([[1.0, 2, 3], [2.0, 5, 4]]), _two_groups(1), coefficient="group"
    )
    np.testing.assert_array_equal(found.table.estimate.round(12), [1, 3, 1])
    assert found.table.p.isna().all()
    assert (found.table.reason != "").all()


def test_a_perfect_fit_alone_gives_no_p() -> None:
    values = pd.DataFrame({"x": [1.0, 1, 1, 3, 3, 3]})
    found = moderated_t(values, _two_groups(3), coefficient="group").table.loc["x"]
    assert found.estimate == pytest.approx(2)
    assert np.isnan(found.p)
    assert "perfect" in found.reason


def test_what_is_refused() -> None:
    values, design = pd.DataFrame(np.arange(12.0).reshape(6, 2)), _two_groups(3)
    with pytest.raises(UsageError, match="no column 'drug'; it has intercept, group"):
        moderated_t(values, design, coefficient="drug")
    with pytest.raises(UsageError, match="reindex"):
        moderated_t(values.iloc[::-1], design, coefficient="group")
    with pytest.raises(DataError, match="1 values are infinite"):
        moderated_t(values.replace(3.0, np.inf), design, coefficient="group")
    with pytest.raises(DataError, match="missing or infinite"):
        moderated_t(values, design.replace(0.0, NAN), coefficient="group")
    with pytest.raises(UsageError, match="no number"):
        moderated_t(pd.DataFrame({"x": list("abcdef")}), design, coefficient="group")
    batch = design.assign(**{"batch[2]": 1 - design["group"]})
    with pytest.raises(DataError, match="'group' follows from the other columns"):
        moderated_t(values, batch, coefficient="group")
    # covariates that repeat each other cost nothing
    twice = design.assign(age=[1.0, 2, 3, 4, 5, 7], months=[12.0, 24, 36, 48, 60, 84])
    once = moderated_t(values, twice.drop(columns="months"), coefficient="group").table
    pd.testing.assert_frame_equal(moderated_t(values, twice, coefficient="group").table, once)


def test_errors_of_the_first_kind_and_power() -> None:
    """44 features of unequal variance (d₀ = 5), 4 samples against 4, some correlated."""
    rng = np.random.default_rng(5)
    design, null, moved, plain = _two_groups(4), [], [], []
    for _ in range(250):
        sd = np.sqrt(5 / rng.chisquare(5, 44))
        shared = np.sqrt(0.3) * rng.normal(size=(8, 1)) * (np.arange(44) < 20)
        values = pd.DataFrame((shared + rng.normal(size=(8, 44))) * sd)
        null.append(moderated_t(values, design, coefficient="group").table.p)
        values = values + 1.5 * design[["group"]].to_numpy()
        moved.append(moderated_t(values, design, coefficient="group").table.p)
        plain.append(moderated_t(values, design, coefficient="group", moderate=False).table.p)
    assert 0.04 < np.mean(np.array(null) < 0.05) < 0.06
    power, without = np.mean(np.array(moved) < 0.05), np.mean(np.array(plain) < 0.05)
    assert power > without + 0.02, (power, without)
