"""Observations of a compartment are scored by its signatures, as if they were alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import DataError
from cytosig.signatures import Catalogue, Signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

SLOTS = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand")
LABELS = ("CD8 T", "Macrophage", "Fibroblast", "Neuron")
WHERE = {"CD8 T": "T_NK", "Macrophage": "myeloid", "Fibroblast": "stromal", "Neuron": "generic"}


def _run(adata: AnnData, catalogue: Catalogue, **options: object) -> AnnData:
    options.setdefault("n_jobs", 1)
    out = cs.tl.score(adata, signatures=catalogue, copy=True, **options)
    assert out is not None
    return out


def _same(one: AnnData, other: AnnData) -> None:
    """Equal to the bit, NaN in the same places."""
    for slot in SLOTS:
        a, b = one.obsm[f"cytosig_{slot}"], other.obsm[f"cytosig_{slot}"]
        pd.testing.assert_frame_equal(a, b, check_exact=True, obj=slot)


def _own(catalogue: Catalogue, compartment: str) -> Catalogue:
    return catalogue if compartment == "generic" else catalogue.for_compartment(compartment)


# --- the contract -------------------------------------------------------------------------------


def test_scores_equal_brute_force(
    cells: AnnData,
    varied: Catalogue,
    log_normalise: Callable[..., np.ndarray],
    weight_matrix: Callable[..., np.ndarray],
    gene_weights: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
) -> None:
    whole = _run(cells, varied, method="mlm", cell_type_key="cell_type")
    x = log_normalise(cells.X.toarray())
    x -= x.mean(axis=0)
    for label, compartment in WHERE.items():
        mine = (cells.obs["cell_type"] == label).to_numpy()
        weights = weight_matrix(_own(varied, compartment), list(cells.var_names))
        expected = correlation_z(x[mine], gene_weights("mlm", weights))
        np.testing.assert_allclose(whole.obsm["cytosig_score"][mine], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": True, "batch_key": "donor"},
        {"control": ("arm", "untreated")},
        {"method": "ulm"},
    ],
)
def test_without_variants_nothing_changes(
    cells: AnnData, small: Catalogue, options: dict[str, object]
) -> None:
    keyed = _run(cells, small, cell_type_key="cell_type", **options)
    _same(keyed, _run(cells, small, **options))
    assert "coverage_compartments" not in keyed.uns["cytosig"]
    told = "no compartment here has signatures of its own: generic ones everywhere"
    assert told in keyed.uns["cytosig"]["notes"]


def test_variants_of_compartments_that_do_not_occur_are_left_alone(
    cells: AnnData, varied: Catalogue
) -> None:
    cells.obs["cell_type"] = "Fibroblast"
    keyed = _run(cells, varied, cell_type_key="cell_type")
    _same(keyed, _run(cells, varied))
    assert "coverage_compartments" not in keyed.uns["cytosig"]


def test_the_shipped_catalogue(cells: AnnData, curated: Catalogue) -> None:
    reference = cs.tl.fit_reference(cells)
    whole = _run(cells, curated, cell_type_key="cell_type", reference=reference)
    table = whole.uns["cytosig"].get("coverage_compartments")
    for label, compartment in WHERE.items():
        every = curated.variants.get(compartment, {})
        used = {id: every[id] for id in every if not table["reason"][f"{compartment}:{id}"]}
        own = replace(curated, variants={compartment: used} if used else {})
        mine = (cells.obs["cell_type"] == label).to_numpy()
        alone = _run(cells[mine].copy(), _own(own, compartment), reference=reference)
        _same(whole[mine].copy(), alone)


# --- invariances --------------------------------------------------------------------------------


def test_blocks_and_threads_do_not_matter(cells: AnnData, varied: Catalogue) -> None:
    options = {"cell_type_key": "cell_type", "scale": True, "batch_key": "donor"}
    expected = _run(cells, varied, **options)
    for how in ({"chunk_size": 1}, {"chunk_size": 7, "n_jobs": 3}, {"n_jobs": 2}):
        _same(expected, _run(cells, varied, **options, **how))


@pytest.mark.parametrize("form", ["csc", "dense", "backed csr", "backed dense", "dask"])
def test_the_form_of_the_matrix_does_not_matter(
    cells: AnnData, varied: Catalogue, tmp_path: Path, form: str
) -> None:
    expected = _run(cells, varied, cell_type_key="cell_type")
    if form == "csc":
        cells.X = cells.X.tocsc()
    if "dense" in form:
        cells.X = cells.X.toarray()
    if form == "dask":
        da = pytest.importorskip("dask.array")
        cells.X = da.from_array(cells.X, chunks=(100, cells.n_vars), asarray=False)
    if "backed" in form:
        cells.write_h5ad(tmp_path / "cells.h5ad")
        cells = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    _same(expected, _run(cells, varied, cell_type_key="cell_type", chunk_size=64))
    if cells.isbacked:
        cells.file.close()


@pytest.mark.parametrize("background", ["all", "signatures"])
def test_a_cell_scores_the_same_in_any_company(
    cells: AnnData, varied: Catalogue, background: str
) -> None:
    """Which compartments are beside it must not move the gene universe."""
    options = {
        "cell_type_key": "cell_type",
        "background": background,
        "reference": cs.tl.fit_reference(cells),
    }
    whole = _run(cells, varied, **options)
    for label in LABELS:
        picked = np.flatnonzero(cells.obs["cell_type"] == label)[[4, 0, 9]]
        _same(whole[picked].copy(), _run(cells[picked].copy(), varied, **options))


def test_progress_counts_every_observation_once(cells: AnnData, varied: Catalogue) -> None:
    seen: list[int] = []
    _run(cells, varied, cell_type_key="cell_type", chunk_size=70, progress=seen.append)
    assert seen == [70, 70, 70, 70, 20]


def test_an_empty_cell_is_nan_in_its_place(cells: AnnData, varied: Catalogue) -> None:
    x = cells.X.toarray()
    row = int(np.flatnonzero(cells.obs["cell_type"] == "Macrophage")[3])
    x[row] = 0
    cells.X = sparse.csr_matrix(x)
    out = _run(cells, varied, cell_type_key="cell_type")
    z = out.obsm["cytosig_score"]
    assert np.flatnonzero(z.isna().all(axis=1)).tolist() == [row]
    reasons = out.uns["cytosig"]["unscored"]["reason"].to_dict()
    assert reasons == {f"cell{row}": "no non-zero value"}


def test_a_value_that_is_no_number_is_named(cells: AnnData, varied: Catalogue) -> None:
    cells.X = cells.X.toarray()
    cells.X[17, 5] = np.nan
    with pytest.raises(DataError, match=f"'cell17'.*{cells.var_names[5]!r}"):
        _run(cells, varied, cell_type_key="cell_type")


# --- coverage -----------------------------------------------------------------------------------


def test_coverage_of_generic_signatures_and_of_each_variant(
    cells: AnnData, varied: Catalogue
) -> None:
    gone = [record.gene for record in varied.variants["myeloid"]["ALPHA"].genes[:6]]
    cells = cells[:, ~cells.var_names.isin(gone)].copy()
    out = _run(cells, varied, cell_type_key="cell_type")
    record = out.uns["cytosig"]
    plain = _run(cells, varied).uns["cytosig"]["coverage"]
    pd.testing.assert_frame_equal(record["coverage"], plain)
    table = record["coverage_compartments"]
    assert list(table.index) == ["myeloid:ALPHA", "myeloid:GAMMA", "T_NK:BETA"]
    assert list(table.columns) == ["compartment", "signature", *plain.columns]
    here = set(cells.var_names)
    for compartment, id in zip(table["compartment"], table["signature"], strict=True):
        weights = varied.variants[compartment][id].weights
        row = table.loc[f"{compartment}:{id}"]
        found = [gene for gene in weights if gene in here]
        share = sum(abs(weights[g]) for g in found) / sum(map(abs, weights.values()))
        assert (row["n_genes"], row["n_found"]) == (len(weights), len(found))
        assert row["coverage"] == pytest.approx(share)
    assert table.loc["myeloid:ALPHA", "n_found"] == 14


def test_a_variant_that_is_not_covered_falls_back(
    cells: AnnData, varied: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    absent = Signature.from_genes("ALPHA", up=[f"ABSENT{i}" for i in range(9)])
    mine = {**varied.variants["myeloid"], "ALPHA": absent}
    broken = replace(varied, variants={**varied.variants, "myeloid": mine})
    without = replace(varied, variants={**varied.variants, "myeloid": {"GAMMA": mine["GAMMA"]}})
    out = _run(cells, broken, cell_type_key="cell_type")
    _same(out, _run(cells, without, cell_type_key="cell_type"))
    record = out.uns["cytosig"]
    reason = "none of its genes is in the data"
    assert f"myeloid: ALPHA scored by its generic signature ({reason})" in record["notes"]
    assert "myeloid: 1 signature(s) of its own" in record["notes"]
    assert record["coverage_compartments"]["reason"].to_dict() == {
        "myeloid:ALPHA": reason, "myeloid:GAMMA": "", "T_NK:BETA": "",
    }  # fmt: skip
    assert f"The myeloid signature of ALPHA is not used: {reason}." in caplog.text


def test_a_variant_is_scored_where_the_generic_signature_is_not(
    cells: AnnData, varied: Catalogue
) -> None:
    other = [gene for gene in cells.var_names if gene.startswith("FILL")][:12]
    mine = replace(varied, variants={"myeloid": {"ALPHA": Signature.from_genes("ALPHA", up=other)}})
    gone = cells.var_names.isin(varied.signatures["ALPHA"].weights)
    out = _run(cells[:, ~gone].copy(), mine, cell_type_key="cell_type")
    assert (
        out.uns["cytosig"]["coverage"].loc["ALPHA", "reason"] == "none of its genes is in the data"
    )
    scored = out.obsm["cytosig_score"].notna()
    assert scored["ALPHA"].to_list() == (cells.obs["cell_type"] == "Macrophage").to_list()
    assert scored["BETA"].all()


def test_nothing_to_score_by_is_an_error(cells: AnnData, small: Catalogue) -> None:
    ids = small.ids
    absent = {id: Signature.from_genes(id, up=[f"{id}{i}" for i in range(9)]) for id in ids}
    swapped = replace(small, signatures=absent, variants={"myeloid": dict(small.signatures)})
    with pytest.raises(DataError, match="None of 3 signatures can be scored; ALPHA: none of its"):
        _run(cells, swapped, cell_type_key="cell_type")
    cells.obs["cell_type"] = "Macrophage"
    out = _run(cells, swapped, cell_type_key="cell_type")
    _same(out, _run(cells, small))


def test_signatures_alike_in_one_compartment_are_named_with_it(
    cells: AnnData, varied: Catalogue
) -> None:
    twin = Signature("BETA", varied.signatures["ALPHA"].genes)
    alike = replace(varied, variants={"stromal": {"BETA": twin}})
    with pytest.raises(DataError, match=r"Signatures of compartment stromal: .*ALPHA and BETA"):
        _run(cells, alike, method="mlm", cell_type_key="cell_type")
    _run(cells, alike, method="ulm", cell_type_key="cell_type")


def test_the_same_weight_everywhere_is_no_variant(cells: AnnData, small: Catalogue) -> None:
    flat = Signature.from_genes("ALPHA", up=small.genes)
    mine = replace(small, variants={"myeloid": {"ALPHA": flat}})
    out = _run(cells, mine, cell_type_key="cell_type", background="signatures")
    reason = out.uns["cytosig"]["coverage_compartments"].loc["myeloid:ALPHA", "reason"]
    assert reason == "the same weight on every gene of the background"
    _same(out, _run(cells, small, background="signatures"))
