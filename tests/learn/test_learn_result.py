"""What is handed back: tables, words, the TOML entry, and that it can be scored by."""

from __future__ import annotations

import logging
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import SignatureError
from cytosig.datasets import simulate_cohort
from cytosig.datasets.program import Program
from cytosig.learn import Learned
from cytosig.learn.overlap import overlap_of
from cytosig.signatures import Catalogue, Signature


@pytest.fixture(scope="module")
def paired(stimulation):
    made = stimulation(4, seed=7)
    arguments = {"treatment": ("cytokine", "IL99"), "control": "control", "batch_key": "donor"}
    return made, arguments, cs.signatures.learn(made.adata, **arguments)


@pytest.fixture(scope="module")
def interferon():
    """Six pairs of tumours of which one half has interferon gamma, in single cells."""
    program = Program("IFNG", "T cell", "malignant", effect=0.0, condition_effect=3.0)
    cohort = simulate_cohort(
        n_samples=12, cells_per_sample=40, programs=(program,), paired=True, sample_sd=0.1, rng=1
    )
    arguments = {
        "treatment": ("condition", "treated"), "control": "control", "batch_key": "donor",
        "sample_key": "sample", "min_lfc": 0.3,
    }  # fmt: skip
    return cohort.adata, arguments


def test_planted_genes_are_found_in_their_direction(paired):
    made, _, learned = paired
    weights = learned.signature.weights
    planted = made.planted[made.planted != 0]
    right = [g for g, w in weights.items() if np.sign(w) == np.sign(planted.get(g, 0))]
    assert len(right) / len(weights) >= 0.9  # a tenth of all q of 0.05 would be unlucky
    assert len(right) / len(planted) >= 0.95
    found = learned.genes.set_index("gene").loc[planted.index, "lfc"]
    np.testing.assert_allclose(found, planted, atol=0.8)
    assert found.mean() == pytest.approx(planted.mean(), abs=0.1)


def test_the_table_of_genes_begins_with_those_listed(paired):
    _, _, learned = paired
    genes = learned.genes
    n = len(learned.signature.genes)
    assert dict(zip(genes["gene"][:n], genes["weight"][:n], strict=True)) == dict(
        learned.signature.weights
    )
    assert (genes["weight"][n:] == 0).all()
    assert ((genes["direction"] == "up") == (genes["lfc"] > 0)).all()
    assert (np.sign(genes["weight"][:n]) == np.sign(genes["lfc"][:n])).all()
    assert genes["weight"].abs().is_monotonic_decreasing
    assert genes["p"][n:].is_monotonic_increasing


def test_the_entry_reads_back_as_it_was(paired, tmp_path):
    _, _, learned = paired
    path = tmp_path / "mine.toml"
    text = learned.to_toml(path)
    assert path.read_text(encoding="utf-8") == text
    found = Catalogue.from_file(path)
    assert found.signatures == {"IL99": learned.signature}
    assert found["IL99"].evidence == learned.signature.evidence
    assert found.digest == learned.catalogue.digest
    evidence = found["IL99"].evidence
    assert (evidence.treatment, evidence.control) == ("cytokine=IL99", "cytokine=control")
    assert (evidence.n_treated, evidence.n_control, evidence.n_batches) == (4, 4, 4)
    assert evidence.validated
    assert evidence.held_out.folds == 4
    assert evidence.catalogue == cs.signatures.load().digest
    assert evidence.design == "treated against control; within 4 of donor"
    assert evidence.n_tested == len(learned.genes)
    assert found["IL99"].grade == "D"


def test_order_and_storage_do_not_matter(paired):
    made, arguments, learned = paired
    rng = np.random.default_rng(0)
    other = made.adata[rng.permutation(8)][:, rng.permutation(made.adata.n_vars)].copy()
    other.layers["counts"], other.X = sparse.csc_matrix(other.X), np.zeros_like(other.X)
    found = cs.signatures.learn(other, layer="counts", **arguments)
    assert found.to_toml() == learned.to_toml()


def test_it_scores_another_experiment(paired, stimulation):
    _, _, learned = paired
    other = stimulation(3, seed=8).adata
    cs.tl.score(other, signatures=learned.catalogue, control=("cytokine", "control"))
    z = other.obsm["cytosig_score"]["IL99"]
    treated = (other.obs["cytokine"] == "IL99").to_numpy()
    assert z[treated].min() > 5
    assert z[~treated].abs().max() < z[treated].min()


def test_cells_are_added_up_to_samples(interferon):
    """The samples that pseudobulk makes give the same signature; the cells themselves none."""
    cells, arguments = interferon
    learned = cs.signatures.learn(cells, **arguments)
    bulk = cs.pp.pseudobulk(cells, sample_key="sample")
    alone = {name: value for name, value in arguments.items() if name != "sample_key"}
    assert cs.signatures.learn(bulk, **alone).to_toml() == learned.to_toml()
    evidence = learned.signature.evidence
    assert (evidence.n_treated, evidence.n_control) == (6, 6)
    truth = cs.signatures.load()["IFNG"].weights
    right = [g for g, w in learned.signature.weights.items() if w * truth.get(g, 0.0) > 0]
    assert len(right) >= 0.9 * len(learned.signature.genes)
    assert learned.validated
    assert learned.overlap["signature"][0] == "IFNG"
    assert f"It is IFNG again (correlation {learned.overlap['correlation'][0]:.2f}" in repr(learned)


def test_a_blocked_response_is_called_the_response_in_reverse(interferon):
    cells, arguments = interferon
    learned = cs.signatures.learn(
        cells, **{**arguments, "treatment": ("condition", "control"), "control": "treated"}
    )
    assert sum(weight < 0 for weight in learned.signature.weights.values()) == 12  # of at most 60
    share = learned.overlap.set_index("signature")["correlation"]
    assert share.abs().idxmax() == "IFNG"
    assert f"It is IFNG in reverse (correlation {share['IFNG']:.2f}" in learned.summary
    assert "IFNG answers most in this experiment (z -" in learned.summary


def test_means_of_logarithms_where_there_are_no_counts(interferon, log_normalise):
    cells, arguments = interferon
    logged = anndata.AnnData(
        sparse.csr_matrix(log_normalise(cells.X.toarray())), obs=cells.obs, var=cells.var
    )
    learned = cs.signatures.learn(logged, **{**arguments, "max_q": 0.5})
    assert learned.signature.evidence.values == "means of log1p"
    row = learned.genes.set_index("gene").loc["GBP1"]
    treated = (cells.obs["condition"] == "treated").to_numpy()
    column = logged.to_df()["GBP1"]
    difference = (column[treated].mean() - column[~treated].mean()) / np.log(2)
    assert row["lfc"] == pytest.approx(difference, abs=0.1)  # up to the levelling of depth


def test_a_cytokine_that_is_known_brings_its_axis_and_its_parts(stimulation):
    made = stimulation(3)
    names = list(made.adata.var_names)
    names[:4] = ["IL22", "IL22RA1", "IL22RA2", "SOCS3"]
    made.adata.var_names = names
    made.adata.obs["drug"] = made.adata.obs["cytokine"].replace({"IL99": "IL-22"})
    logger = logging.getLogger("cytosig")
    caught: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: caught.append(record.getMessage())
    logger.addHandler(handler)
    try:
        learned = cs.signatures.learn(
            made.adata, treatment=("drug", "IL-22"), control="control", batch_key="donor"
        )
    finally:
        logger.removeHandler(handler)
    assert (learned.cytokine, learned.signature.id) == ("IL22", "IL22_learnt")
    assert learned.signature.axis == "STAT3"
    notes = learned.genes.set_index("gene")["note"]
    assert notes[["IL22", "IL22RA1", "IL22RA2"]].tolist() == ["ligand", "receptor", "decoy"]
    assert any("IL22_learnt lists IL22, the gene of the ligand itself" in text for text in caught)
    also = learned.genes.set_index("gene").loc["SOCS3", "also_in"].split(", ")
    shipped = cs.signatures.load()
    assert also == [s.id for s in shipped if s.weights.get("SOCS3", 0) > 0]
    # its own axis does not press on its weights: SOCS3 is listed by IL6 and others of STAT3
    weight = learned.signature.weights["SOCS3"]
    other = cs.signatures.learn(
        made.adata, treatment=("drug", "IL-22"), control="control", batch_key="donor", axis=""
    )
    assert other.signature.axis == ""
    assert other.signature.weights["SOCS3"] < weight < 1  # other axes do


def test_it_joins_the_shipped_catalogue_in_its_axis(paired):
    _, _, learned = paired
    mine = replace(learned.signature, axis="STAT6")
    catalogue = Catalogue.from_signatures([mine])
    both = cs.signatures.load().merge(catalogue)
    assert both.axes["STAT6"].members == ("IL4", "IL13", "IL99")
    assert both.axes["STAT6"].tfs == ("STAT6",)
    assert catalogue.axes["STAT6"].members == ("IL99",)
    turned = catalogue.merge(cs.signatures.load())
    assert turned.axes["STAT6"].name == both.axes["STAT6"].name
    moved = Catalogue.from_signatures([replace(mine, axis="IFN-II")])
    with pytest.raises(SignatureError, match="'IL99' and they differ"):
        both.merge(moved)
    same = Catalogue(catalogue.signatures, axes=moved.axes)
    with pytest.raises(SignatureError, match=r"in the axis 'STAT6' of one .* 'IFN-II' of"):
        catalogue.merge(same)


def test_a_compartment_is_compared_with_its_own_lists(paired):
    made, arguments, _ = paired
    learned = cs.signatures.learn(
        made.adata, compartment="myeloid", id="mine", experiment=" GSE1 ", **arguments
    )
    assert learned.signature.id == "mine"
    assert learned.signature.evidence.experiment == "GSE1"
    shipped = cs.signatures.load()
    assert learned.signature.evidence.compartment == "myeloid"
    assert learned.signature.evidence.catalogue == shipped.for_compartment("myeloid").digest


def test_overlap_by_hand():
    """Correlation over 20,000 genes, zeros included; shared genes in the same direction."""
    shipped = Catalogue.from_dict(
        {"A": {f"A{i}": 1.0 - i / 20 for i in range(8)}, "B": {"A0": -1.0, "A1": 0.5, "Z": 1.0}}
    )
    learnt = Signature.from_weights("NEW", {"A0": 1.0, "A1": 0.6, "A9": -0.3, "Z": -0.2, "Y": 0.9})
    genes = [*shipped.genes, "A9", "Y", *(f"N{i}" for i in range(200))]
    contrast = pd.Series(np.random.default_rng(0).normal(size=len(genes)), index=genes)
    table = overlap_of(learnt, contrast, shipped).set_index("signature")
    full = np.zeros((20_000, 3))
    for j, signature in enumerate((*shipped, learnt)):
        for gene, weight in signature.weights.items():
            full[genes.index(gene), j] = weight
    expected = np.corrcoef(full.T)[2]
    np.testing.assert_allclose(table["correlation"][["A", "B"]], expected[:2], rtol=1e-9)
    assert table["n_shared"][["A", "B"]].tolist() == [2, 1]
    assert table["jaccard"][["A", "B"]].tolist() == [2 / 11, 1 / 7]
    assert table["shared"][["A", "B"]].tolist() == ["A0, A1", "A1"]
    assert list(table.index) == sorted(table.index, key=lambda id: -table.loc[id, "correlation"])
    weights = np.array([shipped["A"].weights.get(gene, 0.0) for gene in genes])
    z = np.sqrt(len(genes) - 1) * np.corrcoef(weights, contrast)[0, 1]
    assert table.loc["A", "experiment_z"] == pytest.approx(z, rel=1e-6)
    assert np.isnan(table.loc["B", "experiment_z"])  # three genes are not enough


def test_the_words_say_what_the_figures_say(paired):
    _, _, learned = paired
    text = repr(learned)
    figures = learned.signature.evidence.held_out
    assert text == learned.summary == str(learned)
    assert text.startswith(f"IL99: {len(learned.signature.genes)} genes, ")
    assert "Learnt from 4 samples of cytokine=IL99 against 4 of cytokine=control" in text
    assert f"in {figures.found} of {figures.folds} contrasts left out" in text
    assert f"AUROC over the 8 samples left out {figures.auroc:.2f}" in text
    assert "No shipped signature is close to it" in text
    assert "grade D" in text
    assert isinstance(learned, Learned)


def test_ids_are_made_from_the_treatment(paired):
    made, arguments, _ = paired
    other = made.adata.copy()
    other.obs["cytokine"] = other.obs["cytokine"].replace({"IL99": "(drug) X/Y +2"})
    given = {**arguments, "treatment": ("cytokine", "(drug) X/Y +2")}
    learned = cs.signatures.learn(other, **given)
    assert learned.signature.id == "drug_X_Y_+2"


def test_mouse_genes_are_listed_under_human_symbols(stimulation, sides):
    made = stimulation(3)
    symbols = ["Stat1", "Irf1", "Gbp2", "Socs3", "Bcl3", "Ccl2", "Icam1", "Nfkbia"]
    mouse = [*symbols, *(f"Zz{i:04d}" for i in range(len(symbols), made.adata.n_vars))]
    made.adata.var_names = mouse
    learned = cs.signatures.learn(made.adata, batch_key="donor", organism="mouse", **sides)
    assert set(learned.signature.weights) <= {name.upper() for name in symbols}
    assert learned.signature.evidence.organism == "mouse"
