"""Links where it is known who speaks to whom; what they add to the balance."""

from __future__ import annotations

import logging
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig.datasets import Planted, simulate_tissue, tissue_panel
from cytosig.signatures import load

if TYPE_CHECKING:
    from cytosig.datasets import SimulatedCohort, SimulatedTissue
    from cytosig.signatures import Catalogue

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}


def catalogue(*ids: str) -> Catalogue:
    return load().subset([*ids, "IFNG", "IL4", "IL10"])


def simulate(planted: tuple[Planted, ...], known: Catalogue, **options: object) -> SimulatedTissue:
    asked = {"n_samples": 8, "cells_per_sample": 350, "n_genes": 1700, "rng": 7, **options}
    return simulate_tissue(planted=planted, signatures=known, **asked)


def links_of(tissue: SimulatedTissue, known: Catalogue, **options: object) -> dict:
    out = cs.tl.links(tissue.adata, **KEYS, signatures=known, copy=True, **options)
    return out.uns["cytosig"]


def found_in(table: pd.DataFrame) -> set[tuple[str, str, str]]:
    called = table[table["q"] <= 0.05]
    return set(called[["cytokine", "source", "target"]].itertuples(index=False, name=None))


# --- who speaks to whom ---------------------------------------------------------------------


def test_a_sender_and_its_receiver_and_no_other_way_round() -> None:
    """Fibroblasts send IL-6 to T cells; six others do what they were planted to do."""
    known = catalogue("IL6", "CSF1", "IL17A", "VEGFA", "EGF", "INHBA", "PDGFB")
    planted = tissue_panel("single")
    table = links_of(simulate(planted, known, cells_per_sample=450), known)["links"]
    truth = {(p.cytokine, p.source, p.target) for p in planted}
    found = found_in(table)
    assert found <= truth
    assert len(found) >= 6
    assert ("IL6", "fibroblast", "T cell") in found
    il6 = table[table["cytokine"] == "IL6"].set_index(["source", "target"])
    assert il6["strength"].idxmax() == ("fibroblast", "T cell")
    assert il6.loc[("T cell", "fibroblast"), "q"] > 0.5
    assert set(il6["sign"]) == {int(np.sign(load().cytokines["IL6"].role.value))}


def test_il15_goes_where_it_is_presented() -> None:
    """T cells have IL2RB and IL2RG and no IL15RA, which sits on macrophages."""
    known = catalogue("IL15", "IL2")
    # endothelial cells make as much of the ligand and cannot present it
    planted = (
        Planted(
            "IL15", "macrophage", "T cell", ligands=("IL15", "IL15RA"), compartment="T_NK",
            extra=(
                ("IL15RA", "T cell", -np.inf), ("IL15", "endothelial", 2.0),
                ("IL15RA", "endothelial", -np.inf),
            ),
        ),
    )  # fmt: skip
    found = links_of(simulate(planted, known, cells_per_sample=500), known)
    table = found["links"].set_index(["cytokine", "source", "target"])
    served = table.loc[("IL15", "macrophage", "T cell")]
    bare = table.loc[("IL15", "endothelial", "T cell")]
    assert served["p"] < 0.01
    assert served["route"] == "trans"
    assert bare["p_source"] < 0.05 < 0.9 < bare["p_target"]
    assert bare["strength"] == 0.0
    strength = found["links_strength"]
    assert (strength.loc["IL15|endothelial|T cell"] == 0).all()


def test_tnf_that_comes_back_to_its_maker() -> None:
    """Of the TNF that reaches macrophages in a well mixed tissue, their share of what is made."""
    known = catalogue("TNF", "CSF1")
    tissue = simulate(tissue_panel("autocrine"), known)
    table = links_of(tissue, known)["links"]
    row = table[(table["cytokine"] == "TNF") & (table["target"] == "macrophage")]
    cells = tissue.adata.obs.groupby(["sample", "cell_type"], observed=False).size().unstack()
    output = cells.where(cells >= 10, 0) * tissue.expected["TNF"]
    truth = (output["macrophage"] / output.sum(axis=1)).mean()
    assert row["autocrine"].nunique() == 1
    assert row["autocrine_low"].iloc[0] - 0.05 <= truth <= row["autocrine_high"].iloc[0] + 0.05
    assert truth > 0.5
    assert ("TNF", "macrophage", "macrophage") in found_in(table)


def test_source_and_target_that_go_together() -> None:
    """What the ligand of a patient gains, the answer gains; other pairs are not coupled."""
    known = catalogue("TNF", "EGF")
    tissue = simulate(
        (Planted("TNF", "macrophage", "malignant"),), known, n_samples=16, coupling_sd=0.6,
        cells_per_sample=250, patient_type_sd=0.2, activity_sd=0.1,
    )  # fmt: skip
    table = links_of(tissue, known)["links"]
    mine = table[table["cytokine"] == "TNF"].set_index(["source", "target"])
    own = mine.loc[("macrophage", "malignant")]
    assert own["coupling"] > 0.6
    assert own["coupling_p"] < 0.01
    # those that share no end with it
    rest = table[(table["cytokine"] != "TNF") & table["coupling_p"].notna()]
    assert (rest["coupling_p"] <= 0.05).mean() < 0.12
    same = table[table["source"] == table["target"]]
    assert same["coupling"].isna().all()


def test_coupling_needs_five_samples() -> None:
    known = catalogue("TNF")
    for n, there in ((4, False), (5, True)):
        table = links_of(simulate((), known, n_samples=n, n_genes=1200), known)["links"]
        apart = table[(table["source"] != table["target"]) & (table["cytokine"] == "TNF")]
        assert apart["coupling"].notna().any() == there


# --- what they add to the balance -----------------------------------------------------------


@pytest.fixture(scope="module")
def balanced(patients: SimulatedCohort) -> dict:
    """Balance, then links, of ten simulated patients."""
    adata = patients.adata[patients.adata.obs["sample"].isin(_first(patients, 10))].copy()
    cs.tl.balance(adata, sample_key="sample", n_draws=100)
    cs.tl.links(adata, **KEYS, min_cells=5, n_boot=20)
    return dict(adata.uns["cytosig"])


def _first(patients: SimulatedCohort, n: int) -> list[str]:
    return list(patients.adata.obs["sample"].cat.categories[:n])


def test_contributions_add_up_to_those_of_the_balance(balanced: dict) -> None:
    """By sample and cytokine, wherever it is made and heard."""
    of_balance, of_links = balanced["balance_contributions"], balanced["links_contributions"]
    strength = balanced["links_strength"]
    cytokine = of_links.index.str.split("|").str[0]
    told = 0
    for id in of_balance.columns:
        mine = of_links[cytokine == id]
        for sample in of_balance.index:
            values = mine[sample]
            if values.isna().any():
                gone = strength.loc[mine.index, sample].isna().all()
                assert gone or np.isnan(of_balance.loc[sample, id])
                continue
            total = of_balance.loc[sample, id]
            assert fsum(values) == pytest.approx(total, rel=1e-12, abs=1e-12), (id, sample)
            told += 1
    assert told > 0.5 * of_balance.size


def test_the_table_has_their_mean_over_samples(balanced: dict) -> None:
    table, each = balanced["links"], balanced["links_contributions"]
    names = table["cytokine"] + "|" + table["source"] + "|" + table["target"]
    expected = each.mean(axis=1).reindex(names)
    np.testing.assert_allclose(table["contribution"], expected, rtol=1e-9, atol=1e-15)
    strength = balanced["links_strength"].mean(axis=1)[names]
    np.testing.assert_allclose(table["strength"], strength, rtol=1e-9)


def test_without_a_balance_there_is_no_contribution() -> None:
    known = catalogue("TNF")
    found = links_of(simulate((), known, n_samples=2, n_genes=1200), known)
    assert "links_contributions" not in found
    assert found["links"]["contribution"].isna().all()


def test_the_balance_of_other_samples_is_left_out(
    patients: SimulatedCohort, caplog: pytest.LogCaptureFixture
) -> None:
    adata = patients.adata[patients.adata.obs["sample"].isin(_first(patients, 4))].copy()
    adata.uns["cytosig"] = {
        "balance_contributions": pd.DataFrame({"TNF": [0.1, 0.2]}, index=["A", "B"])
    }
    with caplog.at_level(logging.WARNING, logger="cytosig"):
        cs.tl.links(adata, **KEYS, signatures=load().subset(["TNF"]), min_cells=5)
    assert "The stored balance is not of these samples" in caplog.text
    assert "links_contributions" not in adata.uns["cytosig"]
    assert adata.uns["cytosig"]["links"]["contribution"].isna().all()
