"""Targets where it is known who hears and who answers."""

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

    from cytosig.signatures import Catalogue

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}
BYSTANDERS = ("IFNG", "IL4", "IL10")


def catalogue(*ids: str) -> Catalogue:
    return load().subset([*ids, *BYSTANDERS])


def simulate(planted: tuple[Planted, ...], known: Catalogue, **options: object) -> AnnData:
    asked = {"n_samples": 8, "cells_per_sample": 350, "n_genes": 1700, "rng": 6, **options}
    return simulate_tissue(planted=planted, signatures=known, **asked).adata


def targets_of(adata: AnnData, known: Catalogue, **options: object) -> dict[str, pd.DataFrame]:
    out = cs.tl.targets(adata, **KEYS, signatures=known, copy=True, **options)
    return out.uns["cytosig"]


def classes(table: pd.DataFrame, id: str) -> dict[str, str]:
    mine = table[table["cytokine"] == id]
    return dict(zip(mine["cell_type"], mine["class"], strict=True))


def responsive(table: pd.DataFrame) -> set[tuple[str, str]]:
    called = table[table["class"] == "responsive"]
    return set(zip(called["cytokine"], called["cell_type"], strict=True))


def test_targets_are_those_that_were_planted() -> None:
    """PDGFB has no list of its own: more receptor than the others is all there is to see."""
    known = catalogue("IL6", "CSF1", "IL17A", "VEGFA", "EGF", "INHBA", "PDGFB")
    planted = tissue_panel("single")
    table = targets_of(simulate(planted, known), known)["targets"]
    truth = {(p.cytokine, p.target) for p in planted}
    assert responsive(table) == truth - {("PDGFB", "fibroblast")}
    pdgfb = table[table["cytokine"] == "PDGFB"].set_index("cell_type")
    assert pdgfb["flags"].str.contains("receptor only: no response list").all()
    assert pdgfb.index[pdgfb["q"] <= 0.05].tolist() == ["fibroblast"]
    assert pdgfb.loc["fibroblast", "class"] == "competent only"
    assert pdgfb["response"].isna().all()


def test_the_decoy_alone_never_hears() -> None:
    """T cells hold IL1R2 and IL1RAP and no IL1R1."""
    known = catalogue("IL1B", "IL1A")
    table = targets_of(simulate(tissue_panel("decoy"), known), known)["targets"]
    mine = table[table["cytokine"] == "IL1B"].set_index("cell_type")
    assert mine.loc["fibroblast", "class"] == "responsive"
    assert mine.loc["T cell", "class"] == "neither"
    assert mine.loc["T cell", "p_competence"] > 0.999
    assert mine.loc["T cell", "expression"] == 0.0
    assert mine.loc["T cell", "decoy_delta"] < -2 < 0 < mine.loc["fibroblast", "decoy_delta"]
    assert "more decoy than receptor" in mine.loc["T cell", "flags"]
    # IL-1 alpha has the same receptor and lends the list
    alpha = table[table["cytokine"] == "IL1A"].set_index("cell_type")
    assert alpha["flags"].str.contains("read by the list of IL1B").all()
    assert alpha.loc["fibroblast", "class"] == "responsive"


@pytest.mark.parametrize(
    ("receptor", "response", "expected"),
    [
        (2.0, 1.0, "responsive"),
        (2.0, 0.0, "competent only"),
        (-np.inf, 1.0, "response only"),
        (-np.inf, 0.0, "neither"),
    ],
)
def test_classes(receptor: float, response: float, expected: str) -> None:
    """A receptor that is raised, or is not there at all; an answer, or none."""
    known = catalogue("IL17A", "EGF")
    off = receptor == -np.inf
    genes = ("IL17RA", "IL17RC")
    one = Planted(
        "IL17A", "T cell", "malignant", receptor_effect=0.0 if off else receptor,
        response_effect=response,
        extra=tuple((gene, "malignant", receptor) for gene in genes) if off else (),
    )  # fmt: skip
    table = targets_of(simulate((one,), known), known)["targets"]
    assert classes(table, "IL17A")["malignant"] == expected
    others = table[(table["cytokine"] != "IL17A") | (table["cell_type"] != "malignant")]
    assert not others["class"].isin(["responsive", "response only"]).any()


def test_ambiguity_names_what_could_explain_the_answer() -> None:
    known = load().subset(["IL6", "LIF", "IFNG", "IFN1", "TNF"])
    table = targets_of(simulate((), known, n_samples=3), known)["targets"]
    for id, others in known.ambiguity().items():
        assert set(table.loc[table["cytokine"] == id, "ambiguity"]) == {"; ".join(others)}
    assert any(known.ambiguity().values())


def test_a_compartment_reads_its_own_list() -> None:
    """IL-6 as T cells answer it, found better by that list than by the generic one."""
    known = catalogue("IL6", "TNF")
    planted = (Planted("IL6", "fibroblast", "T cell", compartment="T_NK"),)
    adata = simulate(planted, known)
    own = targets_of(adata, known)["targets"]
    other = targets_of(adata, known, compartments={"T cell": "B"})["targets"]
    one, two = (
        t[(t["cytokine"] == "IL6") & (t["cell_type"] == "T cell")].iloc[0] for t in (own, other)
    )
    assert one["p_response"] < 0.001
    assert one["n_genes"] != two["n_genes"]
    assert one["response"] > 1.1 * two["response"]
    grades = {name: known.for_compartment(name).grades["IL6"] for name in ("T_NK", "B")}
    assert (one["grade"], two["grade"]) == (grades["T_NK"], grades["B"])


@pytest.mark.parametrize("lineage", [0.0, 0.6])
def test_hardly_any_type_answers_where_none_was_planted(lineage: float) -> None:
    """Types differ in all genes, or in none; a t-test over patients alone calls a fifth."""
    known = load().subset(["IL6", "TNF", "IFNG", "IL4", "IL10", "TGFB1", "IL17A", "EGF"])
    p, exact, found = [], [], []
    for seed in range(5):
        adata = simulate((), known, lineage_sd=lineage, cells_per_sample=160, rng=seed)
        table = targets_of(adata, known)["targets"]
        p.append(table["p_response"])
        exact.append(table["p_exact"])
        found.append(len(responsive(table)))
    rate, alone = (np.mean(np.concatenate(x) <= 0.05) for x in (p, exact))
    assert rate <= 0.08
    assert alone > 0.15 if lineage else alone < 0.1
    assert np.mean(found) <= 0.3


def test_a_response_that_changes() -> None:
    """By as much again, in the target alone."""
    known = catalogue("TNF", "EGF")
    adata = simulate(
        (Planted("TNF", "macrophage", "malignant", condition_effect=1.0),), known,
        n_samples=12, cells_per_sample=250, conditions=("before", "after"),
    )  # fmt: skip
    table = targets_of(adata, known, condition_key="condition")["targets_change"]
    called = table[table["q"] <= 0.05]
    assert called[["cytokine", "cell_type"]].to_numpy().tolist() == [["TNF", "malignant"]]
    assert (called["ci_low"] > 0).all()
    back = targets_of(adata, known, condition_key="condition", baseline="after")["targets_change"]
    assert set(back["contrast"]) == {"before - after"}
    np.testing.assert_allclose(back["response"], -table["response"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(back["p"], table["p"], rtol=1e-8)
