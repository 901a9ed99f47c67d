"""Intervals of a balance: against closed forms, and against draws taken one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig.balance.draws import Draws
from cytosig.balance.measures import Gauge
from cytosig.balance.weigh import Sampler, draw, weigh
from cytosig.engine.cohort import WHOLE, Cohort
from cytosig.signatures import Catalogue, Cytokine
from cytosig.signatures.model import Form, Role, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.weigh import Drawn, Weighed

IDS = ["ANTI", "ALLY", "PRO", "PEST", "DUAL"]
SDS = [0.1, 0.25, 0.1, 0.4, 0.4]
"""Of the priors of their roles."""


def _weigh(gauge: Gauge, catalogue: Catalogue, **options: object) -> Weighed:
    return weigh(catalogue, gauge, "", **{"min_coverage": 0.25, "where": "samples", **options})


@pytest.fixture(scope="module")
def large() -> tuple[Catalogue, Gauge]:
    """Four cytokines of 250 genes each, some of them shared, in 12 samples."""
    rng = np.random.default_rng(8)
    genes = [f"H{i:03d}" for i in range(800)]
    roles = {"A": (0.5, "high"), "B": (0.4, "medium"), "C": (-0.6, "high"), "D": (-0.1, "low")}
    signatures, cytokines = {}, {}
    for k, (id, (value, sure)) in enumerate(roles.items()):
        weights = rng.uniform(0.2, 1, 250) * rng.choice([1, 1, -1], 250)
        chosen = genes[180 * k : 180 * k + 250]
        signatures[id] = Signature.from_weights(id, dict(zip(chosen, weights, strict=True)))
        form = Form("form", ("H000",))
        role = Role(value, "dual", sure, "made for tests")
        cytokines[id] = Cytokine(id, id, "test", (form,), (form,), role)
    catalogue = Catalogue(signatures, cytokines)
    cohort = Cohort(tuple(genes), {WHOLE: rng.normal(5, 1, (12, 800)) + rng.normal(size=(12, 1))})
    return catalogue, Gauge(catalogue, {}, cohort, cohort)


def _draw(weighed: Weighed, draws: Draws, *, level: float = 0.95, held=None, off=None) -> Drawn:
    n = len(weighed.activity)
    held = np.tile(weighed.ballot.role, (n, 1)) if held is None else held
    nothing = (np.zeros(n), np.zeros((len(draws.roles), n)))
    return draw(weighed, draws, held, nothing if off is None else off, level=level)


def _pull(weighed: Weighed) -> np.ndarray:
    """vote × role over the sum of vote × |role| of the arm."""
    role, vote = weighed.ballot.role, weighed.ballot.vote
    return np.array(
        [
            v * r / (vote * np.abs(role))[np.sign(role) == np.sign(r)].sum()
            for v, r in zip(vote, role, strict=True)
        ]
    )


def _widening(weights: list[float]) -> float:
    """√((n + 1)/(n − 1)) with n as many equal weights as these are worth."""
    n = sum(map(abs, weights)) ** 2 / sum(w**2 for w in weights)
    return ((n + 1) / (n - 1)) ** 0.5


def test_gene_error_is_that_of_the_delta_method(large: tuple[Catalogue, Gauge]) -> None:
    """A gene moves the balance by Σ pull·(w·z − |w|·a)/Σ|w| over the lists that hold it."""
    catalogue, gauge = large
    weighed = _weigh(gauge, catalogue, shrink=False)
    weighed = replace(weighed, ballot=replace(weighed.ballot, role_sd=np.zeros(4)))
    draws = Draws.make(1, 3000, 800, list(catalogue.signatures), 0)
    found = _draw(weighed, draws)
    values = gauge.samples.views[WHOLE]
    sd = values.std(axis=0, ddof=1)
    z = (values - values.mean(axis=0)) / np.maximum(sd, np.median(sd))
    influence = np.zeros((12, 800))
    for k, (id, signature) in enumerate(catalogue.signatures.items()):
        assert weighed.ballot.ids[k] == id
        wide = _widening(list(signature.weights.values()))
        for gene, w in signature.weights.items():
            g, total = int(gene[1:]), sum(map(abs, signature.weights.values()))
            a = weighed.activity[:, k]
            moved = wide * (w * z[:, g] - abs(w) * a) / total
            influence[:, g] += _pull(weighed)[k] * moved
    expected = np.sqrt((influence**2).sum(axis=1))
    np.testing.assert_allclose(found.se_genes, expected, rtol=0.06)
    np.testing.assert_allclose((found.se_genes / expected).mean(), 1, rtol=0.02)
    np.testing.assert_allclose(found.balance.se, found.se_genes, rtol=1e-12)
    np.testing.assert_allclose(found.se_roles, 0, atol=1e-13)
    normal = found.balance.value + stats.norm.ppf([[0.025], [0.975]]) * expected
    np.testing.assert_allclose(found.balance.low, normal[0], atol=0.25 * expected.max())
    np.testing.assert_allclose(found.balance.high, normal[1], atol=0.25 * expected.max())


def _cut_normal(mean: float, sd: float, arms: tuple[float, float]) -> tuple[float, float]:
    """Mean and variance of r/arm of r's sign, r normal and cut to -1 to 1, on a fine grid."""
    r = np.linspace(mean - 9 * sd, mean + 9 * sd, 20_001)
    weight = stats.norm.pdf(r, mean, sd)
    cut = np.clip(r, -1, 1)
    value = np.where(cut > 0, cut / arms[0], cut / arms[1])
    first = np.average(value, weights=weight)
    return first, np.average((value - first) ** 2, weights=weight)


def test_role_error_is_that_of_cut_normals(large: tuple[Catalogue, Gauge]) -> None:
    """Genes counted once each: Σ a²·vote²·Var(role over its arm's sum)."""
    catalogue, gauge = large
    weighed = _weigh(gauge, catalogue, shrink=False)
    draws = Draws.make(2, 8000, 1, list(catalogue.signatures), 0)
    draws = replace(draws, genes=np.ones((800, 8000)))
    found = _draw(weighed, draws)
    ballot = weighed.ballot
    priors = list(zip([0.5, 0.4, -0.6, -0.1], [0.1, 0.25, 0.1, 0.4], strict=True))
    assert ballot.vote.tolist() == [1.0, 0.75, 1.0, 0.5]
    arms = 1 * 0.5 + 0.75 * 0.4, 1 * 0.6 + 0.5 * 0.1
    variance = [_cut_normal(role, sd, arms)[1] for role, sd in priors]
    expected = [np.sqrt(np.sum(a**2 * ballot.vote**2 * variance)) for a in weighed.activity]
    np.testing.assert_allclose(found.se_roles, expected, rtol=0.05)
    np.testing.assert_allclose(found.balance.se, found.se_roles, rtol=1e-9)
    np.testing.assert_allclose(found.se_genes, 0, atol=1e-13)


def _own_activity(
    weighed: Weighed, draws: Draws, toy: Catalogue, i: int, k: int, j: int, *, shrink: bool
) -> float:
    """Activity of sample i, cytokine k, in draw j: genes counted, then a posterior drawn."""
    weights = toy.signatures[IDS[k]].weights.items()
    place, a = draws.ids.index(IDS[k]), weighed.activity[i, k]
    count = {g: draws.genes[int(g[1:]), j] for g, _ in weights}
    drawn = sum(count[g] * w * weighed.z[i, int(g[1:])] for g, w in weights)
    drawn /= sum(count[g] * abs(w) for g, w in weights)
    drawn = a + (drawn - a) * _widening([w for _, w in weights])
    if not shrink:
        return drawn
    there, errors = weighed.reference[:, k], weighed.sets.means(weighed.z)[1][:, k]
    chi2 = stats.chi2.ppf(draws.variances[j, place], 23)
    tau2 = max(0.0, 23 * there.var(ddof=1) / chi2 - np.mean(errors**2))
    se2 = errors[i] ** 2
    like = 0.95 * stats.norm.pdf(a, 0, np.sqrt(tau2 + se2))
    unlike = 0.05 * stats.norm.pdf(a, 0, np.sqrt(tau2 + 1 + se2))
    prior = tau2 + (draws.outlying[j, place] < unlike / (like + unlike))
    share = prior / (prior + se2)
    return share * a + np.sqrt(share) * (drawn - a)


@pytest.mark.parametrize("shrink", [True, False])
def test_every_summary_from_the_draws_one_by_one(
    gauge_of: Callable, expression: Callable, toy: Catalogue, shrink: bool
) -> None:
    weighed = _weigh(gauge_of(expression()), toy, shrink=shrink)
    n, d = 24, 120
    rng = np.random.default_rng(3)
    draws = Draws.make(4, d, 60, ["spare", *reversed(IDS)], 1)
    held = np.clip(np.tile(weighed.ballot.role, (n, 1)) + rng.normal(0, 0.2, (n, 5)), -1, 1)
    off = rng.normal(size=n), rng.normal(size=(d, n))
    found = _draw(weighed, draws, level=0.8, held=held, off=off)
    ballot = weighed.ballot
    arms = (ballot.anti, ballot.pro)
    for i in (0, 11):
        drawn: dict[str, list[float]] = {
            name: []
            for name in (
                "balance",
                "anti",
                "pro",
                "intensity",
                "adjusted",
                "context",
                "genes",
                "roles",
            )
        }
        for j in range(d):
            anti = pro = context = genes = roles = 0.0
            for k, id in enumerate(IDS):
                a = _own_activity(weighed, draws, toy, i, k, j, shrink=shrink)
                noise = SDS[k] * draws.roles[j, draws.ids.index(id)]
                usual = toy.cytokines[id].role.value
                role, shifted = (min(1.0, max(-1.0, m + noise)) for m in (usual, held[i, k]))
                vote = ballot.vote[k]
                part = a * vote * role / arms[0 if role > 0 else 1]
                anti, pro = (anti + part, pro) if role > 0 else (anti, pro - part)
                context += a * vote * shifted / arms[0 if shifted > 0 else 1]
                genes += a * vote * usual / arms[0 if usual > 0 else 1]
                roles += weighed.used[i, k] * vote * role / arms[0 if role > 0 else 1]
            values = (anti - pro, anti, pro, (anti + pro) / 2, anti - pro - off[1][j, i], context)
            for name, value in zip(drawn, (*values, genes, roles), strict=True):
                drawn[name].append(value)
        parts = [np.std(drawn.pop(name), ddof=1) for name in ("genes", "roles")]
        np.testing.assert_allclose([found.se_genes[i], found.se_roles[i]], parts, rtol=1e-9)
        for name, values in drawn.items():
            mine = getattr(found, name)
            np.testing.assert_allclose(
                [mine.low[i], mine.high[i], mine.se[i], mine.above[i]],
                [
                    *np.quantile(values, [0.1, 0.9]),
                    np.std(values, ddof=1),
                    np.mean(np.array(values) > 0),
                ],
                rtol=1e-9,
            )
    np.testing.assert_allclose(found.adjusted.value, found.balance.value - off[0], rtol=1e-12)
    pulled = [
        sum(
            weighed.used[i, k] * ballot.vote[k] * r / (arms[0] if r > 0 else arms[1])
            for k, r in enumerate(held[i])
        )
        for i in range(n)
    ]
    np.testing.assert_allclose(found.context.value, pulled, rtol=1e-10)


def test_samples_are_drawn_one_by_one(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """What a sampler gives of a sample is the same first, last and alone."""
    reference = expression()
    draws = Draws.make(4, 100, 60, IDS, 0)
    weighed = _weigh(gauge_of(reference[:5], reference), toy)
    sampler = Sampler(weighed, draws)
    later = [sampler.activities(i) for i in (4, 0, 3)]
    alone = Sampler(_weigh(gauge_of(reference[[3]], reference), toy), draws).activities(0)
    np.testing.assert_array_equal(later[2], alone)
    np.testing.assert_array_equal(later[2], sampler.activities(3))
    assert later[0].shape == (100, 5)
    error = later[0].std(axis=0, ddof=1) / 10
    assert (np.abs(later[0].mean(axis=0) - weighed.used[4]) < 4.5 * error).all()


def test_an_empty_sample_has_no_interval(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    reference, values = expression(), expression(4, seed=1)
    values[1] = 0
    draws = Draws.make(4, 100, 60, IDS, 0)
    found = _draw(_weigh(gauge_of(values, reference), toy), draws)
    for one in (found.balance, found.anti, found.context):
        for name in ("value", "low", "high", "se", "above"):
            assert np.isnan(getattr(one, name)).tolist() == [False, True, False, False]
    kept = _draw(_weigh(gauge_of(values[[0, 2, 3]], reference), toy), draws)
    np.testing.assert_array_equal(found.balance.low[[0, 2, 3]], kept.balance.low)


def test_a_wider_level_holds_a_narrower(large: tuple[Catalogue, Gauge]) -> None:
    catalogue, gauge = large
    weighed = _weigh(gauge, catalogue)
    draws = Draws.make(5, 400, 800, list(catalogue.signatures), 0)
    wide, narrow = (_draw(weighed, draws, level=level).balance for level in (0.95, 0.5))
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()
    np.testing.assert_array_equal(wide.value, narrow.value)
