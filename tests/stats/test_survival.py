"""Cox regression and concordance against R's printed output, statsmodels and simulations."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from cytosig._errors import DataError, UsageError
from cytosig.stats.followup import follow_up
from cytosig.stats.survival import concordance_index, cox, cox_model, most_likely

NAN = float("nan")
# Ovarian cancer (Edmonson et al., Cancer Treat. Rep. 1979), as in R's survival package:
# days, death, age, residual disease, treatment, ECOG performance
OVARIAN = np.array(
    [
        [59, 1, 72.3315, 2, 1, 1], [115, 1, 74.4932, 2, 1, 1], [156, 1, 66.4658, 2, 1, 2],
        [421, 0, 53.3644, 2, 2, 1], [431, 1, 50.3397, 2, 1, 1], [448, 0, 56.4301, 1, 1, 2],
        [464, 1, 56.9370, 2, 2, 2], [475, 1, 59.8548, 2, 2, 2], [477, 0, 64.1753, 2, 1, 1],
        [563, 1, 55.1781, 1, 2, 2], [638, 1, 56.7562, 1, 1, 2], [744, 0, 50.1096, 1, 2, 1],
        [769, 0, 59.6301, 2, 2, 2], [770, 0, 57.0521, 2, 2, 1], [803, 0, 39.2712, 1, 1, 1],
        [855, 0, 43.1233, 1, 1, 2], [1040, 0, 38.8932, 2, 1, 2], [1106, 0, 44.6000, 1, 1, 1],
        [1129, 0, 53.9068, 1, 2, 1], [1206, 0, 44.2055, 2, 2, 1], [1227, 0, 59.5890, 1, 2, 2],
        [268, 1, 74.5041, 2, 1, 2], [329, 1, 43.1370, 2, 1, 1], [353, 1, 63.2192, 1, 2, 2],
        [365, 1, 64.4247, 2, 2, 1], [377, 0, 58.3096, 1, 2, 1],
    ]
)  # fmt: skip
DAYS, DEATH, AGE, RESIDUAL, DRUG, ECOG = OVARIAN.T


def _same(one: object, other: object) -> None:
    """Equal in every field, NaN where the other is NaN."""
    np.testing.assert_equal(asdict(one), asdict(other))  # type: ignore[call-overload]


def _simulated(seed: int, n: int = 80) -> tuple[np.ndarray, ...]:
    """Times with ties, events, a score, age that matters, and a centre."""
    rng = np.random.default_rng(seed)
    score, age, centre = rng.normal(size=n), rng.normal(60, 10, n), rng.integers(0, 3, n)
    hazard = np.exp(0.5 * score + 0.03 * (age - 60)) * (1 + centre)
    died, lost = rng.exponential(1 / hazard), rng.exponential(1.2, n)
    time = np.ceil(np.minimum(died, lost) * 12) / 12
    return time, (died <= lost).astype(float), score, age, centre


@pytest.mark.parametrize(
    ("score", "others", "coefficient", "error", "likelihood_p"),
    [
        (AGE, {}, 0.162, 0.0497, 0.000156),
        (RESIDUAL, {}, 1.21, 0.672, 0.0525),
        (DRUG, {}, -0.596, 0.587, 0.305),
        (AGE, {"rx": DRUG, "ecog": ECOG}, 0.147, 0.0463, None),
        (RESIDUAL, {"rx": DRUG, "ecog": ECOG}, 1.347, 0.680, None),
    ],
)
def test_ovarian_cancer_as_r_prints_it(
    score: np.ndarray, others: dict, coefficient: float, error: float, likelihood_p: float | None
) -> None:
    """From tests/ovarian.Rout.save of R's survival package."""
    found = cox(DAYS, DEATH, score, covariates=pd.DataFrame(others) if others else None)
    assert found.log_hazard_ratio / found.sd == pytest.approx(coefficient, rel=4e-3)
    assert found.se / found.sd == pytest.approx(error, rel=4e-3)
    if likelihood_p is not None:
        assert found.likelihood_p == pytest.approx(likelihood_p, rel=4e-3)
    assert (found.n, found.n_events) == (26, 12)


def test_ovarian_cancer_with_strata_as_r_prints_it() -> None:
    ecog, age = pd.DataFrame({"ecog": ECOG}), pd.DataFrame({"age": AGE})
    found = cox(DAYS, DEATH, AGE, covariates=ecog, strata=DRUG)
    assert round(found.log_hazard_ratio / found.sd, 5) == 0.13853
    assert round(found.se / found.sd, 5) == 0.04801
    assert (round(found.statistic, 3), round(found.p, 5)) == (2.885, 0.00391)
    found = cox(DAYS, DEATH, ECOG, covariates=age, strata=DRUG)
    ends = np.exp(np.log([found.hazard_ratio, found.ci_low, found.ci_high]) / found.sd)
    np.testing.assert_allclose(ends, [0.9078, 0.2641, 3.120], rtol=2e-4)


def test_ties_after_efron_as_in_therneau_and_grambsch() -> None:
    """Modeling Survival Data, appendix E.1: β̂ = 1.676857 in closed form."""
    data = follow_up([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0])
    found, reason = most_likely(cox_model(data))
    truth = np.log(np.cos(np.arccos((45 / 23) * np.sqrt(3 / 23)) / 3) * 2 * np.sqrt(23 / 3))
    assert found[0] / data.sd[0] == pytest.approx(truth, rel=1e-7)
    assert round(truth, 6) == 1.676857
    assert reason == ""


@pytest.mark.parametrize("seed", range(3))
def test_it_is_statsmodels_for_one_sd(seed: int) -> None:
    time, event, score, age, centre = _simulated(seed)
    fit = PHReg(time, np.column_stack([score, age]), event, strata=centre, ties="efron").fit()
    found = cox(time, event, score, covariates=pd.DataFrame({"age": age}), strata=centre, level=0.9)
    sd = score.std(ddof=1)
    assert found.sd == pytest.approx(sd)
    assert found.log_hazard_ratio == pytest.approx(fit.params[0] * sd, rel=1e-6)
    assert found.se == pytest.approx(fit.bse[0] * sd, rel=1e-6)
    assert found.p == pytest.approx(fit.pvalues[0], rel=1e-5)
    assert found.hazard_ratio == pytest.approx(np.exp(fit.params[0] * sd), rel=1e-6)
    ends = np.exp(fit.conf_int(0.1)[0] * sd)
    np.testing.assert_allclose((found.ci_low, found.ci_high), ends, rtol=1e-6)
    null = PHReg(time, age[:, None], event, strata=centre, ties="efron").fit()
    assert found.likelihood_p == pytest.approx(stats.chi2.sf(2 * (fit.llf - null.llf), 1), rel=1e-5)


def test_scale_and_sign_of_the_score() -> None:
    time, event, score, *_ = _simulated(4)
    found, turned = cox(time, event, score), cox(time, event == 1, 100 - 7 * score)
    assert turned.hazard_ratio == pytest.approx(1 / found.hazard_ratio, rel=1e-7)
    assert (turned.p, turned.sd) == pytest.approx((found.p, 7 * found.sd), rel=1e-6)


def test_samples_without_a_value_are_left_out() -> None:
    time, event, score, age, centre = _simulated(5)
    covariates = pd.DataFrame({"age": age, "sex": np.where(np.arange(80) % 2, "f", "m")})
    labels = np.array([f"c{x}" for x in centre], dtype=object)
    expected = cox(time[5:], event[5:], score[5:], covariates=covariates[5:], strata=labels[5:])
    time[0], event[1], score[2], covariates.loc[3, "sex"], labels[4] = NAN, NAN, NAN, None, None
    found = cox(time, event, score, covariates=covariates, strata=labels)
    assert (found.n, found.sd) == (75, expected.sd)
    assert (found.hazard_ratio, found.p) == pytest.approx((expected.hazard_ratio, expected.p))
    # a covariate of which one value is left says nothing
    alone = covariates.assign(site="one")
    assert cox(time, event, score, covariates=alone, strata=labels) == found


def test_no_hazard_ratio_without_events_or_variation() -> None:
    time, event, score, *_ = _simulated(6)
    few = np.where(np.cumsum(event) <= 4, event, 0)
    for found, said in (
        (cox(time, few, score), "4 events"),
        (cox(time, 0 * event, score), "0 events"),
        (cox(time, event, score + NAN), "0 events"),
        (cox(time, event, 0 * score + 0.3), "score does not vary"),
        (cox(time, event, score, covariates=pd.DataFrame({"again": 2 - score})), "follow from"),
        (cox(time[:20], event[:20], score[:20],
             covariates=pd.DataFrame({"who": np.arange(20).astype(str)})), "too few for 20"),
    ):  # fmt: skip
        assert said in found.reason
        assert np.isnan([found.hazard_ratio, found.se, found.ci_low, found.p]).all()
    assert cox(time, 0 * event, score).n_events == 0


@pytest.mark.parametrize("gap", [1e-3, 0.1, 30.0])
def test_a_score_that_orders_all_events_has_no_hazard_ratio(gap: float) -> None:
    """The ten who die have the highest scores, the earlier the higher, by a hair or a mile."""
    time = np.arange(1.0, 31)
    event = (time <= 10).astype(float)
    noise = np.sin(time)
    score = np.where(event == 1, 1 + gap * (11 - time), noise)
    age = pd.DataFrame({"age": np.cos(time)})
    for found in (
        cox(time, event, score),
        cox(time, event, -score),
        cox(time, event, score, covariates=age),
        # with the covariate it orders what it does not order alone
        cox(time, event, score - 2 * np.cos(time), covariates=age),
    ):
        assert "no finite hazard ratio" in found.reason
        assert np.isnan([found.hazard_ratio, found.p, found.ci_high]).all()
    score[3] = -0.5  # one who dies out of order
    assert cox(time, event, score).p < 0.05


def test_a_covariate_without_events_does_not_hide_the_score() -> None:
    """A rare category in which nobody dies: its own coefficient runs away, the score's stays."""
    time, event, score, *_ = _simulated(7)
    rare = np.where((np.cumsum(event == 0) <= 6) & (event == 0), "rare", "common")
    found = cox(time, event, score, covariates=pd.DataFrame({"kind": rare}))
    # the limit: those samples leave every risk set
    expected = cox(time[rare == "common"], event[rare == "common"], score[rare == "common"])
    ratio = found.sd / expected.sd
    assert found.reason == ""
    assert found.log_hazard_ratio == pytest.approx(expected.log_hazard_ratio * ratio, rel=1e-4)
    assert found.se == pytest.approx(expected.se * ratio, rel=1e-4)


def test_strata_without_events_are_harmless() -> None:
    time, event, score, _, centre = _simulated(8)
    found = cox(time, np.where(centre == 0, 0, event), score, strata=centre)
    assert found.reason == ""
    assert found.n == 80
    lonely = cox(np.append(time, 3.0), np.append(event, 1), np.append(score, 0.0),
                 strata=np.append(centre, 99))  # fmt: skip
    expected = cox(time, event, score, strata=centre)
    assert lonely.log_hazard_ratio / lonely.sd == pytest.approx(
        expected.log_hazard_ratio / expected.sd, rel=1e-6
    )


def test_what_is_refused() -> None:
    time, event, score, *_ = _simulated(9)
    with pytest.raises(DataError, match="1 of 80 times are not above 0"):
        cox(np.append(time[1:], 0.0), event, score)
    with pytest.raises(DataError, match="event holds 2, which is neither 0 nor 1"):
        cox(time, event + 1, score)
    with pytest.raises(DataError, match="score holds 1 infinite"):
        cox(time, event, np.append(score[1:], np.inf))
    with pytest.raises(UsageError, match=r"Unequal numbers of samples \(time 80, event 79"):
        cox(time, event[1:], score)
    with pytest.raises(UsageError, match="covariates 3"):
        cox(time, event, score, covariates=pd.DataFrame({"x": [1, 2, 3]}))
    with pytest.raises(UsageError, match="strata 2"):
        cox(time, event, score, strata=[1, 2])
    with pytest.raises(UsageError, match=r"use 0\.95"):
        cox(time, event, score, level=95)


def _brute(time: np.ndarray, event: np.ndarray, score: np.ndarray) -> tuple[float, int]:
    right, pairs = 0.0, 0
    for i in np.flatnonzero(event):
        for j in range(len(time)):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                pairs += 1
                right += 1.0 if score[i] > score[j] else 0.5 * (score[i] == score[j])
    return right, pairs


@pytest.mark.parametrize("decimals", [0, 8])
def test_concordance_counts_pairs(decimals: int) -> None:
    time, event, score, *_ = _simulated(10, 50)
    score = np.round(score, decimals)
    right, pairs = _brute(time, event, score)
    found = concordance_index(time, event, score)
    assert found.estimate == pytest.approx(right / pairs, rel=1e-12)
    assert found.n == (50, int(event.sum()))


def test_concordance_of_the_aml_data_as_r_counts_it() -> None:
    """From tests/concordance.Rout.save of R's survival package: 24, 14 and 2 tied pairs."""
    time = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]
    event = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
    score = [1, 6, 2, 7, 3, 7, 3, 8, 4, 4, 5]
    found = concordance_index(time, event, score)
    assert found.estimate == pytest.approx((14 + 2 / 2) / 40, rel=1e-12)
    assert concordance_index(time, event, np.negative(score)).estimate == 25 / 40


def test_its_error_is_that_of_weights_moved_a_little() -> None:
    """The infinitesimal jackknife by finite differences of a weighted count."""
    time, event, score, *_ = _simulated(11, 30)

    def weighted(weight: np.ndarray) -> float:
        later = (time[:, None] < time) | ((time[:, None] == time) & (event == 0))
        counts = later * np.outer(weight, weight) * (event == 1)[:, None]
        right = (score[:, None] > score) + 0.5 * (score[:, None] == score)
        return float((counts * right).sum() / counts.sum())

    moved = [(weighted(1 + 1e-5 * unit) - weighted(1 - 1e-5 * unit)) / 2e-5 for unit in np.eye(30)]
    found = concordance_index(time, event, score)
    assert found.se == pytest.approx(np.sqrt(np.square(moved).sum()), rel=1e-6)


def test_concordance_within_strata_and_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    time, event, score, _, centre = _simulated(12)
    counts = [_brute(time[centre == c], event[centre == c], score[centre == c]) for c in range(3)]
    right, pairs = np.sum(counts, axis=0)
    whole = concordance_index(time, event, score, strata=centre)
    assert whole.estimate == pytest.approx(right / pairs, rel=1e-12)
    monkeypatch.setattr("cytosig.stats.survival.AT_ONCE", 200)
    _same(concordance_index(time, event, score, strata=centre), whole)


def test_concordance_where_there_is_none() -> None:
    assert "no pair" in concordance_index([1.0, 2], [0, 0], [1.0, 2]).reason
    found = concordance_index([1.0, 2, 3], [1, 1, 1], [3.0, 2, 1])
    assert (found.estimate, np.isnan(found.p)) == (1, True)
    assert "orders all pairs" in found.reason
    found = concordance_index([1.0, 2, 3], [1, 1, 1], [1.0, 1, 1])
    assert (found.estimate, found.reason) == (0.5, "the score does not vary")
    assert "no pair" in concordance_index([NAN], [1], [1.0]).reason


@pytest.mark.slow
def test_errors_of_the_first_kind() -> None:
    """A score that does not matter, about 24 events of 40: z has SD 1, p its level.

    The bounds are three standard errors of 400 draws; 6,000 draws refuse 5.4 %.
    """
    rng = np.random.default_rng(13)
    z, refused, covered = [], [], []
    for _ in range(400):
        score = rng.normal(size=40)
        died, lost = rng.exponential(size=40), rng.exponential(1.5, 40)
        time, event = np.minimum(died, lost), (died <= lost).astype(float)
        found = cox(time, event, score)
        z.append(found.statistic)
        refused.append([found.p < 0.05, found.likelihood_p < 0.05])
        c = concordance_index(time, event, score)
        covered.append(c.ci_low < 0.5 < c.ci_high)
    assert np.mean(z) == pytest.approx(0, abs=0.15)
    assert np.std(z) == pytest.approx(1, abs=0.106)
    rates = np.mean(refused, axis=0)
    assert ((rates > 0.017) & (rates < 0.083)).all(), rates
    assert 0.917 < np.mean(covered) < 0.983


def test_pairs_that_are_all_ties_show_no_variance() -> None:
    """The score varies, but not between samples whose times can be ordered."""
    found = concordance_index([1, 1, 1, 1, 0.5], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1])
    assert (found.estimate, found.n) == (0.5, (5, 1))
    assert np.isnan([found.se, found.ci_low, found.ci_high, found.p]).all()
    assert "no variance" in found.reason
