"""gsva and gsea: against their definitions, signs, and the data they refuse.

Stored output of gseapy itself is in test_golden.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse, stats

from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Scores = Callable[..., pd.DataFrame]
    Scored = Callable[..., AnnData]

N, G = 9, 120
CHOSEN = np.random.default_rng(8).permutation(G)
UP, DOWN = CHOSEN[:11], CHOSEN[11:19]


@pytest.fixture
def bulk(named: Callable[..., AnnData]) -> AnnData:
    return named(np.random.default_rng(31).normal(5, 1.5, (N, G)))


@pytest.fixture
def sets(as_sets: Callable[..., dict]) -> dict:
    return as_sets(UP=(UP, []), BOTH=(UP, DOWN), DOWN=([], DOWN))


# --- gsva -----------------------------------------------------------------------------------------


def _gsva(x: np.ndarray, genes: np.ndarray, tau: float) -> np.ndarray:
    """Kernel distribution of each gene, ranks about the middle, both ends of the walk added."""
    width = x.std(axis=0, ddof=1) / 4
    level = np.array([stats.norm.cdf((row - x) / width).mean(axis=0) for row in x])
    out = []
    for row in level:
        hit = np.isin(np.argsort(-row), genes)
        gain = np.abs(np.arange(G, 0, -1) - G / 2) ** tau * hit
        walk = np.cumsum(gain / gain.sum() - ~hit / (~hit).sum())
        out.append(max(walk.max(), 0) + min(walk.min(), 0))
    return np.array(out)


@pytest.mark.parametrize("tau", [1.0, 0.0, 0.25, 2.0])
def test_gsva_is_the_walk_of_its_paper(
    bulk: AnnData, sets: dict, scores: Scores, tau: float
) -> None:
    """Raised less lowered; tau as set."""
    found = scores(bulk, sets, "gsva", settings={"gsva": {"tau": tau}})
    up, down = (_gsva(bulk.X, genes, tau) for genes in (UP, DOWN))
    expected = np.stack([up, up - down, -down], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_gsva_leaves_observations_out_that_say_nothing(
    bulk: AnnData, sets: dict, scored: Scored
) -> None:
    """An empty sample is no sample that others are compared with."""
    rest = np.arange(N) != 4
    expected = scored(bulk[rest].copy(), sets, "gsva").obsm["cytosig_score"]
    bulk.X[4] = 0
    done = scored(bulk, sets, "gsva")
    found = done.obsm["cytosig_score"]
    assert found.loc["cell4"].isna().all()
    assert list(done.uns["cytosig"]["unscored"].index) == ["cell4"]
    np.testing.assert_array_equal(found[rest], expected)


def test_gsva_of_samples_of_which_one_is_left_is_refused(
    bulk: AnnData, sets: dict, scores: Scores
) -> None:
    """One sample has no distribution: its genes would be ranked by their names."""
    bulk.X[1:] = 0
    with pytest.raises(DataError, match=r"gsva.*needs 2 or more"):
        scores(bulk, sets, "gsva")


# --- gsea -----------------------------------------------------------------------------------------


def _es(row: np.ndarray, member: np.ndarray, weight: float) -> np.ndarray:
    """Largest deviation of the running sum; a set a row of ``member`` (true at its genes)."""
    order = np.argsort(-row)
    hit = member[:, order]
    gain = np.abs(row[order]) ** weight * hit
    loss = ~hit / (~hit).sum(axis=1, keepdims=True)
    walk = np.cumsum(gain / gain.sum(axis=1, keepdims=True) - loss, axis=1)
    top, bottom = walk.max(axis=1), walk.min(axis=1)
    return np.where(top >= -bottom, top, bottom)


def _nes(row: np.ndarray, genes: np.ndarray, weight: float) -> tuple[float, float]:
    """NES and p against 20,000 sets drawn here."""
    member = np.zeros((20_000, G), dtype=bool)
    member[:, : len(genes)] = True
    null = _es(row, np.random.default_rng(0).permuted(member, axis=1), weight)
    es = _es(row, np.isin(np.arange(G), genes)[None], weight)[0]
    side = np.abs(null[(null >= 0) == (es >= 0)])
    return es / side.mean(), float((side >= abs(es)).mean())


@pytest.mark.parametrize("weight", [1.0, 0.0, 2.0])
def test_gsea_is_the_running_sum_over_its_mean_by_chance(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scored: Scored, weight: float
) -> None:
    """Other shuffles than gseapy's: agreement as far as 2,000 of them allow."""
    x = np.random.default_rng(3).normal(size=(3, G))
    x[0, UP[:6]] += 1
    settings = {"gsea": {"weight": weight, "permutations": 2000}}
    done = scored(named(x), as_sets(UP=(UP, [])), "gsea", center=None, settings=settings)
    for i, row in enumerate(x):
        nes, p = _nes(row, UP, weight)
        assert done.obsm["cytosig_score"]["UP"].iloc[i] == pytest.approx(nes, rel=0.04)
        error = 4 * np.sqrt(p * (1 - p) / 900)
        assert abs(done.obsm["cytosig_pvalue"]["UP"].iloc[i] - p) < error + 0.002


@pytest.fixture(scope="module")
def moved(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scored: Scored
) -> dict[str, np.ndarray]:
    """NES and p of raised and lowered genes alone and together; contrasts move both, one, none."""
    x = np.random.default_rng(5).normal(size=(6, G))
    x[0, UP] += 3
    x[0, DOWN] -= 3
    x[1, UP] -= 2
    x[1, DOWN] += 2
    x[2, [*UP, *DOWN]] += 2
    x[3, [*UP, *DOWN]] -= 2
    sets = as_sets(UP=(UP, []), BOTH=(UP, DOWN), DOWN=([], DOWN), TURNED=(DOWN, UP))
    settings = {"gsea": {"permutations": 400}}
    done = scored(named(x), sets, "gsea", center=None, settings=settings)
    return {
        f"{slot} {id}": done.obsm[f"cytosig_{slot}"][id].to_numpy()
        for slot in ("score", "pvalue") for id in sets
    }  # fmt: skip


def test_gsea_is_half_of_raised_less_lowered(moved: dict[str, np.ndarray]) -> None:
    """Where they part; p is the larger one. Lowered genes alone count with their sign turned."""
    for i in (0, 1):
        up, down = moved["score UP"][i], -moved["score DOWN"][i]
        assert np.sign(up) == -np.sign(down) == (1, -1)[i]
        assert moved["score BOTH"][i] == pytest.approx((up - down) / 2, rel=1e-12)
        p = [moved["pvalue UP"][i], moved["pvalue DOWN"][i]]
        assert moved["pvalue BOTH"][i] == pytest.approx(max(p), rel=1e-12)
    np.testing.assert_allclose(moved["score TURNED"], -moved["score BOTH"], rtol=1e-12)


def test_gsea_of_halves_that_move_together_is_0_and_p_1(moved: dict[str, np.ndarray]) -> None:
    assert (moved["score UP"][2:4] * [1, -1] > 1.3).all()
    assert (moved["score DOWN"][2:4] * [-1, 1] > 1.3).all()
    assert list(moved["score BOTH"][2:4]) == [0, 0]
    assert list(moved["pvalue BOTH"][2:4]) == [1, 1]


def test_gsea_p_is_never_0(moved: dict[str, np.ndarray]) -> None:
    """The smallest is that of the set itself among the half of 400 shuffles on its side."""
    assert moved["pvalue UP"][0] == pytest.approx(1 / 200)
    p = np.concatenate([p for name, p in moved.items() if name.startswith("pvalue")])
    assert p.min() == pytest.approx(1 / 200)
    assert p.max() == 1


def test_gsea_reads_values_less_the_mean_of_all(bulk: AnnData, sets: dict, scores: Scores) -> None:
    """Unlike gsva, unless the values are contrasts already; and other seeds shuffle otherwise."""
    settings = {"gsea": {"permutations": 100}}
    found = scores(bulk, sets, "gsea", settings=settings)
    bulk.X = bulk.X - bulk.X.mean(axis=0)
    expected = scores(bulk, sets, "gsea", center=None, settings=settings)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    settings["gsea"]["seed"] = 1
    other = scores(bulk, sets, "gsea", center=None, settings=settings)
    assert 0.001 < np.abs(found - other).to_numpy().max() < 0.5


@pytest.mark.parametrize("exactly", [True, False])
def test_gsea_of_what_is_all_mean_is_nan(
    bulk: AnnData, sets: dict, scored: Scored, exactly: bool
) -> None:
    """Only zeros, or rounding, are left to rank; linear methods call it the same."""
    bulk.obs["arm"] = ["no" if i == 8 else "yes" for i in range(N)]
    if not exactly:
        bulk.X[8] = bulk.X[:8].mean(axis=0)
    control = {"control": ("arm", "no")} if exactly else {}
    settings = {"gsea": {"permutations": 100}}
    done = scored(bulk, sets, ["gsea", "ulm"], settings=settings, **control)
    for key in ("cytosig", "cytosig_ulm"):
        reason = done.uns[key]["unscored"]["reason"]
        assert dict(reason) == {"cell8": "nothing left after centring"}
        assert list(np.flatnonzero(done.obsm[f"{key}_score"]["UP"].isna())) == [8]


# --- what they refuse -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gsva", "gsea"])
@pytest.mark.parametrize("chosen", ["{}", "ulm {}", "consensus ulm {}"])
def test_cells_by_the_hundred_thousand_are_refused(
    named: Callable[..., AnnData], scores: Scores, sets: dict, method: str, chosen: str
) -> None:
    """Before anything is scored, saying what they are for and what else there is."""
    x = sparse.csr_matrix(([1.5, 2.0], ([0, 7], [3, 5])), shape=(100_000, G))
    with pytest.raises(DataError, match=f"^{method} is for bulk samples") as caught:
        scores(named(x), sets, chosen.format(method).split())
    words = ("pseudobulk", "contrasts", "100,000 observations", "ssgsea", "ucell")
    assert [word for word in words if word not in str(caught.value)] == []


def test_gsva_of_one_sample_is_refused(bulk: AnnData, sets: dict, scores: Scores) -> None:
    with pytest.raises(DataError, match=r"gsva.*needs 2 or more.*; there is 1.*singscore"):
        scores(bulk[:1].copy(), sets, "gsva")


def test_gsea_of_one_contrast_is_what_it_is_among_others(
    bulk: AnnData, sets: dict, scored: Scored
) -> None:
    settings = {"gsea": {"permutations": 100}}
    bulk.X = bulk.X - bulk.X.mean(axis=0)
    alone, all_of_them = (
        scored(part, sets, "gsea", center=None, settings=settings)
        for part in (bulk[2:3].copy(), bulk)
    )
    for slot in ("cytosig_score", "cytosig_pvalue"):
        expected = all_of_them.obsm[slot].iloc[2:3]
        np.testing.assert_array_equal(alone.obsm[slot], expected)


@pytest.mark.parametrize("method", ["gsva", "gsea"])
def test_a_signature_of_every_gene_is_not_scored(
    bulk: AnnData, scored: Scored, as_sets: Callable[..., dict], method: str
) -> None:
    """No gene is left to compare it with: NaN and a reason, alone or beside others."""
    whole = as_sets(ALL=(range(100), range(100, G)), ONE=(UP, []))
    raised = {gene: 0.5 + 0.001 * i for i, gene in enumerate(bulk.var_names)}
    for sets in ({**whole, "RAISED": raised}, {"RAISED": raised}):
        done = scored(bulk[:3].copy(), sets, method)
        assert done.obsm["cytosig_score"]["RAISED"].isna().all()
        assert done.uns["cytosig"]["coverage"].loc["RAISED", "reason"] != ""


def test_a_value_that_is_no_number_is_named_before_gseapy_runs(
    bulk: AnnData, sets: dict, scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gseapy

    calls: list[object] = []
    monkeypatch.setattr(gseapy, "gsva", lambda *args, **options: calls.append(args))
    bulk.X = np.array(bulk.X, dtype=float)
    bulk.X[2, 5] = np.nan
    with pytest.raises(DataError, match="nan"):
        scores(bulk, sets, "gsva")
    assert calls == []
