"""Every column of the table of targets against pandas, scipy and loops over the same cells."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig.stats.families import two_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

HEARD = {  # CPM of the receptor, by gene
    "SOLO": lambda of: np.maximum(of("SOR") - of("SOD"), 0),
    "DUO": lambda of: np.minimum(of("DRA"), of("DRB")),
    "EITHER": lambda of: of("ERA") + of("ERB"),
    "MUTE": lambda of: of("MUR"),
}


@pytest.fixture(scope="module")
def adata(cells: Callable) -> AnnData:
    """A type is too rare in one sample."""
    found = cells(seed=3)
    rare = ((found.obs["sample"] == "s4") & (found.obs["cell_type"] == "tumour")).to_numpy()
    return found[~rare | (np.cumsum(rare) <= 6)].copy()


@pytest.fixture(scope="module")
def held(adata: AnnData, pool: Callable) -> object:
    return pool(adata)


@pytest.fixture(scope="module")
def table(adata: AnnData, ask: Callable, toy: Catalogue) -> pd.DataFrame:
    return ask("targets", adata, signatures=toy)["targets"]


def known(column: np.ndarray) -> np.ndarray:
    return column[~np.isnan(column)]


def above(column: np.ndarray) -> float:
    return float(stats.ttest_1samp(known(column), 0, alternative="greater").pvalue)


def presence(held: object, gene: str, off: object = 0.0) -> np.ndarray:
    """log2 over the larger of 5 CPM and a tenth of the sample's mean, samples × types."""
    cpm = held.of(gene)
    n = np.where(np.isnan(cpm), 0, held.n)
    loose = 0.1 * (np.nan_to_num(cpm) * n).sum(axis=1) / n.sum(axis=1)
    return np.log2((np.maximum(cpm - off, 0) + 10) / (np.maximum(loose, 5.0)[:, None] + 10))


def error(column: np.ndarray, genes: np.ndarray, weights: Mapping[str, float]) -> tuple:
    """Mean, standard error of patients and genes, and degrees of freedom."""
    there = ~np.isnan(column)
    x, genes, n = column[there], genes[there], there.sum()
    own = x.var(ddof=1) / n
    tau2 = max(0.0, np.mean(genes.mean(axis=0) ** 2) - np.mean(genes.var(axis=0, ddof=1) / n))
    w = np.array(list(weights.values())) / sum(map(abs, weights.values()))
    whole = own + tau2 * (0.99 * (w**2).sum() + 0.01 * w.sum() ** 2)
    return x.mean(), np.sqrt(whole), (n - 1) * (whole / own) ** 2


# --- competence -----------------------------------------------------------------------------


def test_competence_is_a_t_test_over_the_background(
    table: pd.DataFrame, held: object, grid: Callable
) -> None:
    """Of the surest form, twice where there are two; decoys off."""
    forms = {
        "SOLO": [presence(held, "SOR", held.of("SOD"))],
        "EITHER": [presence(held, "ERA"), presence(held, "ERB")],
    }
    for id, each in forms.items():
        p = np.array([[above(column) for column in one.T] for one in each])
        expected = np.minimum(p.min(axis=0) * len(each), 1)
        np.testing.assert_allclose(grid(table, id, "p_competence"), expected, rtol=1e-7)
        best = p.argmin(axis=0)
        means = np.array([np.nanmean(one, axis=0) for one in each])
        columns = np.arange(len(held.types))
        np.testing.assert_allclose(grid(table, id, "competence"), means[best, columns], rtol=1e-9)
        for t, i in enumerate(best):
            ends = stats.ttest_1samp(known(each[i][:, t]), 0).confidence_interval()
            found = [grid(table, id, f"competence_{end}")[t] for end in ("low", "high")]
            assert found == pytest.approx([ends.low, ends.high], rel=1e-7)
    names = np.array(["ERA", "ERB"])[best]
    assert grid(table, "EITHER", "form").tolist() == names.tolist()


def test_all_subunits_must_be_there(table: pd.DataFrame, held: object, grid: Callable) -> None:
    p = np.array([[above(column) for column in presence(held, g).T] for g in ("DRA", "DRB")])
    np.testing.assert_allclose(grid(table, "DUO", "p_competence"), p.max(axis=0), rtol=1e-7)


@pytest.mark.parametrize("id", HEARD)
def test_what_is_expressed(table: pd.DataFrame, held: object, grid: Callable, id: str) -> None:
    cpm = HEARD[id](held.of)
    np.testing.assert_allclose(
        grid(table, id, "expression"), np.nanmean(cpm, axis=0), rtol=1e-9, atol=1e-12
    )
    used = ~np.isnan(cpm)
    np.testing.assert_array_equal(grid(table, id, "n_samples"), used.sum(axis=0))
    np.testing.assert_array_equal(grid(table, id, "n_cells"), np.where(used, held.n, 0).sum(axis=0))


def test_receptor_over_decoy(table: pd.DataFrame, held: object, grid: Callable) -> None:
    delta = np.nanmean(held.log(held.of("SOR")) - held.log(held.of("SOD")), axis=0)
    np.testing.assert_allclose(grid(table, "SOLO", "decoy_delta"), delta, rtol=1e-9)
    more = ["more decoy than receptor" in text for text in grid(table, "SOLO", "flags")]
    assert more == (delta < 0).tolist()
    assert np.isnan(grid(table, "DUO", "decoy_delta")).all()


# --- response -------------------------------------------------------------------------------


def test_response_and_its_error(
    adata: AnnData, held: object, ask: Callable, only: Callable, toy: Catalogue, grid: Callable,
    contrasts: Callable,
) -> None:  # fmt: skip
    """A cytokine asked for alone borrows no variance."""
    table = ask("targets", adata, signatures=only("NEST"), level=0.9)["targets"]
    weights = toy.signatures["NEST"].weights
    values, genes = contrasts(held, weights)
    for t, column in enumerate(values.T):
        mean, se, df = error(column, genes[:, t], weights)
        ends = stats.t.interval(0.9, df, mean, se)
        expected = [mean, se, *ends, stats.t.sf(mean / se, df)]
        names = ("response", "se", "ci_low", "ci_high", "p_response")
        found = [grid(table, "NEST", name)[t] for name in names]
        assert found == pytest.approx(expected, rel=1e-6)
        x = known(column)
        sums = np.array(list(product([-1, 1], repeat=len(x)))) @ np.abs(x)
        assert grid(table, "NEST", "p_exact")[t] == (sums >= x.sum() - 1e-9).mean()
        assert grid(table, "NEST", "p_floor")[t] == 0.5 ** len(x)
    assert set(grid(table, "NEST", "n_genes")) == {len(weights)}


def own_genes_out(weights: Mapping[str, float]) -> dict[str, float]:
    return {g: w for g, w in weights.items() if g not in ("SOL", "SOR", "SOD")}


@pytest.mark.parametrize("named", [None, {"tumour": "myeloid"}])
def test_cells_answer_by_the_list_of_their_compartment(
    adata: AnnData, held: object, table: pd.DataFrame, ask: Callable, toy: Catalogue,
    grid: Callable, contrasts: Callable, named: dict[str, str] | None,
) -> None:  # fmt: skip
    found = grid(
        ask("targets", adata, signatures=toy, compartments=named)["targets"], "SOLO", "response"
    )
    generic, _ = contrasts(held, own_genes_out(toy.signatures["SOLO"].weights))
    variant, _ = contrasts(held, own_genes_out(toy.variants["myeloid"]["SOLO"].weights))
    myeloid = ["macrophage", *(named or {})]
    for t, type_ in enumerate(held.types):
        values = variant if type_ in myeloid else generic
        assert found[t] == pytest.approx(np.nanmean(values[:, t]), rel=1e-7), type_


def test_the_grade_is_that_of_the_list_that_is_read(table: pd.DataFrame, grid: Callable) -> None:
    grades = dict(zip(sorted(set(table["cell_type"])), grid(table, "SOLO", "grade"), strict=True))
    assert grades == {"T cell": "A", "macrophage": "C", "stroma": "A", "tumour": "A"}


def test_the_receptor_does_not_vouch_for_itself(
    adata: AnnData, ask: Callable, toy: Catalogue, table: pd.DataFrame, grid: Callable
) -> None:
    """SOLO's list names its receptor; fifty times more of it in one type is no response."""
    raised = adata.copy()
    x = raised.X.toarray()
    here = (raised.obs["cell_type"] == "stroma").to_numpy()
    x[here, raised.var_names.get_loc("SOR")] *= 50
    raised.X = x
    after = ask("targets", raised, signatures=toy)["targets"]
    moved = grid(after, "SOLO", "response") - grid(table, "SOLO", "response")
    assert np.abs(moved).max() < 0.03
    heard = grid(after, "SOLO", "competence") - grid(table, "SOLO", "competence")
    assert heard[2] > 3  # stroma, third in order


# --- both -----------------------------------------------------------------------------------


def test_p_is_the_larger_and_classes_follow(table: pd.DataFrame) -> None:
    read = table["n_genes"] > 0
    other = np.where(read, table["p_response"], table["p_specificity"])
    np.testing.assert_array_equal(table["p"], np.maximum(table["p_competence"], other))
    family = table["cytokine"].to_numpy(dtype=str)
    np.testing.assert_array_equal(table["q"], two_levels(table["p"], family))
    alone = two_levels(table["p_response"], family)
    for i, row in enumerate(table.itertuples()):
        hears = row.p_competence <= 0.05
        if hears:
            expected = "responsive" if row.q <= 0.05 and read.iloc[i] else "competent only"
        else:
            expected = "response only" if alone[i] <= 0.05 else "neither"
        assert table["class"].iloc[i] == expected


def test_without_a_list_more_receptor_than_others_stands_for_the_response(
    adata: AnnData, held: object, ask: Callable, only: Callable, less_others: Callable,
    grid: Callable,
) -> None:  # fmt: skip
    table = ask("targets", adata, signatures=only("MUTE"))["targets"]
    d = less_others(held.log(held.of("MUR")))
    expected = [above(column) for column in d.T]
    np.testing.assert_allclose(grid(table, "MUTE", "p_specificity"), expected, rtol=1e-7)
    np.testing.assert_allclose(grid(table, "MUTE", "specificity"), np.nanmean(d, axis=0))
    hears = [above(column) for column in presence(held, "MUR").T]
    np.testing.assert_allclose(grid(table, "MUTE", "p"), np.maximum(expected, hears), rtol=1e-7)
    assert np.isnan(grid(table, "MUTE", "response")).all()
    assert set(table["class"]) <= {"competent only", "neither"}
    assert set(table["flags"]) == {"receptor only: no response list"}


def test_a_proxy_is_told(table: pd.DataFrame, grid: Callable) -> None:
    assert set(grid(table, "COPY", "flags")) == {"read by the list of SOLO"}
    # its own list differs by one gene from that of SOLO: the receptor is the same
    np.testing.assert_array_equal(grid(table, "COPY", "n_genes"), [22, 20, 22, 22])
