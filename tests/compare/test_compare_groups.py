"""Groups on plain frames, against scipy, statsmodels and every relabelling."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from scipy.stats import false_discovery_control
from statsmodels.stats.oneway import anova_oneway

from cytosig._errors import DataError
from cytosig.compare import Groups, Settings, Table, compare_tables
from cytosig.stats.moderated import moderated_t

N = 24
NAMES = list("VWXYZABCDE")


def _values(seed: int = 0, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.Index([f"s{i}" for i in range(n)], dtype=object)
    return pd.DataFrame(rng.normal(size=(n, len(NAMES))), index=index, columns=NAMES)


def _labels(text: str, values: pd.DataFrame) -> pd.Series:
    labels = np.resize(np.array(list(text), dtype=object), len(values))
    return pd.Series(labels, index=values.index, name="arm")


def _found(values, question, method, *, kind="score", **more) -> pd.DataFrame:
    settings = Settings(
        method,
        **{k: more.pop(k) for k in list(more) if k in ("level", "auroc_ci", "seed", "n_draws")},
    )
    return compare_tables([Table(kind, values)], question, settings, **more).set_index("name")


def _sides(values, labels, one="R", other="N"):
    return [values[(labels == level).to_numpy()] for level in (one, other)]


def test_ordinary_t_is_students():
    values = _values()
    labels = _labels("RN", values)
    found = _found(values, Groups(labels, ("N", "R")), "t")
    one, other = _sides(values, labels)
    expected = stats.ttest_ind(one, other)
    np.testing.assert_allclose(found["statistic"], expected.statistic)
    np.testing.assert_allclose(found["p"], expected.pvalue)
    np.testing.assert_allclose(found["estimate"], one.mean() - other.mean())
    ends = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found[["ci_low", "ci_high"]].to_numpy().T, [ends.low, ends.high])
    assert set(found["test"]) == {"t"}
    assert (found["df"] == N - 2).all()


def test_welch_is_scipys():
    values = _values(1)
    labels = _labels("RRRN", values)
    found = _found(values, Groups(labels, ("N", "R")), "welch")
    expected = stats.ttest_ind(*_sides(values, labels), equal_var=False)
    np.testing.assert_allclose(found["p"], expected.pvalue)
    np.testing.assert_allclose(found["df"], expected.df)
    assert set(found["test"]) == {"Welch t"}


def test_moderated_is_limmas_over_the_whole_table_and_never_for_the_balance():
    values = _values(2)
    values["V"] *= 5
    labels = _labels("RN", values)
    design = pd.DataFrame({"one": 1.0, "r": (labels == "R").astype(float)})
    expected = moderated_t(values, design, coefficient="r").table
    found = _found(values, Groups(labels, ("N", "R")), "moderated")
    for column in ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p"):
        np.testing.assert_allclose(found[column], expected[column], err_msg=column)
    own = _found(values, Groups(labels, ("N", "R")), "moderated", kind="balance")
    np.testing.assert_allclose(own["p"], stats.ttest_ind(*_sides(values, labels)).pvalue)
    assert (set(found["test"]), set(own["test"])) == ({"moderated t"}, {"t"})


def test_few_columns_keep_their_own_variances():
    """Nine columns with a value are too few to moderate, whatever others are empty."""
    values = _values(2)
    labels = _labels("RN", values)
    expected = stats.ttest_ind(*_sides(values, labels)).pvalue
    values["E"] = np.nan
    found = _found(values, Groups(labels, ("N", "R")), "moderated")
    np.testing.assert_allclose(found["p"][:9], expected[:9])
    assert set(found["test"]) == {"t"}


def test_mann_whitney_is_exact_and_its_area_counts_the_pairs():
    values = _values(3, 11)
    labels = _labels("RN", values)
    found = _found(values, Groups(labels, ("N", "R")), "mann-whitney")
    one, other = _sides(values, labels)
    expected = stats.mannwhitneyu(one, other, method="exact")
    np.testing.assert_allclose(found["p"], expected.pvalue)
    np.testing.assert_allclose(found["auroc_p"], expected.pvalue)
    wins = [(np.greater.outer(one[c].to_numpy(), other[c].to_numpy())).mean() for c in NAMES]
    np.testing.assert_allclose(found["auroc"], wins)
    middle = [np.median(np.subtract.outer(one[c].to_numpy(), other[c].to_numpy())) for c in NAMES]
    np.testing.assert_allclose(found["estimate"], middle)
    assert found["se"].isna().all()
    assert found["df"].isna().all()


def test_mann_whitney_with_ties_is_the_share_of_all_relabellings():
    values = pd.DataFrame({"X": [1.0, 1, 2, 2, 2, 3, 4]}, index=list("abcdefg"))
    labels = pd.Series(list("RNRNNRR"), index=values.index, name="arm")
    found = _found(values, Groups(labels, ("N", "R")), "mann-whitney")
    ranks = stats.rankdata(values["X"])
    mine = ranks[(labels == "R").to_numpy()].sum()
    every = np.array([sum(ranks[list(c)]) for c in combinations(range(7), 4)])
    tails = (every >= mine - 1e-9).mean(), (every <= mine + 1e-9).mean()
    assert found["p"].iloc[0] == pytest.approx(min(1, 2 * min(tails)))


def test_covariates_are_those_of_statsmodels():
    values = _values(4)
    labels = _labels("RN", values)
    rng = np.random.default_rng(0)
    held = pd.DataFrame(
        {"age": rng.normal(60, 9, N), "batch": np.resize(["x", "y", "z"], N)}, index=values.index
    )
    found = _found(values, Groups(labels, ("N", "R")), "t", covariates=held)
    for name in NAMES:
        data = held.assign(y=values[name], arm=labels)
        fit = smf.ols("y ~ C(arm, Treatment('N')) + age + C(batch)", data).fit()
        term = "C(arm, Treatment('N'))[T.R]"
        assert found.loc[name, "estimate"] == pytest.approx(fit.params[term])
        assert found.loc[name, "p"] == pytest.approx(fit.pvalues[term])
        assert found.loc[name, ["ci_low", "ci_high"]].tolist() == pytest.approx(
            fit.conf_int().loc[term].tolist()
        )


def test_hedges_g_and_its_bias_by_hand():
    values = _values(5)
    labels = _labels("RRN", values)
    found = _found(values, Groups(labels, ("N", "R")), "welch")
    one, other = _sides(values, labels)
    df = N - 2
    pooled = np.sqrt(((len(one) - 1) * one.var() + (len(other) - 1) * other.var()) / df)
    from scipy.special import gamma

    unbiased = gamma(df / 2) / (np.sqrt(df / 2) * gamma((df - 1) / 2))
    np.testing.assert_allclose(found["hedges_g"], unbiased * (one.mean() - other.mean()) / pooled)
    assert ((found["hedges_g_low"] < found["hedges_g"]) & (
        found["hedges_g"] < found["hedges_g_high"])).all()  # fmt: skip


def test_the_area_is_of_the_group_named_not_of_the_reference():
    values = _values(6)
    labels = _labels("RN", values)
    values["V"] += 3 * (labels == "R")
    up = _found(values, Groups(labels, ("N", "R")), "t")
    down = _found(values, Groups(labels, ("R", "N")), "t")
    assert up.loc["V", "auroc"] > 0.95
    np.testing.assert_allclose(up["auroc"], 1 - down["auroc"])
    np.testing.assert_allclose(up["estimate"], -down["estimate"])
    assert up[["group", "reference", "contrast"]].iloc[0].tolist() == ["R", "N", "R vs N"]


@pytest.mark.parametrize(("method", "test"), [("t", stats.ttest_rel), ("wilcoxon", stats.wilcoxon)])
def test_pairs_are_matched_by_patient_whatever_the_order(method, test):
    values = _values(7, 22)
    labels = _labels("RN", values)
    patient = pd.Series(np.repeat([f"p{i}" for i in range(11)], 2), index=values.index, name="who")
    shuffled = values.index[np.random.default_rng(1).permutation(22)]
    question = Groups(labels[shuffled], ("N", "R"), patient[shuffled])
    found = _found(values, question, method)
    one, other = _sides(values, labels)
    expected = test(one.to_numpy(), other.to_numpy())
    np.testing.assert_allclose(found["p"], expected.pvalue)
    assert (found["n_group"] == 11).all()
    assert "auroc" not in found.columns


def test_moderated_pairs_are_the_moderated_differences():
    """The patient as a block and the differences by hand give one test."""
    values = _values(8, 22)
    labels = _labels("RN", values)
    patient = pd.Series(np.repeat([f"p{i}" for i in range(11)], 2), index=values.index, name="who")
    found = _found(values, Groups(labels, ("N", "R"), patient), "moderated")
    one, other = _sides(values, labels)
    away = pd.DataFrame(one.to_numpy() - other.to_numpy(), columns=NAMES)
    expected = moderated_t(away, pd.DataFrame({"one": np.ones(11)}), coefficient="one").table
    np.testing.assert_allclose(found["estimate"], expected["estimate"])
    np.testing.assert_allclose(found["statistic"], expected["statistic"])
    np.testing.assert_allclose(found["p"], expected["p"])


def test_a_pair_that_lacks_a_value_is_out_of_that_column_alone():
    values = _values(9, 12)
    values.iloc[0, 0] = np.nan
    labels = _labels("RN", values)
    patient = pd.Series(np.repeat(list("abcdef"), 2), index=values.index, name="who")
    for method in ("t", "moderated"):
        found = _found(values, Groups(labels, ("N", "R"), patient), method)
        assert found["n_group"].tolist() == [5, *[6] * 9]
        one, other = _sides(values, labels)
        mean = (one["V"].to_numpy() - other["V"].to_numpy())[1:].mean()
        assert found.loc["V", "estimate"] == pytest.approx(mean)


def test_three_groups_each_against_the_reference_and_any():
    values = _values(10, 30)
    labels = _labels("ABC", values)
    question = Groups(labels, ("B", "A", "C"))
    found = compare_tables([Table("score", values)], question, Settings("moderated"))
    assert found["contrast"].unique().tolist() == ["A vs B", "C vs B"]
    sides = {level: values[(labels == level).to_numpy()] for level in "ABC"}
    first = found[found["contrast"] == "C vs B"].set_index("name")
    np.testing.assert_allclose(first["estimate"], sides["C"].mean() - sides["B"].mean())
    for name in NAMES:
        expected = anova_oneway([side[name] for side in sides.values()], use_var="unequal")
        assert first.loc[name, "omnibus_p"] == pytest.approx(expected.pvalue)
        assert first.loc[name, "omnibus_df_within"] == pytest.approx(expected.df_denom)
    ranks = compare_tables([Table("score", values)], question, Settings("mann-whitney"))
    expected = stats.kruskal(*(side.to_numpy() for side in sides.values())).pvalue
    np.testing.assert_allclose(ranks["omnibus_p"][: len(NAMES)], expected)
    np.testing.assert_allclose(
        found["omnibus_q"][: len(NAMES)], false_discovery_control(first["omnibus_p"])
    )


def test_a_group_of_one_has_a_contrast_but_no_omnibus_test():
    values = _values(10, 13)
    labels = pd.Series([*"AB" * 6, "C"], index=values.index, name="arm")
    found = compare_tables([Table("score", values)], Groups(labels, tuple("ABC")), Settings("t"))
    assert found["omnibus_p"].isna().all()
    first, last = found["reason"].iloc[[0, -1]]
    assert first == "omnibus: a group has fewer than two samples"
    assert last.startswith("AUROC: a class of one sample shows no variance; omnibus:")


def test_the_omnibus_test_with_covariates_is_that_of_nested_models():
    values = _values(11, 30)
    values.iloc[4, 2] = np.nan
    labels = _labels("ABC", values)
    held = pd.DataFrame({"age": np.arange(30.0) ** 1.5}, index=values.index)
    found = _found(values, Groups(labels, ("A", "B", "C")), "t", covariates=held)
    for name in NAMES:
        data = held.assign(y=values[name], arm=labels).dropna()
        table = sm.stats.anova_lm(smf.ols("y ~ age + arm", data).fit(), typ=2)
        row = found.loc[name].iloc[0]
        assert row["omnibus_statistic"] == pytest.approx(table.loc["arm", "F"])
        assert row["omnibus_p"] == pytest.approx(table.loc["arm", "PR(>F)"])
        assert row["omnibus_test"] == "F with covariates"


def test_q_is_of_one_table_and_contrast_over_all_cell_types():
    labels = _labels("RN", _values())
    tables = [
        Table("score", _values(1), "B"), Table("score", _values(2), "T"), Table("axis", _values(3)),
    ]  # fmt: skip
    found = compare_tables(tables, Groups(labels, ("N", "R")), Settings("t"))
    for kind, size in (("score", 20), ("axis", 10)):
        own = found[found["table"] == kind]
        assert len(own) == size
        np.testing.assert_allclose(own["q"], false_discovery_control(own["p"]))


def test_rows_without_a_number_say_why_and_are_no_part_of_q():
    values = _values(12)
    labels = _labels("RN", values)
    values["V"], values["W"] = np.nan, 2.0
    values.loc[(labels == "R").to_numpy(), "X"] = np.nan
    found = _found(values, Groups(labels, ("N", "R")), "moderated")
    assert found["p"].isna().tolist() == [True] * 3 + [False] * 7
    assert "too few samples" in found.loc["V", "reason"]
    assert "do not vary" in found.loc["W", "reason"]
    assert found.loc["X", ["n_group", "n_reference"]].tolist() == [0, 12]
    assert found.loc["X", "reason"] != ""
    assert found.loc[["Y", "Z"], "reason"].tolist() == ["", ""]
    np.testing.assert_allclose(found["q"][3:], false_discovery_control(found["p"][3:]))


def test_complete_separation_keeps_p_and_says_why_the_area_has_no_interval():
    values = pd.DataFrame({"X": [1.0, 2, 3, 7, 8, 9]}, index=list("abcdef"))
    labels = pd.Series(list("NNNRRR"), index=values.index, name="arm")
    found = _found(values, Groups(labels, ("N", "R")), "t").iloc[0]
    assert (found["auroc"], found["p"] < 0.01) == (1.0, True)
    assert np.isnan(found["auroc_low"])
    assert found["reason"].startswith("AUROC: the score separates")


def test_groups_that_are_batches_are_refused():
    values = _values(13)
    labels = _labels("RN", values)
    held = labels.map({"R": "x", "N": "y"}).to_frame("batch")
    with pytest.raises(DataError, match="groups that are batches"):
        _found(values, Groups(labels, ("N", "R")), "t", covariates=held)


def test_infinite_values_are_refused_by_name():
    values = _values(14)
    values.iloc[3, 1] = np.inf
    with pytest.raises(DataError, match="'W' is infinite in sample 's3'"):
        _found(values, Groups(_labels("RN", values), ("N", "R")), "t")


@pytest.mark.parametrize("method", ["moderated", "t", "welch", "mann-whitney"])
@pytest.mark.parametrize("auroc_ci", ["delong", "bootstrap"])
def test_the_order_of_the_samples_means_nothing(method, auroc_ci):
    values = _values(15)
    labels = _labels("RRN", values)
    order = values.index[np.random.default_rng(3).permutation(N)]
    settings = {"auroc_ci": auroc_ci, "n_draws": 200}
    first = _found(values, Groups(labels, ("N", "R")), method, **settings)
    other = _found(values.loc[order], Groups(labels[order], ("N", "R")), method, **settings)
    pd.testing.assert_frame_equal(first, other, rtol=1e-9)


def test_a_bootstrap_interval_does_not_depend_on_the_other_columns():
    values = _values(16)
    question = Groups(_labels("RN", values), ("N", "R"))
    every = _found(values, question, "welch", auroc_ci="bootstrap", n_draws=300, seed=5)
    alone = _found(values[["Y"]], question, "welch", auroc_ci="bootstrap", n_draws=300, seed=5)
    other = _found(values[["Y"]], question, "welch", auroc_ci="bootstrap", n_draws=300, seed=6)
    assert every.loc["Y", "auroc_low"] == alone.loc["Y", "auroc_low"]
    assert other.loc["Y", "auroc_low"] == pytest.approx(alone.loc["Y", "auroc_low"], abs=0.1)
    wins = []
    rng = np.random.default_rng(0)
    one, other_side = (s["Y"].to_numpy() for s in _sides(values, question.labels))
    for _ in range(4000):
        a, b = rng.choice(one, len(one)), rng.choice(other_side, len(other_side))
        wins.append(np.greater.outer(a, b).mean())
    assert alone.loc["Y", ["auroc_low", "auroc_high"]].tolist() == pytest.approx(
        np.quantile(wins, [0.025, 0.975]).tolist(), abs=0.04
    )
