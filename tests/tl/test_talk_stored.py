"""Where sources, targets and links are kept, what survives a file, and what a rerun replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig.signatures import load

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

CALLS = ("sources", "targets", "links")
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}
OF_ALL = {"format", "calls", "given"}
HELD = {
    *CALLS, "sources_change", "targets_change", "links_strength",
    "sources_params", "targets_params", "links_params",
}  # fmt: skip


@pytest.fixture(scope="module")
def few() -> Catalogue:
    return load().subset(["IL6", "TNF", "IL12", "CCL2"])


@pytest.fixture(scope="module")
def cells(few: Catalogue) -> AnnData:
    return cs.datasets.simulate_tissue(
        n_samples=4, cells_per_sample=90, n_genes=800, rng=3, conditions=("before", "after"),
        cell_types={"T cell": 1, "malignant": 1, "fibroblast": 1}, depth=3000, signatures=few,
    ).adata  # fmt: skip


@pytest.fixture(scope="module")
def done(cells: AnnData, few: Catalogue) -> AnnData:
    """All three, with a condition."""
    adata = cells.copy()
    for call in CALLS:
        out = getattr(cs.tl, call)(adata, **KEYS, signatures=few, condition_key="condition")
        assert out is None
    return adata


def same(one: object, two: object, where: str = "uns") -> None:
    """Records alike; lists may have become arrays in a file."""
    if isinstance(one, dict):
        assert set(one) == set(two), where
        for key in one:
            same(one[key], two[key], f"{where}/{key}")
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, two, check_exact=True, obj=where, check_dtype=False)
    elif isinstance(one, list | np.ndarray):
        assert list(one) == list(two), where
    else:
        assert one == two, where


def test_tables_and_what_was_asked(done: AnnData, few: Catalogue) -> None:
    record = done.uns["cytosig"]
    assert set(record) - OF_ALL == HELD
    assert set(done.obsm) == set()
    params = record["links_params"]
    asked = ("sample_key", "cell_type_key", "condition_key", "min_cells", "expressed", "level")
    assert [params[k] for k in asked] == ["sample", "cell_type", "condition", 10, 5.0, 0.95]
    assert params["catalogue_digest"] == few.digest
    assert params["versions"]["numpy"] == np.__version__


def test_copy_leaves_the_input_alone(cells: AnnData, done: AnnData, few: Catalogue) -> None:
    before = cells.copy()
    for call in CALLS:
        out = getattr(cs.tl, call)(
            cells, **KEYS, signatures=few, condition_key="condition", copy=True
        )
        assert out is not cells
        same(out.uns["cytosig"][call], done.uns["cytosig"][call])
    assert not cells.uns
    assert (cells.X != before.X).nnz == 0
    pd.testing.assert_frame_equal(cells.obs, before.obs)


@pytest.mark.filterwarnings("ignore:Writing zarr v2 data:UserWarning")
@pytest.mark.parametrize(
    ("kind", "labels"),
    [("h5ad", None), ("h5ad", ["NK/T", "<b>", ""]), ("zarr", ["NK/T", "<b>", ""])],
)
def test_results_survive_a_file(
    cells: AnnData, done: AnnData, few: Catalogue, tmp_path: Path, kind: str,
    labels: list[str] | None,
) -> None:  # fmt: skip
    """Also where types and samples have names that are paths; what is read can be stored again."""
    adata = done.copy()
    if labels is not None:
        adata = cells.copy()
        adata.obs["cell_type"] = cells.obs["cell_type"].cat.rename_categories(labels)
        adata.obs["sample"] = [f"P/{s}" for s in cells.obs["sample"]]
        for call in CALLS:
            getattr(cs.tl, call)(adata, **KEYS, signatures=few, condition_key="condition")
    path = tmp_path / f"talk.{kind}"
    write, read = getattr(anndata.AnnData, f"write_{kind}"), getattr(anndata, f"read_{kind}")
    write(adata, path)
    found = read(path)
    same(dict(adata.uns["cytosig"]), dict(found.uns["cytosig"]))
    if kind == "h5ad":
        write(found, tmp_path / "again.h5ad")


def test_compartments_of_labels_survive_a_file(
    cells: AnnData, few: Catalogue, tmp_path: Path
) -> None:
    adata = cells.copy()
    labels = ["NK/T", "malignant", "fibroblast"]
    adata.obs["cell_type"] = cells.obs["cell_type"].cat.rename_categories(labels)
    cs.tl.targets(adata, **KEYS, signatures=few, compartments={"NK/T": "T_NK"})
    adata.write_h5ad(tmp_path / "talk.h5ad")
    found = anndata.read_h5ad(tmp_path / "talk.h5ad")
    same(dict(adata.uns["cytosig"]), dict(found.uns["cytosig"]))


def test_a_later_score_keeps_them(done: AnnData, few: Catalogue) -> None:
    adata = done.copy()
    cs.tl.score(adata, signatures=few)
    assert set(adata.uns["cytosig"]) >= HELD
    assert "coverage" in adata.uns["cytosig"]
    for name in HELD - {"sources_params", "targets_params", "links_params"}:
        same(adata.uns["cytosig"][name], done.uns["cytosig"][name])


def test_they_keep_scores_and_each_other(done: AnnData, few: Catalogue) -> None:
    adata = done.copy()
    cs.tl.score(adata, signatures=few)
    before = dict(adata.uns["cytosig"])
    scores = adata.obsm["cytosig_score"].copy()
    cs.tl.targets(adata, **KEYS, signatures=few.subset(["IL6"]))
    after = dict(adata.uns["cytosig"])
    kept = set(before) - {"targets", "targets_change", "targets_params", "calls", "given"}
    for name in kept:
        same(after[name], before[name])
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], scores)


def test_a_rerun_takes_the_place_of_the_older_run(done: AnnData, few: Catalogue) -> None:
    """Without a condition there is no change, nor is the older one left."""
    adata = done.copy()
    for call in CALLS:
        getattr(cs.tl, call)(adata, **KEYS, signatures=few.subset(["TNF"]))
        assert set(adata.uns["cytosig"][call]["cytokine"]) == {"TNF"}
    assert set(adata.uns["cytosig"]) - OF_ALL == HELD - {"sources_change", "targets_change"}
    assert len(adata.uns["cytosig"]["links_strength"]) == 9


def test_a_run_that_fails_leaves_the_older_one(done: AnnData, few: Catalogue) -> None:
    adata = done.copy()
    with pytest.raises(DataError, match="5000 cells"):
        cs.tl.links(adata, **KEYS, signatures=few, min_cells=5000)
    same(dict(adata.uns["cytosig"]), dict(done.uns["cytosig"]))


@pytest.mark.parametrize("call", CALLS)
def test_key_added(cells: AnnData, done: AnnData, few: Catalogue, call: str) -> None:
    adata = cells.copy()
    options = {**KEYS, "signatures": few, "condition_key": "condition"}
    getattr(cs.tl, call)(adata, **options, key_added="mine")
    assert set(adata.uns) == {"mine"}
    same(adata.uns["mine"][call], done.uns["cytosig"][call])


def test_seeds(cells: AnnData, few: Catalogue) -> None:
    """The same seed, the same interval; a generator is used as it is."""

    def low(rng: object) -> list[float]:
        out = cs.tl.sources(cells, **KEYS, signatures=few, rng=rng, copy=True, n_boot=60)
        return out.uns["cytosig"]["sources"]["share_low"].tolist()

    assert low(4) == low(4) == low(np.random.default_rng(4))
    assert low(4) != low(5)
