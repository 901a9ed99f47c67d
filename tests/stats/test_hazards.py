"""The proportional hazards test against R's cox.zph, its own definition, and simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.stats.hazards import proportional_hazards

# days, death, age, ECOG performance of R's ovarian data (see test_survival.py)
OVARIAN = np.array(
    [
        [59, 1, 72.3315, 1], [115, 1, 74.4932, 1], [156, 1, 66.4658, 2], [421, 0, 53.3644, 1],
        [431, 1, 50.3397, 1], [448, 0, 56.4301, 2], [464, 1, 56.9370, 2], [475, 1, 59.8548, 2],
        [477, 0, 64.1753, 1], [563, 1, 55.1781, 2], [638, 1, 56.7562, 2], [744, 0, 50.1096, 1],
        [769, 0, 59.6301, 2], [770, 0, 57.0521, 1], [803, 0, 39.2712, 1], [855, 0, 43.1233, 2],
        [1040, 0, 38.8932, 2], [1106, 0, 44.6000, 1], [1129, 0, 53.9068, 1],
        [1206, 0, 44.2055, 1], [1227, 0, 59.5890, 2], [268, 1, 74.5041, 2],
        [329, 1, 43.1370, 1], [353, 1, 63.2192, 2], [365, 1, 64.4247, 1], [377, 0, 58.3096, 1],
    ]
)  # fmt: skip


def test_cox_zph_as_r_prints_it() -> None:
    """tests/Examples/survival-Ex.Rout.save of R's survival 3.5: chisq .698, 2.371, 3.633."""
    days, death, age, ecog = OVARIAN.T
    found = proportional_hazards(
        days, death, age, covariates=pd.DataFrame({"ecog.ps": ecog}), clock="km"
    )
    assert list(found.index) == ["score", "ecog.ps", "global"]
    assert list(found.statistic.round(3)) == [0.698, 2.371, 3.633]
    assert list(found.p.round(2)) == [0.40, 0.12, 0.16]
    assert list(found.df) == [1, 1, 2]
    # the correlations that the package printed up to version 2
    assert list(found.correlation[:2].round(3)) == [-0.243, 0.520]


def _by_hand(
    time: np.ndarray, event: np.ndarray, x: np.ndarray, clock: np.ndarray, beta: np.ndarray
) -> np.ndarray:
    """Log partial likelihood of Efron for β + θ·g(t), as a function of (β, θ)."""
    total = 0.0
    for moment in np.unique(time[event == 1]):
        g = clock[(time == moment) & (event == 1)][0]
        risk = np.exp(x * (beta[0] + beta[1] * g))
        now = (time == moment) & (event == 1)
        total += (x[now] * (beta[0] + beta[1] * g)).sum()
        for share in np.arange(now.sum()) / now.sum():
            total -= np.log(risk[time >= moment].sum() - share * risk[now].sum())
    return np.array(total)


def test_it_is_the_score_test_of_the_likelihood_with_ties() -> None:
    """Derivatives of the partial likelihood, ties after Efron, by finite differences."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    time = np.ceil(rng.exponential(np.exp(-0.4 * x)) * 6)
    event = (rng.random(40) < 0.8).astype(float)
    x = (x - x.mean()) / x.std(ddof=1)
    clock = np.zeros(40)
    clock[event == 1] = stats.rankdata(time[event == 1])
    clock[event == 1] -= clock[event == 1].mean()

    def likelihood(beta: float, theta: float) -> float:
        return float(_by_hand(time, event, x, clock, np.array([beta, theta])))

    grid = np.linspace(-2, 2, 4001)
    coarse = grid[np.argmax([likelihood(b, 0) for b in grid[::20]]) * 20]
    h = 1e-3
    for _ in range(30):
        up, at, down = (likelihood(coarse + d, 0) for d in (h, 0, -h))
        coarse -= (up - down) / (2 * h) / ((up - 2 * at + down) / h**2)
    k = 1e-4
    u = (likelihood(coarse, k) - likelihood(coarse, -k)) / (2 * k)
    both = -np.array(
        [
            [likelihood(coarse + h, 0) - 2 * likelihood(coarse, 0) + likelihood(coarse - h, 0), 0],
            [0, likelihood(coarse, k) - 2 * likelihood(coarse, 0) + likelihood(coarse, -k)],
        ]
    ) / np.array([[h * h, 1], [1, k * k]])
    corner = [likelihood(coarse + a * h, b * k) * a * b for a in (1, -1) for b in (1, -1)]
    both[0, 1] = both[1, 0] = -sum(corner) / (4 * h * k)
    expected = u**2 * np.linalg.inv(both)[1, 1]
    found = proportional_hazards(time, event, x)
    assert found.statistic["score"] == pytest.approx(expected, rel=1e-3)
    assert found.p["score"] == pytest.approx(stats.chi2.sf(expected, 1), rel=1e-3)
    assert found.statistic["global"] == pytest.approx(found.statistic["score"])


@pytest.mark.parametrize("clock", ["rank", "km", "identity", "log"])
def test_a_hazard_ratio_that_fades_is_found(clock: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, 300) - 0.5
    # hazard e^(3x) up to time .3, e^(−2x) after it
    need = rng.exponential(size=300)
    early = np.exp(3 * x)
    time = np.where(need < 0.3 * early, need / early, 0.3 + (need - 0.3 * early) / np.exp(-2 * x))
    found = proportional_hazards(time, np.ones(300), x, clock=clock)  # type: ignore[arg-type]
    assert found.p["score"] < 1e-6
    assert found.correlation["score"] < -0.2


def test_strata_and_time_units() -> None:
    rng = np.random.default_rng(2)
    x, centre = rng.normal(size=60), rng.integers(0, 2, 60)
    time, event = rng.exponential(size=60), (rng.random(60) < 0.7).astype(float)
    # each stratum has its own risk sets: rescaling one stratum's times keeps its order
    found = proportional_hazards(time, event, x, strata=centre, clock="log")
    months = proportional_hazards(time * 12, event, 5 - 3 * x, strata=centre, clock="log")
    pd.testing.assert_series_equal(found.statistic, months.statistic)
    pd.testing.assert_series_equal(found.correlation, -months.correlation)
    assert found.statistic["score"] != proportional_hazards(time, event, x).statistic["score"]


def test_where_there_is_no_test() -> None:
    time = np.arange(1.0, 21)
    event = (time <= 8).astype(float)
    x = np.sin(time)
    for found, said in (
        (proportional_hazards(time, 0 * event, x), "0 events"),
        (proportional_hazards(time, event, 0 * x), "does not vary"),
        (proportional_hazards(time, event, -time), "finite hazard ratio"),
        (proportional_hazards(np.where(event, 1, 2), event, x), "all events have one time"),
    ):
        assert found[["statistic", "p", "correlation"]].isna().all(axis=None)
        assert found.reason.str.contains(said).all()
    with pytest.raises(UsageError, match="no clock 'days'"):
        proportional_hazards(time, event, x, clock="days")  # type: ignore[arg-type]


@pytest.mark.slow
def test_errors_of_the_first_kind() -> None:
    """A score and a covariate that act all the time alike; 60 samples, some followed briefly."""
    rng = np.random.default_rng(3)
    p = []
    for _ in range(200):
        score, age = rng.normal(size=(2, 60))
        died = rng.exponential(np.exp(-0.5 * score - 0.3 * age))
        lost = rng.exponential(2.0, 60)
        time, event = np.minimum(died, lost), (died <= lost).astype(float)
        found = proportional_hazards(time, event, score, covariates=pd.DataFrame({"age": age}))
        p.append(found.p[["score", "global"]])
    rates = (np.array(p) < 0.05).mean(axis=0)
    assert ((rates > 0.02) & (rates < 0.08)).all(), rates
