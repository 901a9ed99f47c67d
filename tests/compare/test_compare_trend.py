"""Trends and survival on plain frames, against statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from cytosig._errors import DataError
from cytosig.compare import Settings, Survival, Table, Trend, compare_tables
from cytosig.stats.hazards import proportional_hazards

N = 40
NAMES = list("XYZ")


@pytest.fixture
def values() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    index = pd.Index([f"s{i}" for i in range(N)], dtype=object)
    return pd.DataFrame(rng.normal(size=(N, 3)), index=index, columns=NAMES)


@pytest.fixture
def age(values) -> pd.Series:
    rng = np.random.default_rng(8)
    return pd.Series(rng.normal(60, 9, N), index=values.index, name="age")


@pytest.fixture
def follow_up(values) -> Survival:
    rng = np.random.default_rng(9)
    time = rng.weibull(1.2, N) * 10 * np.exp(-0.5 * values["X"]) + 0.1
    event = (rng.random(N) < 0.7).astype(float)
    return Survival(
        pd.Series(time, index=values.index, name="months"),
        pd.Series(event, index=values.index, name="died"),
    )


def _found(values, question, method, kind="score", **more) -> pd.DataFrame:
    return compare_tables([Table(kind, values)], question, Settings(method), **more).set_index(
        "name"
    )


def test_slopes_are_those_of_statsmodels(values, age):
    sex = pd.DataFrame({"sex": np.resize(["f", "m", "m"], N)}, index=values.index)
    columns = sm.add_constant(pd.DataFrame({"age": age, "male": (sex["sex"] == "m") * 1.0}))
    for method, errors in (("t", "nonrobust"), ("hc3", "HC3")):
        found = _found(values, Trend(age), method, covariates=sex)
        for name in NAMES:
            fit = sm.OLS(values[name], columns).fit(cov_type=errors, use_t=True)
            assert found.loc[name, "estimate"] == pytest.approx(fit.params["age"])
            assert found.loc[name, "p"] == pytest.approx(fit.pvalues["age"])
            ends = fit.conf_int().loc["age"].tolist()
            assert found.loc[name, ["ci_low", "ci_high"]].tolist() == pytest.approx(ends)


def test_a_slope_does_not_depend_on_where_the_covariate_has_its_zero(values, age):
    far = (age + 1e9).rename("age")
    first, other = (_found(values, Trend(x), "moderated") for x in (age, far))
    np.testing.assert_allclose(first["p"], other["p"], rtol=1e-5)


def test_spearman_stands_beside_the_slope_and_may_be_the_test(values, age):
    beside = _found(values, Trend(age), "moderated")
    own = _found(values, Trend(age), "spearman")
    for name in NAMES:
        expected = stats.spearmanr(age, values[name])
        assert beside.loc[name, "spearman"] == pytest.approx(expected.statistic)
        assert beside.loc[name, "spearman_p"] == pytest.approx(expected.pvalue)
        assert own.loc[name, "estimate"] == pytest.approx(expected.statistic)
        assert own.loc[name, "p"] == pytest.approx(expected.pvalue)
    assert set(own["test"]) == {"Spearman"}
    assert set(beside["contrast"]) == {"age"}


def test_a_covariate_of_one_value_is_refused(values, age):
    with pytest.raises(DataError, match="'age' has one value"):
        _found(values, Trend(age * 0 + 50), "moderated")


def test_the_hazard_ratio_is_that_of_phreg_for_one_sd(values, follow_up, age):
    held = pd.DataFrame({"age": age, "site": np.resize(["a", "b"], N)}, index=values.index)
    found = _found(values, follow_up, "cox", covariates=held)
    for name in NAMES:
        z = values[name] / values[name].std()
        columns = np.column_stack([z, age, held["site"] == "b"]).astype(float)
        fit = PHReg(follow_up.time, columns, status=follow_up.event, ties="efron").fit()
        row = found.loc[name]
        assert row["estimate"] == pytest.approx(fit.params[0], rel=1e-4)
        assert row["se"] == pytest.approx(fit.bse[0], rel=1e-4)
        assert row["p"] == pytest.approx(fit.pvalues[0], rel=1e-3)
        ends = np.exp(fit.conf_int()[0])
        shown = row[["hazard_ratio_low", "hazard_ratio_high"]].astype(float)
        np.testing.assert_allclose(shown, ends, rtol=1e-3)
        np.testing.assert_allclose(np.exp(row[["ci_low", "ci_high"]].astype(float)), shown)
        assert row["sd"] == pytest.approx(values[name].std())
        hazards = proportional_hazards(follow_up.time, follow_up.event, values[name],
                                       covariates=held)  # fmt: skip
        assert row["ph_p"] == pytest.approx(hazards.loc["score", "p"])
    assert found.loc["X", "hazard_ratio"] > 1.2
    assert (found["n_events"] == int(follow_up.event.sum())).all()
    assert set(found["contrast"]) == {"months, died"}


def test_the_concordance_counts_the_pairs(values, follow_up):
    found = _found(values, follow_up, "cox")
    time, event = follow_up.time.to_numpy(), follow_up.event.to_numpy()
    for name in NAMES:
        x = values[name].to_numpy()
        pairs = [(i, j) for i in range(N) for j in range(N) if event[i] and time[i] < time[j]]
        won = np.mean([x[i] > x[j] for i, j in pairs])
        assert found.loc[name, "concordance"] == pytest.approx(won)


def test_too_few_events_give_no_number_but_a_reason(values, follow_up):
    few = follow_up.event.copy()
    few[:] = 0
    few.iloc[:4] = 1
    found = _found(values, Survival(follow_up.time, few), "cox")
    assert found["p"].isna().all()
    assert found["hazard_ratio"].isna().all()
    assert found["q"].isna().all()
    assert all("4 events" in reason for reason in found["reason"])
