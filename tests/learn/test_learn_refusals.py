"""What cannot be learnt from is refused, with what was found and what to do."""

from __future__ import annotations

import anndata
import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError

learn = cs.signatures.learn


@pytest.fixture
def adata(stimulation):
    return stimulation(3).adata


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"treatment": "cytokine"}, r"treatment='cytokine': expected \(obs column, value\)"),
        ({"treatment": ("drug", "X")}, "treatment: obs has no column 'drug'"),
        ({"treatment": ("cytokine", "IL98")}, "no sample has 'IL98' .* 'IL99', 'control'"),
        ({"control": "none"}, r"control: no sample has 'none' in obs\['cytokine'\]"),
        ({"control": ("donor", "D0")}, "1 samples are treated and control, 'D0_IL99' first"),
        ({"control": "IL99"}, "3 samples are treated and control"),
        ({"batch_key": "plate"}, "batch_key: obs has no column 'plate'"),
        ({"covariates": ["plate"]}, "covariates: obs has no column 'plate'"),
        ({"batch_key": "donor", "covariates": "donor"}, "names 'donor', which batch_key="),
        ({"covariates": ["age", "age"]}, "names a column twice"),
        ({"max_genes": 4}, "max_genes=4: expected 5 or more"),
        ({"max_q": 0.0}, "max_q=0.0: expected a number above 0"),
        ({"min_lfc": -1.0}, "min_lfc=-1.0: expected a number from 0"),
        ({"axis": "STAT33"}, "axis='STAT33': expected one of IFN-I-III, "),
        ({"compartment": "nerve"}, "compartment='nerve': expected one of epithelial, "),
        ({"id": "IL/99"}, "id='IL/99': expected letters"),
        ({"sample_key": "patient"}, "obs has no column 'patient'"),
        ({"layer": "counts"}, "layer='counts' is not there"),
    ],
)
def test_calls_that_name_what_is_not_there(adata, sides, change, message):
    with pytest.raises(UsageError, match=message):
        learn(adata, **{**sides, **change})


def test_one_sample_on_a_side(adata, sides):
    with pytest.raises(DataError, match=r"1 treated \(cytokine=IL99\) and 3 control .* 2 of each"):
        learn(adata[[0, 1, 2, 4]].copy(), **sides)


def test_cells_are_no_samples(counts):
    with pytest.raises(DataError, match="look like single cells"):
        learn(counts, treatment=("arm", "treated"), control="untreated")


def test_cells_of_two_samples_are_two_samples(counts):
    counts.obs["dish"] = counts.obs["arm"]
    with pytest.raises(DataError, match=r"1 treated .* and 1 control .* no replicates"):
        learn(counts, treatment=("arm", "treated"), control="untreated", sample_key="dish")


def test_sides_that_differ_within_a_sample(counts):
    with pytest.raises(DataError, match="not the same in all observations of a sample"):
        learn(counts, treatment=("arm", "treated"), control="untreated", sample_key="donor")


def test_batches_that_are_the_treatment(adata, sides):
    adata.obs["run"] = np.where(adata.obs["cytokine"] == "IL99", "monday", "friday")
    with pytest.raises(DataError, match=r"no 'run' holds both sides \('monday' only treated"):
        learn(adata, batch_key="run", **sides)
    with pytest.raises(DataError, match="covariate 'run' is the treatment"):
        learn(adata, covariates=["run"], **sides)


def test_a_number_that_is_the_treatment(adata, sides):
    adata.obs["dose"] = (adata.obs["cytokine"] == "IL99").astype(float)
    with pytest.raises(DataError, match="follows from the other columns"):
        learn(adata, covariates=["dose"], **sides)


def test_batches_with_one_side_are_left_out_aloud(stimulation, sides, caplog):
    adata = stimulation(4).adata[1:].copy()  # D0 has no control
    learned = learn(adata, batch_key="donor", **sides)
    assert "1 samples left out: their donor holds one side only (D0)" in caplog.text
    evidence = learned.signature.evidence
    assert (evidence.n_treated, evidence.n_control, evidence.n_batches) == (3, 3, 3)
    same = learn(stimulation(4).adata[2:].copy(), batch_key="donor", **sides)
    assert learned.to_toml() == same.to_toml()


def test_nothing_left_to_judge_by(adata, sides):
    adata.obs["a"], adata.obs["b"] = [1.0, 2, 4, 3, 5, 7], [1.0, 0, 0, 2, 0, 9]
    adata.obs["c"], adata.obs["d"] = [0.0, 0, 1, 0, 0, 5], [3.0, 1, 0, 0, 2, 0]
    with pytest.raises(DataError, match="6 samples and as many unknowns"):
        learn(adata, covariates=["a", "b", "c", "d"], **sides)


def test_gaps_are_named(adata, sides):
    adata.obs.loc["D1_control", "donor"] = np.nan
    with pytest.raises(DataError, match=r"obs\['donor'\] is empty for 1 .* 'D1_control' first"):
        learn(adata, batch_key="donor", **sides)
    adata.X[2, 7] = np.nan
    with pytest.raises(DataError, match="observation 'D1_control', gene 'XX0007'"):
        learn(adata, **sides)


def test_how_many_genes_passed_which_bar(stimulation, sides):
    adata = stimulation(3, effect=0.3).adata
    with pytest.raises(DataError) as caught:
        learn(adata, batch_key="donor", **sides)
    text = str(caught.value)
    assert text.startswith("Too few genes for a signature, which needs 5: 900 were tested")
    assert "0 have q <= 0.05" in text
    assert "More samples help most" in text


def test_no_anndata(sides):
    with pytest.raises(UsageError, match="expected an AnnData"):
        learn([1, 2], **sides)


def test_neither_side_is_left_out_and_counted(stimulation, sides, caplog):
    made = stimulation(4)
    more = anndata.concat([made.adata, made.adata[:2].copy()], index_unique="-")
    more.obs["cytokine"] = [*made.adata.obs["cytokine"], "IL98", "IL98"]
    with caplog.at_level("INFO", logger="cytosig"):
        learned = learn(more, batch_key="donor", **sides)
    assert "2 samples are on neither side and left out" in caplog.text
    assert learned.signature.evidence.n_control == 4
