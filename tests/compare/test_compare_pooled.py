"""Several cohorts, against statsmodels' random effects and the cohorts alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.oneway import anova_oneway

from cytosig._errors import DataError
from cytosig.compare import Groups, Settings, Survival, Table, Trend, compare_tables
from cytosig.compare.pooling import pooled_rows
from cytosig.stats.auroc import auroc
from cytosig.stats.pooled import pool, pool_auroc
from cytosig.stats.shift import hedges_g

PER, NAMES = 16, ["X", "Y"]
COHORTS = ["a", "b", "c", "d"]


@pytest.fixture
def values() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    index = pd.Index([f"s{i}" for i in range(PER * 4)], dtype=object)
    level = np.repeat(rng.normal(0, 2, 4), PER)[:, None]
    return pd.DataFrame(rng.normal(size=(PER * 4, 2)) + level, index=index, columns=NAMES)


@pytest.fixture
def cohort(values) -> pd.Series:
    return pd.Series(np.repeat(COHORTS, PER), index=values.index, name="study")


@pytest.fixture
def labels(values) -> pd.Series:
    labels = pd.Series(np.resize(np.array(["R", "N"], dtype=object), len(values)),
                       index=values.index, name="arm")  # fmt: skip
    values.loc[(labels == "R").to_numpy()] += 0.7
    return labels


def _found(values, question, method, cohort) -> pd.DataFrame:
    return compare_tables([Table("score", values)], question, Settings(method), cohort=cohort)


def test_the_pooled_row_is_statsmodels_over_the_cohorts(values, labels, cohort):
    found = _found(values, Groups(labels, ("N", "R")), "t", cohort)
    for name in NAMES:
        own = found[found["name"] == name].set_index("cohort")
        alone = own.loc[COHORTS]
        expected = combine_effects(
            alone["estimate"], alone["se"] ** 2, method_re="iterated", atol=1e-10, maxiter=1000
        )
        row = own.loc["pooled"]
        assert row["estimate"] == pytest.approx(expected.mean_effect_re, abs=1e-6)
        assert row["tau2"] == pytest.approx(max(expected.tau2, 0), abs=1e-6)
        assert row["cochran_q"] == pytest.approx(expected.q)
        assert row["n_cohorts"] == 4
        assert row[["n_group", "n_reference"]].tolist() == [32, 32]
        assert alone["tau2"].isna().all()


def test_whether_cohorts_differ_is_welchs_test_of_their_means():
    """Cohorts of one mean each: Welch's analysis of variance, by statsmodels."""
    rng = np.random.default_rng(2)
    groups = [rng.normal(0, sd, size) for sd, size in ((1, 6), (2, 9), (0.5, 14))]
    rows = pd.DataFrame({
        "name": "X", "contrast": "x", "test": "t", "n": [len(g) for g in groups],
        "estimate": [g.mean() for g in groups],
        "se": [g.std(ddof=1) / np.sqrt(len(g)) for g in groups],
        "df": [len(g) - 1.0 for g in groups],
    })  # fmt: skip
    found = pooled_rows(rows, level=0.95).iloc[0]
    expected = anova_oneway(groups, use_var="unequal", welch_correction=True)
    assert found["cochran_p"] == pytest.approx(expected.pvalue)
    far = pooled_rows(rows.assign(df=1e8), level=0.95).iloc[0]
    assert far["cochran_p"] == pytest.approx(stats.chi2.sf(far["cochran_q"], 2), rel=1e-6)
    unknown = pooled_rows(rows.assign(df=np.nan), level=0.95).iloc[0]
    assert unknown["cochran_p"] == pytest.approx(stats.chi2.sf(unknown["cochran_q"], 2))


def test_effect_sizes_are_pooled_with_errors_of_their_own(values, labels, cohort):
    found = _found(values, Groups(labels, ("N", "R")), "moderated", cohort)
    row = found[(found["name"] == "X") & (found["cohort"] == "pooled")].iloc[0]
    sides = [
        [values["X"][((cohort == c) & (labels == g)).to_numpy()] for g in "RN"] for c in COHORTS
    ]
    g = [hedges_g(*pair) for pair in sides]
    expected = pool([e.estimate for e in g], [e.se for e in g], guard=False)
    assert row["hedges_g"] == pytest.approx(expected.estimate)
    assert row["hedges_g_high"] == pytest.approx(expected.ci_high)
    areas = [auroc(np.concatenate(pair), np.repeat([1, 0], [8, 8])) for pair in sides]
    expected = pool_auroc([e.estimate for e in areas], [e.se for e in areas], guard=False)
    assert row["auroc"] == pytest.approx(expected.estimate)
    assert row["auroc_p"] == pytest.approx(expected.p)


def test_each_cohort_is_as_if_compared_alone(values, labels, cohort):
    for method in ("moderated", "welch", "mann-whitney"):
        found = _found(values, Groups(labels, ("N", "R")), method, cohort)
        for name in COHORTS:
            mine = (cohort == name).to_numpy()
            alone = compare_tables(
                [Table("score", values[mine])], Groups(labels[mine], ("N", "R")), Settings(method)
            )
            together = found[found["cohort"] == name].reset_index(drop=True)
            pd.testing.assert_frame_equal(together[alone.columns], alone)


def test_mann_whitney_is_pooled_by_its_area(values, labels, cohort):
    found = _found(values, Groups(labels, ("N", "R")), "mann-whitney", cohort)
    row = found[(found["name"] == "X") & (found["cohort"] == "pooled")].iloc[0]
    assert row["p"] == row["auroc_p"]
    assert row["test"] == "random effects of AUROC"
    assert np.isnan(row["estimate"])
    assert np.isnan(row["ci_low"])


def test_spearman_is_pooled_on_fishers_z(values, cohort):
    age = pd.Series(np.random.default_rng(0).normal(size=len(values)), values.index, name="age")
    found = _found(values, Trend(age), "spearman", cohort)
    own = found[found["name"] == "Y"].set_index("cohort")
    r = own.loc[COHORTS, "spearman"]
    z, errors = np.arctanh(r), np.sqrt((1 + r**2 / 2) / (PER - 3))
    expected = pool(z, errors, guard=False)
    assert own.loc["pooled", "estimate"] == pytest.approx(np.tanh(expected.estimate))
    assert own.loc["pooled", "ci_low"] == pytest.approx(np.tanh(expected.ci_low))
    assert own.loc["pooled", "p"] == pytest.approx(expected.p)


def test_hazard_ratios_are_pooled_as_logarithms(values, cohort):
    rng = np.random.default_rng(1)
    time = pd.Series(rng.exponential(10, len(values)) + 0.1, values.index, name="months")
    event = pd.Series((rng.random(len(values)) < 0.8) * 1.0, values.index, name="died")
    found = _found(values, Survival(time, event), "cox", cohort)
    own = found[found["name"] == "X"].set_index("cohort")
    expected = pool(own.loc[COHORTS, "estimate"], own.loc[COHORTS, "se"], guard=False)
    assert own.loc["pooled", "hazard_ratio"] == pytest.approx(np.exp(expected.estimate))
    assert own.loc["pooled", "hazard_ratio_low"] == pytest.approx(np.exp(expected.ci_low))
    assert own.loc["pooled", "n_events"] == int(event.sum())


def test_a_cohort_of_one_group_says_so_and_is_not_pooled(values, labels, cohort):
    labels[(cohort == "a").to_numpy()] = "R"
    found = _found(values, Groups(labels, ("N", "R")), "moderated", cohort)
    own = found[found["name"] == "X"].set_index("cohort")
    assert own.loc["a", "reason"] == "no sample of 'N' here"
    assert np.isnan(own.loc["a", "p"])
    assert own.loc["pooled", "n_cohorts"] == 3
    assert "1 cohorts left out" in own.loc["pooled", "reason"]


def test_one_cohort_alone_is_not_pooled(values, labels, cohort):
    labels[(cohort != "a").to_numpy()] = "R"
    found = _found(values, Groups(labels, ("N", "R")), "moderated", cohort)
    row = found[found["cohort"] == "pooled"].iloc[0]
    assert row[["estimate", "ci_low", "p"]].isna().all()
    assert "one cohort alone" in row["reason"]


def test_groups_that_are_batches_in_one_cohort_are_a_reason_there(values, labels, cohort):
    batch = pd.Series(np.resize(["x", "x", "y", "y"], len(values)), values.index)
    mine = (cohort == "b").to_numpy()
    batch[mine] = labels[mine].map({"R": "x", "N": "y"})
    found = compare_tables(
        [Table("score", values)], Groups(labels, ("N", "R")), Settings("t"),
        covariates=batch.to_frame("batch"), cohort=cohort,
    )  # fmt: skip
    own = found[found["name"] == "X"].set_index("cohort")
    assert "groups that are batches" in own.loc["b", "reason"]
    assert own.loc[["a", "c", "d"], "p"].notna().all()
    assert own.loc["pooled", "n_cohorts"] == 3


def test_a_cohort_may_not_be_called_as_the_rows_over_all(values, labels, cohort):
    with pytest.raises(DataError, match="A cohort is called 'pooled'"):
        _found(values, Groups(labels, ("N", "R")), "t", cohort.replace("a", "pooled"))


def test_the_order_of_cohorts_and_samples_means_nothing(values, labels, cohort):
    first = _found(values, Groups(labels, ("N", "R")), "moderated", cohort)
    order = values.index[np.random.default_rng(5).permutation(len(values))]
    other = _found(values.loc[order], Groups(labels[order], ("N", "R")), "moderated", cohort[order])
    pd.testing.assert_frame_equal(first, other, rtol=1e-7)


def test_text_columns_have_no_gaps(values, labels, cohort):
    labels[:] = np.resize(list("RNM"), len(labels))
    found = _found(values, Groups(labels, ("N", "M", "R")), "moderated", cohort)
    text = found.select_dtypes(exclude="number")
    assert text.notna().all().all()
    assert set(found.loc[found["cohort"] == "pooled", "omnibus_test"]) == {""}
