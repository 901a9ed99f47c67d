"""The response: its genes, its scale, its standard error, and what random gene sets do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig.communication.response import Genes, Readable, readable, respond, scores, set_size

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

SHAPE = (8, 4, 300)


def levels(seed: int, lineage: float = 0.5, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Log levels: what types differ in for good, and what patients differ in."""
    rng = np.random.default_rng(seed)
    found = rng.normal(6, 1.5, shape[2]) + lineage * rng.normal(size=shape[1:])
    return found + rng.normal(0, 0.4, shape) * rng.lognormal(0, 0.3, shape[2])


def drawn_lists(seed: int, n: int, size: int = 20, n_genes: int = SHAPE[2]) -> list[Readable]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        w = rng.choice([1.0, 0.6, -0.4], size)
        columns = rng.choice(n_genes, size, replace=False)
        made.append(Readable(columns, w / np.abs(w).sum(), "X", ""))
    return made


# --- the genes of a list --------------------------------------------------------------------


def weights_of(found: Readable, genes: list[str]) -> dict[str, float]:
    return {genes[i]: w for i, w in zip(found.columns, found.weights, strict=True)}


def test_ligand_receptor_and_decoy_genes_do_not_answer(toy: Catalogue) -> None:
    listed = dict(toy.signatures["SOLO"].weights)
    genes = [*listed, "SOA", "OTHER"]
    assert {"SOL", "SOR", "SOD"} <= set(listed)
    found = readable(toy.cytokines["SOLO"], toy, {g: i for i, g in enumerate(genes)})
    kept = {g: w for g, w in listed.items() if g not in ("SOL", "SOR", "SOD")}
    total = sum(map(abs, kept.values()))
    expected = {g: pytest.approx(w / total) for g, w in kept.items()}
    assert weights_of(found, genes) == expected
    assert (found.by, found.why) == ("SOLO", "")


def test_feedback_genes_join_with_the_median_weight(toy: Catalogue) -> None:
    listed = dict(toy.signatures["DUO"].weights)
    genes = [*listed, "FIL150"]
    found = weights_of(
        readable(toy.cytokines["DUO"], toy, {g: i for i, g in enumerate(genes)}), genes
    )
    listed["FIL150"] = float(np.median(np.abs(list(listed.values()))))
    total = sum(map(abs, listed.values()))
    assert found == {g: pytest.approx(w / total) for g, w in listed.items()}


def test_a_proxy_lends_its_list(toy: Catalogue) -> None:
    genes = list(toy.signatures["SOLO"].weights)
    column = {g: i for i, g in enumerate(genes)}
    found = readable(toy.cytokines["COPY"], toy, column)
    assert found.by == "SOLO"
    # the receptor is COPY's own; ligand and decoy are genes like others
    assert set(weights_of(found, genes)) == set(genes) - {"SOR"}


@pytest.mark.parametrize(
    ("kept", "why"),
    [(4, "4 of 20 response genes measured"), (9, ""), (20, "")],
)
def test_too_little_of_a_list_is_not_read(toy: Catalogue, kept: int, why: str) -> None:
    """Heaviest genes first: nine hold more than half of the weight, four do not."""
    listed = sorted(toy.signatures["NEST"].weights.items(), key=lambda item: -abs(item[1]))
    total = sum(abs(w) for _, w in listed)
    assert (sum(abs(w) for _, w in listed[:kept]) >= 0.5 * total) == (why == "")
    found = readable(toy.cytokines["NEST"], toy, {g: i for i, (g, _) in enumerate(listed[:kept])})
    assert (found.why, len(found.columns)) == (why, 0 if why else kept)


def test_a_light_half_of_a_list_is_not_read(toy: Catalogue) -> None:
    listed = sorted(toy.signatures["NEST"].weights.items(), key=lambda item: abs(item[1]))
    found = readable(toy.cytokines["NEST"], toy, {g: i for i, (g, _) in enumerate(listed[:8])})
    assert found.why == "8 of 20 response genes measured"
    assert readable(toy.cytokines["MUTE"], toy, {"MUR": 0}).why == "no response list"


# --- the scale ------------------------------------------------------------------------------


def test_genes_are_brought_to_one_scale() -> None:
    level = levels(1)
    level[2, 3] = np.nan
    background = np.arange(SHAPE[2]) < 200
    found = Genes.of(level, background)
    rows = level.reshape(-1, SHAPE[2])
    variance = rows[~np.isnan(rows[:, 0])].var(axis=0, ddof=1)
    values = level / np.sqrt(variance + np.median(variance[:200]))
    values -= values[:, :, :200].mean(axis=2, keepdims=True)
    np.testing.assert_allclose(found.values, values, rtol=1e-10, atol=1e-12)
    for s, t in ((0, 1), (2, 0)):
        others = np.nanmean(np.delete(values[s], t, axis=0), axis=0)
        np.testing.assert_allclose(found.contrast[s, t], values[s, t] - others, atol=1e-12)
    assert np.isnan(found.contrast[2, 3]).all()


def test_a_score_is_the_weighted_mean() -> None:
    values, lists = levels(2), drawn_lists(3, 3)
    lists[1] = Readable(np.empty(0, np.int64), np.empty(0), "X", "nothing measured")
    found = scores(values, lists)
    for k in (0, 2):
        expected = sum(
            w * values[:, :, i] for i, w in zip(lists[k].columns, lists[k].weights, strict=True)
        )
        np.testing.assert_allclose(found[:, :, k], expected, rtol=1e-12)
    assert np.isnan(found[:, :, 1]).all()


# --- the test -------------------------------------------------------------------------------


def own_error(genes: Genes, one: Readable, t: int) -> tuple[float, float, float]:
    """Mean, squared error over patients, and the part of the genes; by loops over genes."""
    background = np.flatnonzero(genes.background)
    contrast = genes.contrast[:, t]
    contrast = contrast[~np.isnan(contrast[:, 0])]
    n = len(contrast)
    means = np.array([contrast[:, g].mean() for g in background])
    errors = np.array([contrast[:, g].var(ddof=1) / n for g in background])
    tau2 = max(0.0, np.mean(means**2) - np.mean(errors))
    per_sample = contrast[:, one.columns] @ one.weights
    size = 0.99 * (one.weights**2).sum() + 0.01 * one.weights.sum() ** 2
    assert set_size(one) == pytest.approx(size, rel=1e-12)
    return per_sample.mean(), per_sample.var(ddof=1) / n, tau2 * size


def test_one_error_holds_patients_and_genes() -> None:
    """A single list borrows no variance."""
    level = levels(4)
    level[0, 2] = np.nan
    genes = Genes.of(level, np.arange(SHAPE[2]) >= 40)
    [one] = drawn_lists(5, 1)
    found = respond(genes, [one], level=0.95)
    for t in range(SHAPE[1]):
        mean, own, further = own_error(genes, one, t)
        n = 7 if t == 2 else 8
        df = (own + further) ** 2 / (own**2 / (n - 1))
        se = np.sqrt(own + further)
        assert further > own  # types differ more than patients
        assert found.estimate[t, 0] == pytest.approx(mean, rel=1e-9)
        assert found.se[t, 0] == pytest.approx(se, rel=1e-9)
        assert found.p[t, 0] == pytest.approx(stats.t.sf(mean / se, df), rel=1e-8)
        ends = stats.t.interval(0.95, df, mean, se)
        assert (found.low[t, 0], found.high[t, 0]) == pytest.approx(ends, rel=1e-8)


def test_a_gene_outside_the_list_moves_nothing(toy: Catalogue) -> None:
    """The receptor of a cytokine, raised a thousandfold in one type, where it is no background."""
    column = {g: i for i, g in enumerate(toy.signatures["SOLO"].weights)}
    level = levels(6)
    background = ~np.isin(np.arange(SHAPE[2]), [column[g] for g in ("SOL", "SOR", "SOD")])
    raised = level.copy()
    raised[:, 1, column["SOR"]] += 10
    one = readable(toy.cytokines["SOLO"], toy, column)
    before, after = (respond(Genes.of(x, background), [one], level=0.95) for x in (level, raised))
    np.testing.assert_array_equal(before.estimate, after.estimate)
    np.testing.assert_array_equal(before.p, after.p)


@pytest.mark.parametrize("lineage", [0.0, 0.3, 1.0])
def test_random_gene_sets_are_called_as_often_as_they_should(lineage: float) -> None:
    """Where types differ in genes, a test over patients alone calls three times as many."""
    ours, alone = [], []
    for seed in range(12):
        genes = Genes.of(levels(seed, lineage), np.ones(SHAPE[2], bool))
        lists = drawn_lists(100 + seed, 30)
        ours.append(respond(genes, lists, level=0.95).p)
        values = scores(genes.contrast, lists)
        alone.append(stats.ttest_1samp(values, 0, alternative="greater").pvalue)
    rate = np.mean(np.array(ours) < 0.05)
    assert 0.02 < rate < 0.07
    if lineage:
        assert np.mean(np.array(alone) < 0.05) > 0.15


def test_a_set_that_moves_is_found() -> None:
    level = levels(7, 0.3)
    [one] = drawn_lists(8, 1)
    level[:, 2, one.columns] += 1.2 * np.sign(one.weights)
    found = respond(Genes.of(level, np.ones(SHAPE[2], bool)), [one], level=0.95)
    assert found.p[2, 0] < 0.01
    assert (found.p[[0, 1, 3], 0] > 0.1).all()


def test_one_row_has_no_spread() -> None:
    """One sample in which one type alone has enough cells."""
    level = levels(9)[:1]
    level[0, 1:] = np.nan
    found = respond(Genes.of(level, np.ones(SHAPE[2], bool)), drawn_lists(1, 2), level=0.95)
    assert np.isnan(found.p).all()
