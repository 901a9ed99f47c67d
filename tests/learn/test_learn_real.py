"""Real stimulations: what is learnt in one is recognised in another; needs the development data."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig.stats.auroc import auroc as roc

if TYPE_CHECKING:
    from cytosig.learn import Learned

DATA = Path(__file__).parents[3] / "shared" / "data"
FILES = {
    "kidney": "stim_jankowski_hppt", "colon": "stim_t84_il22_ifnl", "bronchus": "stim_hbec_il13",
    "blood": "stim_kang_ifnb_2800", "mouse": "stim_hetil15_nanostring_mouse",
}  # fmt: skip
BLOCKS = {"colon": "time_h", "bronchus": "donor"}

pytestmark = pytest.mark.skipif(
    not (DATA / "stim_jankowski_hppt.h5ad").is_file(),
    reason="the development data are not beside the project",
)


@cache
def _read(name: str) -> anndata.AnnData:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anndata.read_h5ad(DATA / f"{FILES[name]}.h5ad")


@cache
def _learnt(name: str, value: str) -> Learned:
    return cs.signatures.learn(
        _read(name), treatment=("cytokine", value), control="control", batch_key=BLOCKS.get(name)
    )


def _auroc(learned: Learned, name: str, value: str) -> float:
    """Of samples of another experiment, centred on its controls."""
    adata = _read(name)
    adata = adata[adata.obs["cytokine"].isin([value, "control"])].copy()
    cs.tl.score(
        adata, signatures=learned.catalogue, batch_key=BLOCKS.get(name), method="ulm",
        control=("cytokine", "control"),
    )  # fmt: skip
    score = adata.obsm["cytosig_score"].iloc[:, 0].to_numpy()
    treated = (adata.obs["cytokine"] == value).to_numpy()
    return float((score[treated][:, None] > score[~treated]).mean())


# where, what, and the shipped signatures that may be the closest
CASES = [
    ("bronchus", "IL13", {"IL13"}),
    ("kidney", "IFNA", {"IFN1"}),
    ("kidney", "IFNB", {"IFN1"}),
    ("kidney", "IFNG", {"IFNG"}),
    ("kidney", "IL1B", {"IL1B"}),
    ("colon", "IL22", {"IL22"}),
    ("colon", "IFNL", {"IFN1", "IFNL"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value", "closest"), CASES)
def test_the_right_shipped_signature_is_the_closest(name, value, closest):
    learned = _learnt(name, value)
    figures = learned.signature.evidence.held_out
    assert learned.overlap["signature"][0] in closest
    assert learned.overlap.sort_values("experiment_z")["signature"].iloc[-1] in closest
    assert figures.found == figures.folds
    assert figures.auroc == 1
    assert learned.validated


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made_in", "value", "name", "other"),
    [
        ("kidney", "IFNB", "colon", "IFNL"),
        ("colon", "IFNL", "kidney", "IFNA"),
        ("colon", "IFNL", "kidney", "IFNB"),
        ("kidney", "IFNA", "kidney", "IFNB"),
    ],
)
def test_what_is_learnt_in_one_is_seen_in_another(made_in, value, name, other):
    assert _auroc(_learnt(made_in, value), name, other) == 1


@pytest.mark.slow
def test_interferon_under_another_name_is_called_interferon_again():
    adata = _read("colon").copy()
    adata.obs["agent"] = adata.obs["cytokine"].astype(str).replace({"IFNL": "drug X"})
    learned = cs.signatures.learn(
        adata, treatment=("agent", "drug X"), control="control", batch_key="time_h"
    )
    assert learned.signature.axis == ""
    assert "It is IFN1 again" in learned.summary
    assert "much of the change is that response" in learned.summary


@pytest.mark.slow
def test_interferon_learnt_in_kidney_is_seen_in_blood():
    """In single cells after interferon beta; more by what was learnt of it than of gamma."""
    blood = _read("blood").copy()
    stimulated = (blood.obs["sample"] == "STIM").to_numpy()
    areas = {}
    for value in ("IFNB", "IFNG", "IL1B"):
        learned = _learnt("kidney", value)
        cs.tl.score(
            blood, signatures=learned.catalogue, method="ulm", control=("sample", "CTRL"),
            key_added=value,
        )  # fmt: skip
        score = blood.obsm[f"{value}_score"].iloc[:, 0]
        areas[value] = roc(score, stimulated).estimate
    assert areas["IFNB"] > 0.98 > areas["IFNG"]
    assert 0.4 < areas["IL1B"] < 0.6


def test_cells_of_one_sample_a_side_are_refused():
    with pytest.raises(DataError, match="look like single cells"):
        cs.signatures.learn(_read("blood"), treatment=("sample", "STIM"), control="CTRL")
    with pytest.raises(DataError, match=r"1 treated .* 1 control .* no replicates"):
        cs.signatures.learn(
            _read("blood"), treatment=("sample", "STIM"), control="CTRL", sample_key="sample"
        )


@pytest.mark.slow
def test_a_mouse_panel_gives_human_genes():
    learned = cs.signatures.learn(
        _read("mouse"), treatment=("cytokine", "IL15"), control="control", organism="mouse",
        batch_key="tissue", covariates=["batch"],
    )  # fmt: skip
    assert {"IL2RB", "NCR1"} <= set(learned.signature.weights)
    assert learned.overlap["signature"][0] == "IL15"


@pytest.mark.slow
def test_controls_parted_at_random_teach_nothing():
    """Donors of one experiment without treatment, 40 splits: at most one in ten gives a list."""
    adata = _read("bronchus")
    controls = adata[adata.obs["cytokine"] == "control"].copy()
    learnt = validated = 0
    for seed in range(40):
        picked = np.random.default_rng(seed).permutation(controls.n_obs)[:12]
        part = controls[picked].copy()
        part.obs["side"] = ["a", "b"] * 6
        try:
            learned = cs.signatures.learn(part, treatment=("side", "a"), control="b")
        except DataError as error:
            assert "Too few genes" in str(error)
            continue
        learnt += 1
        validated += learned.validated
    assert learnt <= 4
    assert validated <= 4
