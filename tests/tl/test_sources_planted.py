"""Sources where it is known who makes what, by how much, and what changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig.datasets import Planted, simulate_tissue, tissue_panel
from cytosig.signatures import load

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from cytosig.datasets import SimulatedTissue
    from cytosig.signatures import Catalogue

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}
BYSTANDERS = ("IFNG", "IL4", "IL10")


def catalogue(*ids: str) -> Catalogue:
    return load().subset([*ids, *BYSTANDERS])


def simulate(planted: tuple[Planted, ...], known: Catalogue, **options: object) -> SimulatedTissue:
    asked = {"n_samples": 8, "cells_per_sample": 350, "n_genes": 1700, "rng": 5, **options}
    return simulate_tissue(planted=planted, signatures=known, **asked)


def sources_of(adata: AnnData, known: Catalogue, **options: object) -> dict:
    out = cs.tl.sources(adata, **KEYS, signatures=known, copy=True, **options)
    return out.uns["cytosig"]


def found_in(table: pd.DataFrame) -> set[tuple[str, str]]:
    called = table[table["q"] <= 0.05]
    return set(zip(called["cytokine"], called["cell_type"], strict=True))


@pytest.fixture(scope="module")
def single() -> tuple[SimulatedTissue, pd.DataFrame]:
    known = catalogue("IL6", "CSF1", "IL17A", "VEGFA", "EGF", "INHBA", "PDGFB")
    tissue = simulate(tissue_panel("single"), known)
    return tissue, sources_of(tissue.adata, known)["sources"]


def test_sources_are_those_that_were_planted(
    single: tuple[SimulatedTissue, pd.DataFrame],
) -> None:
    """Also CSF1, IL17A, VEGFA, EGF, INHBA and PDGFB, whose partners are silent."""
    tissue, table = single
    truth = set(zip(tissue.truth["cytokine"], tissue.truth["source"], strict=True))
    assert found_in(table) == truth
    assert set(table["condition"]) == {"all"}


def test_intervals_hold_the_truth(single: tuple[SimulatedTissue, pd.DataFrame]) -> None:
    """log2 over the others of what cells are drawn from, for every cytokine and type."""
    tissue, table = single
    inside, rows = 0, 0
    for id, form in ((c.id, f) for c in catalogue("IL6", "CSF1").cytokines.values()
                     for f in c.ligands if len(c.ligands) == 1):  # fmt: skip
        level = np.log2(tissue.expected[list(form.genes)].min(axis=1) + 10)
        for type_, value in level.items():
            row = table[(table["cytokine"] == id) & (table["cell_type"] == type_)].iloc[0]
            truth = value - level.drop(type_).mean()
            inside += row["ci_low"] <= truth <= row["ci_high"]
            rows += 1
    assert rows == 30
    assert inside >= 26


def test_shares_are_cells_times_expression(
    single: tuple[SimulatedTissue, pd.DataFrame],
) -> None:
    """The truth of the cells drawn is inside the interval, or near it."""
    tissue, table = single
    cells = tissue.adata.obs.groupby(["sample", "cell_type"], observed=False).size().unstack()
    output = cells * tissue.expected["CSF1"]
    truth = output.div(output.sum(axis=1), axis=0).mean()
    mine = table[table["cytokine"] == "CSF1"].set_index("cell_type")
    np.testing.assert_allclose(mine["share"][truth.index], truth, atol=0.12)
    assert mine["share"].sum() == pytest.approx(1.0, abs=0.03)
    assert (mine["share_low"] <= mine["share"]).all()
    assert (mine["share"] <= mine["share_high"]).all()


@pytest.mark.parametrize(("made", "other"), [("IL12", "IL23"), ("IL23", "IL12")])
def test_il12_and_il23_share_a_subunit_and_are_told_apart(made: str, other: str) -> None:
    known = catalogue("IL12", "IL23")
    tissue = simulate(tissue_panel(made), known, cells_per_sample=500)
    table = sources_of(tissue.adata, known)["sources"]
    assert found_in(table) == {(made, "dendritic")}
    lacking = {"IL12": "IL12A", "IL23": "IL23A"}[other]
    rest = table[table["cytokine"] == other]
    assert (rest["expression"] == 0).all()
    assert (rest["p"] > 0.5).all()
    assert set(rest["limiting"]) == {lacking}
    assert rest["flags"].str.contains("not detected").all()


def test_the_level_is_kept_where_types_do_not_differ() -> None:
    """Types of unlike number and depth; single genes, of which none is a source."""
    known = load().subset(["IL6", "TNF", "IFNG", "IL4", "IL10", "CSF1", "CCL2", "CXCL8"])
    p, omnibus = [], []
    for seed in range(8):
        tissue = simulate((), known, n_samples=7, cells_per_sample=180, n_genes=1500, rng=seed)
        table = sources_of(tissue.adata, known, n_boot=2)["sources"]
        p.append(table["p"])
        omnibus.append(table.drop_duplicates("cytokine")["p_omnibus"])
    assert np.mean(np.concatenate(p) <= 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.concatenate(omnibus) <= 0.05) == pytest.approx(0.05, abs=0.06)


# --- change ---------------------------------------------------------------------------------


def test_a_ligand_that_is_induced() -> None:
    """By 1.5 on the natural log, in its source alone; nothing is recruited."""
    known = catalogue("IL6", "TNF")
    tissue = simulate(
        (Planted("IL6", "fibroblast", "T cell", condition_effect=1.5),), known,
        n_samples=12, cells_per_sample=250, conditions=("before", "after"), composition_sd=0.2,
    )  # fmt: skip
    table = sources_of(tissue.adata, known, condition_key="condition")["sources_change"]
    assert set(table["contrast"]) == {"after - before"}
    row = table[(table["cytokine"] == "IL6") & (table["cell_type"] == "fibroblast")].iloc[0]
    assert row["induction_low"] <= 1.5 / np.log(2) <= row["induction_high"]
    assert row["induction_low"] > 0.8
    assert row["recruitment_p"] > 0.05
    assert found_in(table) == {("IL6", "fibroblast")}


def test_cells_that_are_recruited() -> None:
    """Three in four T cells are taken out of the samples before."""
    known = catalogue("IL6", "TNF")
    tissue = simulate(
        (Planted("TNF", "T cell", "malignant"),), known, n_samples=12, composition_sd=0.2,
        conditions=("before", "after"), cells_per_sample=250,
    )  # fmt: skip
    adata = tissue.adata
    rare = (adata.obs["cell_type"] == "T cell") & (adata.obs["condition"] == "before")
    kept = adata[~rare.to_numpy() | (np.arange(adata.n_obs) % 4 == 0)].copy()
    table = sources_of(kept, known, condition_key="condition")["sources_change"]
    mine = table[table["cell_type"] == "T cell"].set_index("cytokine")
    # the log2 of its share: 28 % of the cells after, 7 of 79 before
    expected = np.log2(0.28 / (0.07 / 0.79))
    row = mine.loc["TNF"]
    assert row["recruitment_low"] <= expected <= row["recruitment_high"]
    assert row["recruitment_p"] < 0.001
    assert mine["recruitment"].nunique() == 1
    assert row["induction_p"] > 0.05
    np.testing.assert_allclose(
        table["output"], table["recruitment"] + table["induction"], atol=1e-12
    )
