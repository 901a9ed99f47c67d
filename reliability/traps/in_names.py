"""Inputs whose genes or cells are called otherwise: other ids, other spelling, twice, reordered."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

from reliability.traps.data import (
    GENE,
    dense,
    ensembl,
    logged,
    mouse,
    old_symbols,
    others,
    place,
    with_values,
)
from reliability.traps.expect import Equal, refused
from reliability.traps.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reliability.traps.trap import Maker

ORFS = ("C1orf43", "C9orf72", "C19orf12", "C5orf15", "C11orf58", "C2orf49")


def named(name: Callable[[str], str]) -> Maker:
    """The same genes under other names."""

    def make(adata: ad.AnnData) -> ad.AnnData:
        adata.var_names = [name(gene) for gene in adata.var_names]
        return adata

    return make


def _twice(adata: ad.AnnData, gene: str, times: int) -> ad.AnnData:
    """The counts of a gene spread over several columns of its name."""
    x = dense(adata)
    column = place(adata, gene)
    parts = np.random.default_rng(0).multinomial(x[:, column].astype(int), [1 / times] * times)
    x[:, column] = parts[:, 0]
    x = np.column_stack([x, parts[:, 1:]])
    var = pd.DataFrame(index=pd.Index([*adata.var_names, *[gene] * (times - 1)]))
    return ad.AnnData(sparse.csr_matrix(x.astype(np.float32)), obs=adata.obs.copy(), var=var)


def counted_twice(adata: ad.AnnData) -> ad.AnnData:
    """A signature gene in three columns."""
    return _twice(adata, GENE, 3)


def logged_twice(adata: ad.AnnData) -> ad.AnnData:
    """Two logged columns of one name, which no sum puts right."""
    out = logged(adata)
    names = list(out.var_names)
    names[-1] = GENE
    out.var.index = pd.Index(names)
    return out


def nobody_asked(adata: ad.AnnData) -> ad.AnnData:
    """A name twice that is in no signature: the gene before last."""
    names = list(adata.var_names)
    names[-1] = names[-2]
    adata.var.index = pd.Index(names)
    return adata


def nobody_summed(adata: ad.AnnData) -> ad.AnnData:
    """The same with the two added up by hand."""
    x = dense(adata)
    x[:, -2] += x[:, -1]
    return with_values(adata[:, :-1], sparse.csr_matrix(x[:, :-1].astype(np.float32)))


def cells_twice(adata: ad.AnnData) -> ad.AnnData:
    """Two cells of one name, the last like the first but one."""
    names = list(adata.obs_names)
    names[-1] = names[1]
    adata.obs.index = pd.Index(names)
    return adata


def _known(adata: ad.AnnData) -> ad.AnnData:
    """Genes that have an Ensembl id."""
    ids = ensembl()
    return adata[:, [g for g in adata.var_names if ids.get(g)]].copy()


def _ids(adata: ad.AnnData, version: str = "") -> list[str]:
    ids = ensembl()
    return [ids[g] + version for g in adata.var_names]


def by_id(version: str) -> Maker:
    """Ensembl ids instead of symbols."""

    def make(adata: ad.AnnData) -> ad.AnnData:
        adata = _known(adata)
        adata.var_names = _ids(adata, version)
        return adata

    return make


def ids_in_column(adata: ad.AnnData) -> ad.AnnData:
    """Ensembl ids in var, numbers as names."""
    adata = _known(adata)
    adata.var["gene_ids"] = _ids(adata, ".4")
    adata.var_names = [str(k) for k in range(adata.n_vars)]
    return adata


def symbols_in_column(column: str) -> Maker:
    """Symbols in var, ids nobody knows as names."""

    def make(adata: ad.AnnData) -> ad.AnnData:
        adata.var[column] = list(adata.var_names)
        adata.var_names = [f"ENSG7{k:010d}" for k in range(adata.n_vars)]
        return adata

    return make


def _as_human(adata: ad.AnnData) -> ad.AnnData:
    """Genes without an ortholog are filler."""
    here = mouse()
    return named(lambda g: g if g in here else f"Rik{crc32(g.encode())}")(adata)


def as_mouse(adata: ad.AnnData) -> ad.AnnData:
    """The same matrix from a mouse."""
    here = mouse()
    return named(lambda g: here.get(g, f"Rik{crc32(g.encode())}"))(adata)


def as_old(adata: ad.AnnData) -> ad.AnnData:
    """Every gene by the symbol it had before."""
    old = old_symbols()
    return named(lambda g: old.get(g, g))(adata)


def with_orfs(adata: ad.AnnData) -> ad.AnnData:
    """The last genes of the data are CxxorfYY."""
    names = list(adata.var_names)
    names[-len(ORFS) :] = ORFS
    adata.var_names = names
    return adata


def orfs_upper(adata: ad.AnnData) -> ad.AnnData:
    """The same in capitals."""
    return named(str.upper)(with_orfs(adata))


def with_sets(sets: Callable[[], dict[str, list[str]]], /) -> dict[str, Any]:
    """Signatures of the user's own, as both doors take them."""
    return {
        "options": lambda _: {"signatures": sets()},
        "typed": lambda folder: gmt(sets(), folder),
    }


OWN_SETS = {
    "tissue": refused("no ligands and receptors", "signatures"),
    "samples": refused("none is named after a cytokine", "signatures"),
    "channels": refused("names no cytokine", "signatures"),
}
"""What is about cytokines has nothing to say of sets that are none."""


@cache
def _sets() -> dict[str, list[str]]:
    return {"ORFS": list(ORFS), "OTHER": others()[10:22]}


def gmt(sets: dict[str, list[str]], folder: Path) -> dict[str, Any]:
    """The sets as a file for the command."""
    path = folder / "sets.gmt"
    path.write_text("".join("\t".join([name, "", *genes]) + "\n" for name, genes in sets.items()))
    return {"signatures": path}


def with_antibodies(adata: ad.AnnData) -> ad.AnnData:
    """Twenty antibodies behind the genes, as 10x stores them, one called as a gene is."""
    tags = np.random.default_rng(3).poisson(300, (adata.n_obs, 20)).astype(np.float32)
    names = [GENE, *(f"AB{k}" for k in range(1, 20))]
    kinds = ["Gene Expression"] * adata.n_vars + ["Antibody Capture"] * 20
    var = pd.DataFrame({"feature_types": kinds}, index=[*adata.var_names, *names])
    x = sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(adata.X), tags]))
    return ad.AnnData(x, obs=adata.obs.copy(), var=var)


def reordered(adata: ad.AnnData) -> ad.AnnData:
    """The genes shuffled."""
    return adata[:, np.random.default_rng(1).permutation(adata.n_vars)].copy()


def cells_reordered(adata: ad.AnnData) -> ad.AnnData:
    """The cells shuffled."""
    return adata[np.random.default_rng(2).permutation(adata.n_obs)].copy()


NAMES = (
    Trap("counts of a gene in three columns", "duplicates", counted_twice, {}),
    Trap("two logged columns of one gene", "duplicates", logged_twice,
         {"*": refused(GENE, "2 columns", "sum the counts")}),
    Trap("a gene nobody asked for, twice", "duplicates", nobody_asked, {"*": Equal(nobody_summed)}),
    Trap("two cells of one name", "duplicates", cells_twice, {"*": Equal(by_position=True)}),
    Trap("Ensembl ids", "other ids", by_id(""), {"*": Equal(_known)}),
    Trap("Ensembl ids with versions", "other ids", by_id(".12"), {"*": Equal(_known)}),
    Trap("Ensembl ids in a column of var", "other ids", ids_in_column, {"*": Equal(_known)}),
    Trap("symbols in a column of var", "other ids", symbols_in_column("feature_name"), {}),
    Trap("symbols in a column nobody could guess", "other ids", symbols_in_column("what I call it"),
         {}, options=lambda _: {"gene_symbols": "what I call it"}),
    Trap("stray white space", "other ids", named(lambda g: f" {g}  "), {}),
    Trap("antibodies behind the genes", "other ids", with_antibodies, {}),
    Trap("mouse symbols, and nothing said", "letter case", as_mouse,
         {"*": refused("mouse", "organism")}),
    Trap("mouse symbols, and said so", "letter case", as_mouse, {"*": Equal(_as_human)},
         options=lambda _: {"organism": "mouse"}),
    Trap("human symbols called mouse", "letter case", expect={"*": refused("human", "organism")},
         options=lambda _: {"organism": "mouse"}),
    Trap("lower case", "letter case", named(str.lower), {}),
    Trap("old symbols", "old symbols", as_old, {}),
    Trap("dots for hyphens", "orf and dots", named(lambda g: g.replace("-", ".")), {}),
    Trap("CxxorfYY in capitals", "orf and dots", orfs_upper,
         {**OWN_SETS, "score": Equal(with_orfs, lambda: {"signatures": _sets()})},
         **with_sets(_sets)),
    Trap("genes in another order", "order", reordered, {}),
    Trap("cells in another order", "order", cells_reordered, {}),
)  # fmt: skip
