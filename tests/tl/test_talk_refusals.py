"""What sources, targets and links refuse, and odd data that they must bear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import CytosigError, DataError, UsageError
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

CALLS = ("sources", "targets", "links")
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}


@pytest.fixture(scope="module")
def cells() -> AnnData:
    return cs.datasets.simulate_tissue(
        n_samples=3, cells_per_sample=90, n_genes=700, rng=1,
        cell_types={"T cell": 1, "malignant": 1, "fibroblast": 1}, depth=3000,
        signatures=load().subset(["IL6", "TNF", "CCL2"]),
    ).adata  # fmt: skip


@pytest.fixture(scope="module")
def ask() -> Callable[..., pd.DataFrame]:
    few = load().subset(["IL6", "TNF", "CCL2"])

    def run(call: str, adata: AnnData, **options: object) -> pd.DataFrame:
        asked = {**KEYS, "signatures": few, "n_jobs": 1, **options}
        return getattr(cs.tl, call)(adata, copy=True, **asked).uns["cytosig"][call]

    return run


# --- the call -------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_key": "patient"}, "sample_key: obs has no column 'patient'"),
        ({"cell_type_key": "type"}, "cell_type_key: obs has no column 'type'"),
        ({"cell_type_key": "sample"}, "both name 'sample'"),
        ({"min_cells": 0}, "min_cells=0: expected 1 or more"),
        ({"expressed": 0}, "expressed=0: expected CPM above 0"),
        ({"expressed": float("nan")}, "expressed=nan: expected CPM above 0"),
        ({"level": 1.0}, "level=1.0: expected a number between 0 and 1"),
        ({"key_added": "a/b"}, "expected a name without '/'"),
        ({"layer": "counts"}, "layer='counts' is not there"),
        ({"gene_symbols": "symbol"}, "gene_symbols='symbol' is no column of var"),
        ({"condition_key": "arm"}, "condition_key: obs has no column 'arm'"),
        ({"signatures": {"MINE": ["STAT1", "IRF1"]}}, "The signatures name no ligands and rec"),
    ],
)
def test_arguments_at_fault(
    cells: AnnData, ask: Callable, call: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(call, cells, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("call", ["sources", "links"])
def test_draws_of_the_bootstrap(cells: AnnData, ask: Callable, call: str) -> None:
    with pytest.raises(UsageError, match="n_boot=1: expected a whole number of 2 or more"):
        ask(call, cells, n_boot=1)


@pytest.mark.parametrize("call", ["targets", "links"])
def test_compartments_that_do_not_exist(cells: AnnData, ask: Callable, call: str) -> None:
    with pytest.raises(UsageError, match="maps 'T cell' to 'blood'"):
        ask(call, cells, compartments={"T cell": "blood"})


@pytest.mark.parametrize("call", CALLS)
def test_something_else_than_an_anndata(call: str) -> None:
    with pytest.raises(UsageError, match="adata is a DataFrame; expected an AnnData"):
        getattr(cs.tl, call)(pd.DataFrame(), **KEYS)


# --- the data -------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
def test_bulk_has_no_cell_types(cells: AnnData, ask: Callable, call: str) -> None:
    with pytest.raises(DataError) as caught:
        ask(call, cells, cell_type_key=None)
    for said in ("cell_type_key=", "cs.tl.channels", "cs.tl.score"):
        assert said in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_one_cell_type(cells: AnnData, ask: Callable, call: str) -> None:
    alone = cells[cells.obs["cell_type"] == "T cell"].copy()
    with pytest.raises(DataError, match=r"obs\['cell_type'\] has one cell type, 'T cell'"):
        ask(call, alone)


@pytest.mark.parametrize("call", CALLS)
def test_one_gene(cells: AnnData, ask: Callable, call: str) -> None:
    """All of a cell's counts would be of it, whatever it makes."""
    with pytest.raises(DataError, match=r"hold 1 gene, 'IL6'.*every gene that was measured"):
        ask(call, cells[:, ["IL6"]].copy())


def test_a_link_says_which_gene_of_the_ligand_is_missing(cells: AnnData, ask: Callable) -> None:
    """As sources says it, beside what is said of the target."""
    without = cells[:, cells.var_names != "IL6"].copy()
    link = ask("links", without).query("cytokine == 'IL6'")
    assert link["p"].isna().all()
    assert link["flags"].str.contains("source: .*IL6 not measured").all()
    assert not ask("links", cells)["flags"].str.contains("IL6 not measured").any()


def test_contrasts(cells: AnnData, ask: Callable) -> None:
    scaled = cells.copy()
    x = np.log1p(cells.X.toarray())
    scaled.X = (x - x.mean(axis=0)) / (x.std(axis=0) + 0.1)
    with pytest.raises(DataError, match=r"The values are contrasts .*Pass layer= with counts"):
        ask("sources", scaled)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_named(cells: AnnData, ask: Callable, value: float) -> None:
    broken = cells.copy()
    x = cells.X.toarray()
    x[7, 11] = value
    broken.X = sparse.csr_matrix(x)
    with pytest.raises(DataError) as caught:
        ask("targets", broken)
    for said in (str(value), cells.obs_names[7], cells.var_names[11]):
        assert repr(said) in str(caught.value) or said in str(caught.value)


def test_too_few_cells_of_every_type(cells: AnnData, ask: Callable) -> None:
    largest = cells.obs.groupby(["sample", "cell_type"], observed=True).size().max()
    with pytest.raises(DataError, match=f"has 500 cells of one type .at most {largest}."):
        ask("sources", cells, min_cells=500)


@pytest.mark.parametrize("key", ["sample", "cell_type"])
def test_cells_without_a_label(cells: AnnData, ask: Callable, key: str) -> None:
    gaps = cells.copy()
    gaps.obs.loc[gaps.obs_names[[3, 17]], key] = np.nan
    with pytest.raises(DataError, match=f"obs\\['{key}'\\] is empty for 2 observations"):
        ask("links", gaps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell_type_key": "donor"}, r"a pseudobulk \(sum\) by 'sample' and 'donor'"),
        ({"mode": "mean"}, r"a pseudobulk \(mean\) by 'sample' and 'cell_type'"),
        ({"cell_type_key": None}, r"a pseudobulk \(sum\) by 'sample' and 'none'"),
    ],
)
def test_a_pseudobulk_of_another_kind(
    cells: AnnData, ask: Callable, options: dict[str, object], message: str
) -> None:
    bulk = cs.pp.pseudobulk(cells, **{**KEYS, **options}, n_jobs=1)
    with pytest.raises(DataError, match=message):
        ask("sources", bulk)


def test_no_gene_of_the_catalogue_is_measured(cells: AnnData, ask: Callable) -> None:
    other = cells.copy()
    other.var_names = [f"ZZZ{i}" for i in range(cells.n_vars)]
    with pytest.raises(CytosigError):
        ask("sources", other)


@pytest.mark.parametrize("call", ["targets", "links"])
def test_data_without_any_count(cells: AnnData, ask: Callable, call: str) -> None:
    nothing = cells.copy()
    nothing.X = sparse.csr_matrix(cells.shape, dtype=np.float32)
    with pytest.raises(CytosigError):
        ask(call, nothing)


@pytest.mark.parametrize("call", ["sources", "targets"])
def test_a_condition_that_is_the_batch(
    cells: AnnData, ask: Callable, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    """What cannot be told apart is refused, or said at least."""
    both = cells.copy()
    both.obs["arm"] = np.where(cells.obs["sample"] == "S01", "on", "off")
    both.obs["batch"] = np.where(cells.obs["sample"] == "S01", "first", "second")
    try:
        ask(call, both, condition_key="arm", covariates=["batch"])
    except DataError as error:
        assert "arm" in str(error)
    else:
        assert "arm" in caplog.text


# --- odd, and borne -------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [["<script>", "", "x|y"], ["Ünïcode & co", "a\tb", "'\""]])
def test_labels_of_any_kind(cells: AnnData, ask: Callable, labels: list[str]) -> None:
    """The numbers do not depend on what types are called (unless that is a compartment)."""
    named = cells.copy()
    types = ["T cell", "malignant", "fibroblast"]
    plain = cells.copy()
    for adata, new in ((named, labels), (plain, ["k1", "k2", "k3"])):
        by = dict(zip(types, new, strict=True))
        adata.obs["cell_type"] = pd.Categorical(cells.obs["cell_type"].map(by), new)
    for call in CALLS:
        found, expected = ask(call, named), ask(call, plain)
        column = "source" if call == "links" else "cell_type"
        back = dict(zip(labels, ["k1", "k2", "k3"], strict=True))
        assert found[column].map(back).tolist() == expected[column].tolist()
        np.testing.assert_array_equal(found["p"], expected["p"])


def test_labels_that_are_numbers(cells: AnnData, ask: Callable) -> None:
    numbered = cells.copy()
    numbered.obs["cell_type"] = cells.obs["cell_type"].cat.codes.astype(int) + 8
    numbered.obs["sample"] = cells.obs["sample"].cat.codes.astype(int)
    found = ask("sources", numbered)
    assert list(dict.fromkeys(found["cell_type"])) == ["8", "9", "10"]


@pytest.mark.parametrize("call", CALLS)
def test_one_sample_describes(cells: AnnData, ask: Callable, call: str) -> None:
    found = ask(call, cells[cells.obs["sample"] == "S01"].copy())
    assert found["p"].isna().all()
    assert found["q"].isna().all()
    shown = {"sources": "specificity", "targets": "response", "links": "strength"}[call]
    read = found[found["cytokine"] != "CCL2"] if call == "targets" else found
    assert read[shown].notna().all()
    assert found["flags"].str.contains("one sample: no p").all()
    if call == "targets":
        assert set(found["class"]) == {"untestable"}


@pytest.mark.parametrize("call", CALLS)
def test_a_type_without_any_count_in_a_sample(cells: AnnData, ask: Callable, call: str) -> None:
    empty = cells.copy()
    x = cells.X.toarray()
    here = (cells.obs["cell_type"] == "T cell") & (cells.obs["sample"] == "S02")
    x[here.to_numpy()] = 0
    empty.X = sparse.csr_matrix(x)
    found = ask(call, empty)
    assert found["p"].notna().any()


@pytest.mark.parametrize("call", CALLS)
def test_cell_types_that_are_dates(cells: AnnData, ask: Callable, call: str) -> None:
    """Whatever they mean, they are told apart, as those of the same names are."""
    days = {name: f"2024-01-0{i + 1}" for i, name in enumerate(sorted(set(cells.obs["cell_type"])))}
    named = cells.copy()
    named.obs["cell_type"] = cells.obs["cell_type"].astype(str).map(days)
    dated = named.copy()
    dated.obs["cell_type"] = pd.to_datetime(named.obs["cell_type"])
    found = ask(call, dated)
    pd.testing.assert_frame_equal(found, ask(call, named), check_exact=True)


def test_logarithms_of_no_number_are_refused(cells: AnnData, ask: Callable) -> None:
    """2 to the power of 5,000 is infinite, and so would the shares of all other cells be."""
    logged, looked_at = cells.copy(), np.linspace(0, cells.n_obs - 1, 200).astype(int)
    x = cells.X.toarray()
    logged.X = np.log2(x / x.sum(axis=1, keepdims=True) * 1e4 + 1.0)
    logged.X[np.setdiff1d(np.arange(cells.n_obs), looked_at)[0], 1] = 5e3 * cells.n_obs
    with pytest.raises(DataError, match="is the logarithm of no number"):
        ask("sources", logged)
