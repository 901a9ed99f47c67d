"""The same cells in any form, order or naming give the same sources, targets and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import GeneError
from cytosig.genes.tables import human as human_genes
from cytosig.genes.tables import mouse as mouse_genes
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]

CALLS = ("sources", "targets", "links")


@pytest.fixture(scope="module")
def few() -> Catalogue:
    """Single genes, complexes, decoys, a proxy and a chemokine without a list."""
    return load().subset(["IL6", "TNF", "IL12", "IL23", "IL1B", "IL1A", "CXCL8"])


@pytest.fixture(scope="module")
def tissue(few: Catalogue) -> AnnData:
    """Four patients; a condition, and a cell type that is rare in some."""
    return cs.datasets.simulate_tissue(
        n_samples=4, cells_per_sample=130, n_genes=800, signatures=few, lineage_sd=0.4,
        conditions=("before", "after"), rng=2,
    ).adata  # fmt: skip


@pytest.fixture(scope="module")
def talk(few: Catalogue) -> Callable[..., Tables]:
    """The tables of all three calls on a copy, in the order they were run."""

    def run(adata: AnnData, **options: object) -> Tables:
        found: Tables = {}
        keys = {"sample_key": "sample", "cell_type_key": "cell_type", "signatures": few}
        for call in CALLS:
            asked = {"n_jobs": 1, **keys, **options}
            out = getattr(cs.tl, call)(adata, copy=True, **asked)
            held = out.uns["cytosig"]
            found |= {k: v for k, v in held.items() if isinstance(v, pd.DataFrame)}
        return found

    return run


@pytest.fixture(scope="module")
def tables(tissue: AnnData, talk: Callable) -> Tables:
    return talk(tissue)


def same(one: Tables, two: Tables) -> None:
    """To the last bit."""
    assert one.keys() == two.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name], check_exact=True, obj=name)


def with_x(adata: AnnData, x: object) -> AnnData:
    return anndata.AnnData(x, adata.obs.copy(), adata.var.copy())


# --- forms of the matrix --------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.toarray(),
        lambda x: x.tocsc(),
        lambda x: x.astype(np.int64),
        lambda x: x.toarray().astype(np.float64),
        lambda x: np.asfortranarray(x.toarray()),
    ],
    ids=["dense", "csc", "whole", "double", "fortran"],
)
def test_the_form_of_the_matrix_does_not_matter(
    tissue: AnnData, talk: Callable, tables: Tables, form: Callable
) -> None:
    same(talk(with_x(tissue, form(tissue.X))), tables)


def test_layer_and_raw(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    held = with_x(tissue, np.log1p(tissue.X.toarray()))
    held.layers["counts"] = tissue.X.copy()
    held.raw = tissue
    held = held[:, :500].copy()
    same(talk(held, use_raw=True), tables)
    whole = with_x(tissue, np.log1p(tissue.X.toarray()))
    whole.layers["counts"] = tissue.X.copy()
    same(talk(whole, layer="counts"), tables)


@pytest.mark.parametrize("dense", [False, True])
def test_backed(
    tissue: AnnData, talk: Callable, tables: Tables, tmp_path: Path, dense: bool
) -> None:
    x = tissue.X.toarray() if dense else tissue.X
    with_x(tissue, x).write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    same(talk(backed), tables)
    keys = {"sample_key": "sample", "cell_type_key": "cell_type"}
    cs.tl.sources(backed, **keys, signatures=load().subset(["IL6"]))  # in place
    assert backed.isbacked
    assert set(backed.uns["cytosig"]["sources"]["cytokine"]) == {"IL6"}
    backed.file.close()


def test_dask(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    dask, array = pytest.importorskip("dask"), pytest.importorskip("dask.array")
    lazy = with_x(tissue, array.from_array(tissue.X, chunks=(70, tissue.n_vars), asarray=False))
    with dask.config.set(scheduler="sync"):
        same(talk(lazy), tables)


def test_sums_of_the_pseudobulk(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    bulk = cs.pp.pseudobulk(tissue, sample_key="sample", cell_type_key="cell_type", n_jobs=1)
    same(talk(bulk), tables)


def test_a_pseudobulk_read_from_a_file(
    tissue: AnnData, talk: Callable, tables: Tables, tmp_path: Path
) -> None:
    bulk = cs.pp.pseudobulk(tissue, sample_key="sample", cell_type_key="cell_type", n_jobs=1)
    bulk.write_h5ad(tmp_path / "bulk.h5ad")
    same(talk(anndata.read_h5ad(tmp_path / "bulk.h5ad")), tables)


@pytest.mark.parametrize("form", ["backed", "sparse"])
def test_a_pseudobulk_in_other_forms(
    tissue: AnnData, few: Catalogue, tables: Tables, tmp_path: Path, form: str
) -> None:
    keys = {"sample_key": "sample", "cell_type_key": "cell_type"}
    bulk = cs.pp.pseudobulk(tissue, **keys, n_jobs=1)
    if form == "sparse":
        bulk.X = sparse.csr_matrix(bulk.X)
    else:
        bulk.write_h5ad(tmp_path / "bulk.h5ad")
        bulk = anndata.read_h5ad(tmp_path / "bulk.h5ad", backed="r")
    cs.tl.sources(bulk, **keys, signatures=few)
    pd.testing.assert_frame_equal(bulk.uns["cytosig"]["sources"], tables["sources"])


# --- order, threads, categories -------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [2, None])
def test_threads_do_not_matter(
    tissue: AnnData, talk: Callable, tables: Tables, n_jobs: int | None
) -> None:
    same(talk(tissue, n_jobs=n_jobs), tables)


def test_order_of_cells_does_not_matter(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    order = np.random.default_rng(0).permutation(tissue.n_obs)
    same(talk(tissue[order].copy()), tables)


def test_order_of_genes_does_not_matter(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    order = np.random.default_rng(1).permutation(tissue.n_vars)
    found = talk(tissue[:, order].copy())
    for name, table in tables.items():
        pd.testing.assert_frame_equal(found[name], table, rtol=1e-9, atol=1e-11)
    pd.testing.assert_frame_equal(found["sources"], tables["sources"], check_exact=True)


def test_categories_keep_their_order(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    """Types and samples; a category without any cell is none."""
    other = tissue.copy()
    order = ["macrophage", "nobody", "T cell", "dendritic", "fibroblast", "malignant",
             "endothelial"]  # fmt: skip
    other.obs["cell_type"] = pd.Categorical(tissue.obs["cell_type"].astype(str), order)
    found = talk(other)
    there = [name for name in order if name != "nobody"]
    assert list(dict.fromkeys(found["sources"]["cell_type"])) == there
    assert list(dict.fromkeys(found["links"]["source"])) == there
    by = ["cytokine", "cell_type"]
    for name in ("sources", "targets"):
        one, two = (x[name].sort_values(by).reset_index(drop=True) for x in (found, tables))
        pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_plain_text_is_sorted(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    """By the numbers in it."""
    other = tissue.copy()
    other.obs["cell_type"] = tissue.obs["cell_type"].astype(str)
    other.obs["sample"] = tissue.obs["sample"].astype(str).map(
        {"S01": "p10", "S02": "p2", "S03": "p1", "S04": "p3"}
    )  # fmt: skip
    found = talk(other)
    assert list(found["links_strength"].columns) == ["p1", "p2", "p3", "p10"]
    types = list(dict.fromkeys(found["sources"]["cell_type"]))
    assert types == sorted(types)


# --- names of genes -------------------------------------------------------------------------


def renamed(adata: AnnData, names: list[str]) -> AnnData:
    other = adata.copy()
    other.var_names = pd.Index(names, dtype=str)
    return other


def test_former_symbols_and_ensembl_ids(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    human = human_genes()
    ids = [
        f"{human[g].ensembl[0]}.{i % 9 + 1}" if g in human and human[g].ensembl else g
        for i, g in enumerate(tissue.var_names)
    ]
    assert sum(name.startswith("ENSG") for name in ids) > 300
    same(talk(renamed(tissue, ids)), tables)
    former = {"CXCL8": "IL8", "IL23A": "SGRF"}
    known = [former.get(g, g) for g in tissue.var_names]
    assert set(former.values()) <= set(known)
    same(talk(renamed(tissue, known)), tables)


def test_a_column_of_symbols(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    other = renamed(tissue, [f"row{i}" for i in range(tissue.n_vars)])
    other.var["mine"] = list(tissue.var_names)
    same(talk(other, gene_symbols="mine"), tables)


def test_mouse_genes(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    """By one-to-one orthologs; a gene that has none is missing."""
    mouse = mouse_genes()
    there = [g in mouse or g.startswith("BG") for g in tissue.var_names]
    part = tissue[:, there].copy()
    names = [mouse[g].symbol if g in mouse else f"Gm{g[2:]}" for g in part.var_names]
    as_mouse = renamed(part, names)
    same(talk(as_mouse, organism="mouse"), talk(part))
    with pytest.raises(GeneError, match='Pass organism="mouse"'):
        talk(as_mouse)
    # CXCL8 has no ortholog: it cannot be tested, which is told
    lost = talk(as_mouse, organism="mouse")["sources"].set_index("cytokine").loc["CXCL8"]
    assert lost["p"].isna().all()
    assert lost["flags"].str.contains("untestable: CXCL8 not measured").all()


def doubled(adata: AnnData, gene: str) -> AnnData:
    """The counts of one gene spread over two columns of its name, cell by cell."""
    x = adata.X.toarray()
    at = adata.var_names.get_loc(gene)
    half = x[:, at] * (np.arange(len(x)) % 2)
    x[:, at] -= half
    with pytest.warns(UserWarning, match="Variable names are not unique"):
        return anndata.AnnData(
            np.column_stack([x, half]), adata.obs.copy(),
            pd.DataFrame(index=[*adata.var_names, gene]),
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore:Variable names are not unique")
def test_antibodies_are_no_genes(tissue: AnnData, talk: Callable, tables: Tables) -> None:
    """Not part of the depth either."""
    x = np.column_stack([tissue.X.toarray(), np.full((tissue.n_obs, 2), 300.0)])
    kinds = ["Gene Expression"] * tissue.n_vars + ["Antibody Capture"] * 2
    names = pd.Index([*tissue.var_names, "IL6", "CD4_TotalSeqB"])
    var = pd.DataFrame({"feature_types": kinds}, index=names)
    same(talk(anndata.AnnData(x, tissue.obs.copy(), var)), tables)


@pytest.mark.parametrize("gene", ["IL6", "SOCS3", "BG0010"])
@pytest.mark.filterwarnings("ignore:Variable names are not unique")
def test_columns_of_one_gene_are_added_up(
    tissue: AnnData, talk: Callable, tables: Tables, gene: str
) -> None:
    found = talk(doubled(tissue, gene))
    for name, table in tables.items():
        kept = [c for c in table if c != "fraction"]
        pd.testing.assert_frame_equal(found[name][kept], table[kept], rtol=1e-9, atol=1e-11)


@pytest.mark.filterwarnings("ignore:Variable names are not unique")
def test_the_fraction_of_a_gene_of_two_columns(tissue: AnnData, talk: Callable) -> None:
    """That of the column found in most cells: what sums know."""
    adata = doubled(tissue, "IL6")
    there = adata.var_names == "IL6"
    seen = pd.DataFrame(adata.X[:, there] > 0).groupby(
        [adata.obs["sample"].to_numpy(), adata.obs["cell_type"].to_numpy()]
    )
    best = seen.mean().max(axis=1)[seen.size() >= 10].unstack().mean()
    found = talk(adata)["sources"].set_index(["cytokine", "cell_type"])["fraction"]["IL6"]
    np.testing.assert_allclose(found[best.index], best, rtol=1e-12)
