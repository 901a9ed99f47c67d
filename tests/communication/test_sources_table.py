"""Every column of the table of sources against pandas, scipy and loops over the same cells."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from cytosig.stats.families import two_levels
from cytosig.stats.moderated import moderated_t

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

MADE = {
    "SOLO": lambda of: of("SOL"),
    "DUO": lambda of: np.minimum(of("DUA"), of("DUB")),
    "EITHER": lambda of: of("EIA") + of("EIB"),
}


@pytest.fixture(scope="module")
def adata(cells: Callable) -> AnnData:
    """A type is too rare in one sample, another makes none of SOLO's ligand."""
    found = cells(seed=1)
    rare = ((found.obs["sample"] == "s2") & (found.obs["cell_type"] == "stroma")).to_numpy()
    found = found[~rare | (np.cumsum(rare) <= 6)].copy()
    x = found.X.toarray()
    x[(found.obs["cell_type"] == "T cell").to_numpy(), found.var_names.get_loc("SOL")] = 0
    found.X = sparse.csr_matrix(x)
    return found


@pytest.fixture(scope="module")
def held(adata: AnnData, pool: Callable) -> object:
    return pool(adata)


@pytest.fixture(scope="module")
def table(adata: AnnData, ask: Callable, toy: Catalogue) -> pd.DataFrame:
    return ask("sources", adata, signatures=toy, n_boot=200, rng=5)["sources"]


def known(column: np.ndarray) -> np.ndarray:
    return column[~np.isnan(column)]


def above(column: np.ndarray) -> float:
    return float(stats.ttest_1samp(known(column), 0, alternative="greater").pvalue)


def test_rows_are_cytokines_by_types(table: pd.DataFrame, toy: Catalogue, held: object) -> None:
    rows = list(product(toy.cytokines, held.types))
    assert sorted(zip(table["cytokine"], table["cell_type"], strict=True)) == sorted(rows)
    assert list(dict.fromkeys(table["cytokine"])) == list(toy.cytokines)
    assert set(table["condition"]) == {"all"}


@pytest.mark.parametrize("id", MADE)
def test_what_is_counted(
    table: pd.DataFrame, held: object, grid: Callable, id: str, adata: AnnData
) -> None:
    cpm = MADE[id](held.of)
    np.testing.assert_allclose(grid(table, id, "expression"), np.nanmean(cpm, axis=0), rtol=1e-9)
    used = ~np.isnan(cpm)
    np.testing.assert_array_equal(grid(table, id, "n_samples"), used.sum(axis=0))
    cells = np.where(used, held.n, 0).sum(axis=0)
    np.testing.assert_array_equal(grid(table, id, "n_cells"), cells)
    bound = 3e6 / np.nansum(np.where(used, held.depth, np.nan), axis=0)
    np.testing.assert_allclose(grid(table, id, "detection_bound"), bound, rtol=1e-12)


def test_fraction_is_that_of_the_rarest_subunit(
    table: pd.DataFrame, held: object, grid: Callable
) -> None:
    seen = {g: np.nanmean(held.fraction[:, :, held.genes.index(g)], axis=0) for g in held.genes}
    expected = np.minimum(seen["DUA"], seen["DUB"])
    np.testing.assert_allclose(grid(table, "DUO", "fraction"), expected, rtol=1e-12)
    np.testing.assert_allclose(grid(table, "SOLO", "fraction"), seen["SOL"], rtol=1e-12)
    of = {g: np.nanmean(held.of(g), axis=0) for g in held.genes}
    rarest = np.where(of["DUA"] <= of["DUB"], "DUA", "DUB")
    assert grid(table, "DUO", "limiting").tolist() == rarest.tolist()
    leading = np.where(of["EIA"] >= of["EIB"], "EIA", "EIB")
    assert grid(table, "EITHER", "form").tolist() == leading.tolist()
    assert set(grid(table, "EITHER", "limiting")) == {""}


def test_specificity_is_a_t_test_over_samples(
    adata: AnnData, held: object, ask: Callable, only: Callable, less_others: Callable,
    grid: Callable,
) -> None:  # fmt: skip
    """A cytokine asked for alone borrows no variance."""
    table = ask("sources", adata, signatures=only("EITHER"), level=0.9)["sources"]
    d = less_others(held.log(MADE["EITHER"](held.of)))
    for t, column in enumerate(d.T):
        x = known(column)
        ends = stats.ttest_1samp(x, 0).confidence_interval(0.9)
        expected = [x.mean(), stats.sem(x), ends.low, ends.high, above(column)]
        names = ("specificity", "se", "ci_low", "ci_high", "p")
        found = [grid(table, "EITHER", name)[t] for name in names]
        assert found == pytest.approx(expected, rel=1e-7)


def test_cytokines_of_a_type_lend_each_other_their_variance(
    table: pd.DataFrame, toy: Catalogue, held: object, less_others: Callable
) -> None:
    """As in the moderated t of a table with one column a cytokine."""
    single = {"NEST": "NEL", "SHOW": "SHL", "TRANS": "TRL", "COPY": "COL", "MUTE": "MUL"}
    made = {id: MADE[id](held.of) if id in MADE else held.of(single[id]) for id in toy.cytokines}
    d = np.stack([less_others(held.log(cpm)) for cpm in made.values()], axis=2)
    for t, type_ in enumerate(held.types):
        lends = np.array([np.nansum(cpm[:, t]) > 0 for cpm in made.values()])
        values = pd.DataFrame(d[:, t, lends], columns=np.array(list(made))[lends])
        design = pd.DataFrame({"mean": 1.0}, index=values.index)
        expected = moderated_t(values, design, coefficient="mean").table
        mine = table[table["cell_type"] == type_].set_index("cytokine").loc[values.columns]
        np.testing.assert_allclose(mine["specificity"], expected["estimate"], rtol=1e-7)
        np.testing.assert_allclose(mine["se"], expected["se"], rtol=1e-7)
        np.testing.assert_allclose(mine["ci_high"], expected["ci_high"], rtol=1e-7)
        one = stats.t.sf(expected["statistic"], expected["df"])
        alone = [id for id in mine.index if id != "DUO"]
        np.testing.assert_allclose(mine["p"][alone], pd.Series(one, mine.index)[alone], rtol=1e-7)


def test_a_form_of_two_needs_both(
    adata: AnnData, held: object, ask: Callable, only: Callable, less_others: Callable,
    grid: Callable,
) -> None:  # fmt: skip
    """P is the largest of three: of the difference, and of either subunit not being there."""
    table = ask("sources", adata, signatures=only("DUO"), expressed=20.0)["sources"]
    p = [[above(column) for column in less_others(held.log(MADE["DUO"](held.of))).T]]
    for gene in ("DUA", "DUB"):
        cpm, n = held.of(gene), np.where(np.isnan(held.of(gene)), 0, held.n)
        loose = 0.1 * (np.nan_to_num(cpm) * n).sum(axis=1) / n.sum(axis=1)
        bound = np.maximum(loose, 20.0)[:, None]
        p.append([above(column) for column in np.log2((cpm + 10) / (bound + 10)).T])
    assert len(set(np.argmax(p, axis=0))) > 1
    np.testing.assert_allclose(grid(table, "DUO", "p"), np.max(p, axis=0), rtol=1e-7)


@pytest.mark.parametrize("id", MADE)
def test_exact_p_flips_the_signs_of_samples(
    table: pd.DataFrame, held: object, less_others: Callable, grid: Callable, id: str
) -> None:
    for t, column in enumerate(less_others(held.log(MADE[id](held.of))).T):
        x = known(column)
        sums = np.array(list(product([-1, 1], repeat=len(x)))) @ np.abs(x)
        assert grid(table, id, "p_exact")[t] == (sums >= x.sum() - 1e-9).mean()
        assert grid(table, id, "p_floor")[t] == 0.5 ** len(x)


def test_the_omnibus_and_q(table: pd.DataFrame, cells: Callable, ask: Callable, toy: Catalogue,
                           pool: Callable, grid: Callable) -> None:  # fmt: skip
    """Of complete samples the closed formula; q from p by cytokine, then type."""
    whole = cells(seed=2)
    found = ask("sources", whole, signatures=toy)["sources"]
    held = pool(whole)
    for id in MADE:
        a = held.log(MADE[id](held.of))
        rest = a - a.mean(axis=1, keepdims=True)
        n_types = a.shape[1]
        q = (n_types - 1) * (rest.sum(axis=0) ** 2).sum() / (rest**2).sum()
        expected = stats.chi2.sf(q, n_types - 1)
        np.testing.assert_allclose(grid(found, id, "p_omnibus"), expected, rtol=1e-8)
    expected = two_levels(table["p"], table["cytokine"].to_numpy(dtype=str))
    np.testing.assert_array_equal(table["q"], expected)


@pytest.mark.parametrize("id", MADE)
def test_shares_of_what_a_sample_makes(
    table: pd.DataFrame, held: object, grid: Callable, id: str
) -> None:
    output = MADE[id](held.of) * held.n
    share = output / np.nansum(output, axis=1, keepdims=True)
    np.testing.assert_allclose(grid(table, id, "share"), np.nanmean(share, axis=0), rtol=1e-9)
    draws = np.random.default_rng(5).multinomial(
        len(share), np.full(len(share), 1 / len(share)), 200
    )
    for t, column in enumerate(share.T):
        there = ~np.isnan(column)
        each = [np.average(column[there], weights=d[there]) for d in draws if d[there].any()]
        ends = np.quantile(each, [0.025, 0.975])
        found = [grid(table, id, name)[t] for name in ("share_low", "share_high")]
        assert found == pytest.approx(list(ends), rel=1e-9, abs=1e-15)


def test_what_holds_a_ligand_back_or_sets_it_free(
    table: pd.DataFrame, held: object, grid: Callable
) -> None:
    for column, gene in (("antagonist", "SOA"), ("activation", "SOX")):
        expected = np.nanmean(held.of(gene), axis=0)
        np.testing.assert_allclose(grid(table, "SOLO", column), expected, rtol=1e-9)
        assert np.isnan(grid(table, "DUO", column)).all()


def test_flags_of_a_ligand_that_is_not_there(table: pd.DataFrame) -> None:
    row = table[(table["cytokine"] == "SOLO") & (table["cell_type"] == "T cell")].iloc[0]
    assert row["flags"] == "not detected"
    assert (row["expression"], row["p_exact"]) == (0.0, 1.0)
    assert row["p"] > 0.9
    others = table[(table["cytokine"] == "SOLO") & (table["cell_type"] != "T cell")]
    assert not others["flags"].str.contains("not detected").any()
