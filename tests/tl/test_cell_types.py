"""Cell type labels as arguments of ``score``: what is told, stored and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.signatures import Catalogue, Signature

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData


@pytest.fixture
def cells(counts: AnnData) -> AnnData:
    """100 cells of each: CD4/T/macrophage, ND, and 20 without a label."""
    labels = np.array(["CD4/T", "Mac (SPP1+)", "ND"], dtype=object)[np.arange(counts.n_obs) % 3]
    labels[:20] = None
    counts.obs["cell_type"] = pd.Series(labels, index=counts.obs_names)
    return counts


@pytest.fixture
def varied(small: Catalogue) -> Catalogue:
    genes = small.genes[::3]
    return replace(small, variants={"myeloid": {"BETA": Signature.from_genes("BETA", up=genes)}})


def test_labels_without_a_compartment_are_told_with_their_counts(
    cells: AnnData, small: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    n = cells.obs["cell_type"].value_counts()
    cs.tl.score(cells, signatures=small, cell_type_key="cell_type")
    assert (
        f"obs['cell_type']: 2 label(s) of {n['ND'] + 20} observation(s) say no compartment and are"
        f" scored by generic signatures: 'ND' ({n['ND']}), '(empty)' (20). Name theirs with"
        " compartments=."
    ) in caplog.text


def test_many_labels_are_not_all_told(
    counts: AnnData, small: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    counts.obs["cluster"] = np.arange(counts.n_obs) % 30
    cs.tl.score(counts, signatures=small, cell_type_key="cluster")
    assert "30 label(s) of 300 observation(s)" in caplog.text
    assert "'19' (10) and 18 more." in caplog.text


def test_labels_that_are_known_are_no_warning(
    cells: AnnData, small: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    cells.obs["cell_type"] = np.where(np.arange(cells.n_obs) % 2, "Neuron", "NK")
    cs.tl.score(cells, signatures=small, cell_type_key="cell_type")
    assert caplog.text == ""


def test_the_mapping_is_stored(cells: AnnData, small: Catalogue) -> None:
    cs.tl.score(
        cells, signatures=small, cell_type_key="cell_type", compartments={"ND": "epithelial"}
    )
    table = cells.uns["cytosig"]["compartments"]
    assert table["n"].to_dict() == {
        **cells.obs["cell_type"].value_counts().to_dict(), "(empty)": 20,
    }  # fmt: skip
    assert table["compartment"].to_dict() == {
        "CD4/T": "T_NK", "Mac (SPP1+)": "myeloid", "ND": "epithelial", "(empty)": "generic",
    }  # fmt: skip
    assert table["how"].to_dict() == {
        "CD4/T": "rule", "Mac (SPP1+)": "rule", "ND": "user", "(empty)": "unmapped",
    }  # fmt: skip
    params = cells.uns["cytosig"]["params"]
    assert params["cell_type_key"] == "cell_type"
    assert params["compartments"] == ["ND=epithelial"]


def test_an_override_decides_the_score(cells: AnnData, varied: Catalogue) -> None:
    cs.tl.score(cells, signatures=varied, cell_type_key="cell_type", compartments={"ND": "myeloid"})
    found = cells.obsm["cytosig_score"].copy()
    cells.obs["cell_type"] = cells.obs["cell_type"].replace("ND", "monocyte")
    cs.tl.score(cells, signatures=varied, cell_type_key="cell_type")
    pd.testing.assert_frame_equal(found, cells.obsm["cytosig_score"], check_exact=True)
    cs.tl.score(cells, signatures=varied)
    own = (found != cells.obsm["cytosig_score"]).any(axis=1)
    assert own.to_list() == cells.obs["cell_type"].isin(["monocyte", "Mac (SPP1+)"]).to_list()


def test_without_a_column_nothing_of_it_is_stored(cells: AnnData, varied: Catalogue) -> None:
    cs.tl.score(cells, signatures=varied, cell_type_key="cell_type")
    assert {"compartments", "coverage_compartments"} <= cells.uns["cytosig"].keys()
    cs.tl.score(cells, signatures=varied)
    assert not {"compartments", "coverage_compartments"} & cells.uns["cytosig"].keys()
    params = cells.uns["cytosig"]["params"]
    assert (params["cell_type_key"], params["compartments"]) == ("none", "none")


@pytest.mark.filterwarnings("ignore:Writing zarr v2 data:UserWarning")
@pytest.mark.parametrize("kind", ["h5ad", "zarr"])
def test_everything_can_be_written_and_read(
    cells: AnnData, varied: Catalogue, tmp_path: Path, kind: str
) -> None:
    cs.tl.score(
        cells, signatures=varied, cell_type_key="cell_type", compartments={"CD4/T": "generic"}
    )
    path = tmp_path / f"out.{kind}"
    getattr(cells, f"write_{kind}")(path)
    held = getattr(anndata, f"read_{kind}")(path).uns["cytosig"]
    for name in ("compartments", "coverage_compartments", "coverage"):
        written = cells.uns["cytosig"][name]
        assert list(held[name].columns) == list(written.columns)
        assert list(held[name].index) == list(written.index)
        for column in written.columns:
            assert held[name][column].to_list() == written[column].to_list()
    assert list(held["params"]["compartments"]) == ["CD4/T=generic"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"cell_type_key": "celltype"},
            "cell_type_key='celltype': obs has no column 'celltype'; it has",
        ),
        ({"compartments": {"ND": "B"}}, "name it in cell_type_key="),
        (
            {"cell_type_key": "cell_type", "compartments": {"ND": "myloid"}},
            "maps 'ND' to 'myloid'; expected one of epithelial, stromal, myeloid, T_NK, B, generic",
        ),
        (
            {"cell_type_key": "cell_type", "compartments": {"Nd": "B", "x": "B"}},
            "names 'Nd', 'x', which no observation is labelled; the labels are 'CD4/T', 'Mac",
        ),
    ],
)
def test_a_wrong_call_writes_nothing(
    cells: AnnData, small: Catalogue, options: dict[str, object], text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        cs.tl.score(cells, signatures=small, **options)
    assert text in str(caught.value)
    assert (list(cells.obsm), list(cells.uns)) == ([], [])


def test_fitting_a_reference_knows_cell_types_of_samples_alone(cells: AnnData) -> None:
    """Moments of all cells whatever their types; with samples also views by type."""
    with pytest.raises(UsageError, match="cell_type_key= needs sample_key="):
        cs.tl.fit_reference(cells, cell_type_key="cell_type")
    assert cs.tl.fit_reference(cells).cohort is None
    with pytest.raises(
        DataError, match=r"obs\['cell_type'\] is empty for 20 observations, 'cell0'"
    ):
        cs.tl.fit_reference(cells, sample_key="donor", cell_type_key="cell_type")
    cells = cells[20:].copy()
    found = cs.tl.fit_reference(
        cells, sample_key="donor", cell_type_key="cell_type", compartments={"ND": "epithelial"}
    )
    assert found.n_obs == cells.obs["donor"].nunique() == 3
    types = [name for name in found.cohort.views if name.startswith("cell type ")]
    assert sorted(types) == sorted(f"cell type {label}" for label in set(cells.obs["cell_type"]))
    n = cells.obs.groupby(["donor", "cell_type"], observed=False).size().unstack()
    for name in types:
        empty = np.isnan(found.cohort.views[name]).all(axis=1)
        assert empty.tolist() == (n[name.removeprefix("cell type ")] < 10).tolist()
