"""Links against the tables of their ends, and loops over every pair of cell types."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig.communication.links import couple
from cytosig.stats.families import crossed

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def adata(cells: Callable) -> AnnData:
    """A type is too rare in one sample; SHOW's presenter is on two of the types alone."""
    found = cells(seed=4)
    rare = ((found.obs["sample"] == "s1") & (found.obs["cell_type"] == "T cell")).to_numpy()
    found = found[~rare | (np.cumsum(rare) <= 6)].copy()
    x = found.X.toarray()
    without = found.obs["cell_type"].isin(["T cell", "tumour"]).to_numpy()
    x[without, found.var_names.get_loc("SHP")] = 0
    found.X = x
    return found


@pytest.fixture(scope="module")
def held(adata: AnnData, pool: Callable) -> object:
    return pool(adata)


@pytest.fixture(scope="module")
def tables(adata: AnnData, ask: Callable, toy: Catalogue) -> Tables:
    found: Tables = {}
    for call in ("sources", "targets", "links"):
        options = {} if call == "targets" else {"n_boot": 150, "rng": 9}
        found |= ask(call, adata, signatures=toy, **options)
    return found


def matrix(table: pd.DataFrame, id: str, column: str) -> np.ndarray:
    """Sources × targets, types in alphabetical order."""
    mine = table[table["cytokine"] == id]
    return mine.pivot(index="source", columns="target", values=column).to_numpy()


# --- the two ends ---------------------------------------------------------------------------


def test_p_is_the_larger_of_source_and_target(tables: Tables, toy: Catalogue) -> None:
    links = tables["links"]
    for id in toy.cytokines:
        end = {
            name: tables[name][tables[name]["cytokine"] == id].set_index("cell_type")["p"]
            for name in ("sources", "targets")
        }
        mine = links[links["cytokine"] == id]
        np.testing.assert_allclose(mine["p_source"], end["sources"].loc[mine["source"]])
        if id != "SHOW":  # whose target depends on what the source presents
            np.testing.assert_allclose(mine["p_target"], end["targets"].loc[mine["target"]])
        np.testing.assert_array_equal(mine["p"], np.maximum(mine["p_source"], mine["p_target"]))
    assert len(links) == len(toy.cytokines) * 16


def test_q_is_of_both_ends_in_two_levels(tables: Tables, toy: Catalogue) -> None:
    links = tables["links"]
    first = np.stack([matrix(links, id, "p_source")[:, 0] for id in toy.cytokines])
    second = np.stack([matrix(links, id, "p_target") for id in toy.cytokines])
    q = np.stack([matrix(links, id, "q") for id in toy.cytokines])
    np.testing.assert_allclose(q, crossed(first, second), rtol=1e-12)


def above(values: np.ndarray) -> np.ndarray:
    """One-sided t over samples of every column; 1 where nothing is there at all."""
    p = []
    for column in values.T:
        x = column[~np.isnan(column)]
        still = np.ptp(x) < 1e-9
        p.append(1.0 if still else stats.ttest_1samp(x, 0, alternative="greater").pvalue)
    return np.array(p)


def presence(held: object, gene: str) -> np.ndarray:
    cpm = held.of(gene)
    n = np.where(np.isnan(cpm), 0, held.n)
    loose = 0.1 * (np.nan_to_num(cpm) * n).sum(axis=1) / n.sum(axis=1)
    return above(np.log2((cpm + 10) / (np.maximum(loose, 5.0)[:, None] + 10)))


def test_a_presented_subunit_must_be_on_the_source(
    tables: Tables, held: object, grid: Callable
) -> None:
    """Trans: source with SHP, target with the chains; else the target has all three."""
    pooled = np.nansum(np.nan_to_num(held.of("SHP")) * held.n, axis=1)
    used = ~np.isnan(held.of("SHP"))
    pooled = pooled / np.where(used, held.n, 0).sum(axis=1)
    supply = above(np.log2((pooled[:, None] + 10) / 15))[0]
    shows = presence(held, "SHP")
    chains = np.maximum(presence(held, "NRB"), presence(held, "NRC"))
    trans = np.maximum(shows[:, None], np.maximum(chains, supply)[None, :])
    whole = np.broadcast_to(np.maximum(chains, shows)[None, :], trans.shape)
    hears = np.minimum(np.minimum(trans, whole) * 2, 1)
    answers = grid(tables["targets"], "SHOW", "p_response")
    found = matrix(tables["links"], "SHOW", "p_target")
    np.testing.assert_allclose(found, np.maximum(hears, answers[None, :]), rtol=1e-6)
    route = matrix(tables["links"], "SHOW", "route")
    expected = np.where(whole < trans, "SHP+NRB+NRC", "trans")
    expected = np.where(whole == trans, route, expected)  # either will do
    assert route.tolist() == expected.tolist()


# --- traffic --------------------------------------------------------------------------------


def forms_of(held: object, id: str) -> tuple[np.ndarray, list[list[tuple[np.ndarray, object]]]]:
    """What goes out a cell, and receptors: forms of each as CPM, and what the source must show."""
    of = held.of
    shared = {}
    for gene in ("SHP", "TRR"):
        used = ~np.isnan(of(gene))
        mean = [np.average(v[u], weights=n[u])
                for v, u, n in zip(of(gene), used, held.n, strict=True)]  # fmt: skip
        shared[gene] = np.array(mean)[:, None]
    chains = np.minimum(of("NRB"), of("NRC"))
    known = {
        "SOLO": (np.maximum(of("SOL") - of("SOA"), 0),
                 [[(np.maximum(of("SOR") - of("SOD"), 0), None)]]),
        "DUO": (np.minimum(of("DUA"), of("DUB")), [[(np.minimum(of("DRA"), of("DRB")), None)]]),
        "EITHER": (of("EIA") + of("EIB"), [[(of("ERA"), None)], [(of("ERB"), None)]]),
        "NEST": (of("NEL"), [[(np.minimum(of("NRA"), chains), None), (chains, None)]]),
        "SHOW": (of("SHL"), [[(np.minimum(chains, shared["SHP"]), of("SHP")),
                              (np.minimum(chains, of("SHP")), None)]]),
        "TRANS": (of("TRL"), [[(np.minimum(of("TRR"), of("TRS")), None),
                               (np.minimum(of("TRS"), shared["TRR"]), None)]]),
    }  # fmt: skip
    return known[id]


def shares_of_pairs(held: object, id: str) -> np.ndarray:
    made, receptors = forms_of(held, id)
    n_samples, n_types = made.shape
    found = np.zeros((n_samples, n_types, n_types))
    for s, a, b in product(range(n_samples), range(n_types), range(n_types)):
        if np.isnan(made[s, a]) or np.isnan(made[s, b]):
            continue  # too few cells
        for forms in receptors:
            each = []
            for heard, shown in forms:
                out = made[s, a] if shown is None else min(made[s, a], shown[s, a])
                each.append(out * held.n[s, a] * heard[s, b] * held.n[s, b])
            found[s, a, b] += max(each)
    return found / found.sum(axis=(1, 2), keepdims=True)


@pytest.mark.parametrize("id", ["SOLO", "DUO", "EITHER", "NEST", "SHOW", "TRANS"])
def test_strength_is_the_share_of_a_pair(tables: Tables, held: object, id: str) -> None:
    expected = shares_of_pairs(held, id)
    strength = tables["links_strength"]
    assert list(strength.columns) == held.samples
    for (i, a), (j, b) in product(enumerate(held.types), enumerate(held.types)):
        np.testing.assert_allclose(
            strength.loc[f"{id}|{a}|{b}"], expected[:, i, j], rtol=1e-8, atol=1e-15
        )
    np.testing.assert_allclose(
        matrix(tables["links"], id, "strength"), expected.mean(axis=0), rtol=1e-8, atol=1e-15
    )
    i, j = 1, 2
    ends = stats.ttest_1samp(expected[:, i, j], 0).confidence_interval()
    found = [matrix(tables["links"], id, f"strength_{end}")[i, j] for end in ("low", "high")]
    assert found == pytest.approx(list(np.clip([ends.low, ends.high], 0, 1)), rel=1e-7)


def test_links_of_a_cytokine_add_up_to_one(tables: Tables, toy: Catalogue) -> None:
    strength = tables["links_strength"]
    for id in toy.cytokines:
        mine = strength[strength.index.str.startswith(f"{id}|")]
        np.testing.assert_allclose(mine.sum(axis=0), 1.0, rtol=1e-12)


def test_a_sample_in_which_nothing_is_made_has_no_traffic(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    silent = adata.copy()
    silent.X[(silent.obs["sample"] == "s0").to_numpy(), silent.var_names.get_loc("MUL")] = 0
    found = ask("links", silent, signatures=only("MUTE"))
    strength = found["links_strength"]
    assert strength["s0"].isna().all()
    expected = strength.drop(columns="s0").mean(axis=1).to_numpy()
    np.testing.assert_allclose(found["links"]["strength"], expected, rtol=1e-12)


def test_autocrine_is_the_own_share_of_what_arrives(tables: Tables, held: object) -> None:
    strength = shares_of_pairs(held, "EITHER")
    draws = np.random.default_rng(9).multinomial(6, np.full(6, 1 / 6), 150)
    for j in range(len(held.types)):
        reach = strength[:, :, j].sum(axis=1)
        own = np.where(reach > 0, strength[:, j, j], np.nan) / np.where(reach > 0, reach, 1)
        there = ~np.isnan(own)
        each = [np.average(own[there], weights=d[there]) for d in draws if d[there].any()]
        expected = [own[there].mean(), *np.quantile(each, [0.025, 0.975])]
        for i in range(len(held.types)):
            names = ("autocrine", "autocrine_low", "autocrine_high")
            found = [matrix(tables["links"], "EITHER", name)[i, j] for name in names]
            assert found == pytest.approx(expected, rel=1e-8)


# --- coupling -------------------------------------------------------------------------------


def test_coupling_is_a_correlation_over_samples() -> None:
    """Against scipy, pair by pair, with samples that lack a type."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(3, 1, (9, 4, 3)), rng.normal(-2, 1, (9, 4, 3))
    y[:, 1, 0] += 3 * x[:, 2, 0]
    x[0, 2] = y[0, 2] = x[4, 3] = y[4, 3] = np.nan
    x[:5, 3, 2] = np.nan  # 4 samples are left
    r, p = couple(x, y)
    assert r.shape == (3, 4, 4)
    for k, a, b in product(range(3), range(4), range(4)):
        there = ~np.isnan(x[:, a, k] + y[:, b, k])
        if a == b or there.sum() < 5:
            assert np.isnan([r[k, a, b], p[k, a, b]]).all()
            continue
        expected = stats.pearsonr(x[there, a, k], y[there, b, k])
        assert r[k, a, b] == pytest.approx(expected.statistic, rel=1e-9)
        assert p[k, a, b] == pytest.approx(expected.pvalue, rel=1e-8)
    assert r[0, 2, 1] > 0.8


def test_what_does_not_vary_is_not_coupled() -> None:
    x, y = np.random.default_rng(6).normal(size=(2, 7, 2, 1))
    x[:, 0] = 0.3
    r, p = couple(x, y)
    assert np.isnan([r[0, 0, 1], p[0, 0, 1]]).all()
    assert not np.isnan(r[0, 1, 0])


def test_coupling_is_of_ligand_with_response(
    tables: Tables, held: object, toy: Catalogue, less_others: Callable, contrasts: Callable
) -> None:
    """Each over the other types of its sample, by hand."""
    made = less_others(held.log(held.of("EIA") + held.of("EIB")))
    answered, _ = contrasts(held, toy.signatures["EITHER"].weights)
    r, p = (matrix(tables["links"], "EITHER", name) for name in ("coupling", "coupling_p"))
    for a, b in product(range(4), range(4)):
        there = ~np.isnan(made[:, a] + answered[:, b])
        if a == b:
            assert np.isnan([r[a, b], p[a, b]]).all()
            continue
        expected = stats.pearsonr(made[there, a], answered[there, b])
        assert (r[a, b], p[a, b]) == pytest.approx(tuple(expected), rel=1e-6)
