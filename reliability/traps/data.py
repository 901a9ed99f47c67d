"""The clean data that every trap is made from, and the names genes have elsewhere."""

from __future__ import annotations

import csv
import gzip
import re
from functools import cache
from importlib.resources import files

import anndata as ad
import numpy as np
from scipy import sparse

import cytosig as cs

SEED = 5
SAMPLES, CELLS, GENES = 6, 50, 1700
EVERY = 50
"""Of the cells, for methods that are for tens of samples."""
CELL = 0
"""Position of the cell in which something is wrong; it is among the few, too."""
GENE = "STAT1"
"""In many signatures; what is wrong with a gene is wrong with this one."""


@cache
def tissue() -> cs.datasets.SimulatedTissue:
    """Counts of six patients, 300 cells of six types; seven single ligands planted."""
    found = cs.datasets.simulate_tissue(
        n_samples=SAMPLES, cells_per_sample=CELLS, n_genes=GENES, rng=SEED,
        planted=cs.datasets.tissue_panel("single", effect=1.5), conditions=("control", "treated"),
    )  # fmt: skip
    adata = found.adata
    others = iter(_others(set(adata.var_names)))
    adata.var_names = [next(others) if re.fullmatch(r"BG\d{4}", g) else g for g in adata.var_names]
    return found


def _others(taken: set[str]) -> list[str]:
    """Real genes of no signature, with an Ensembl id and an ortholog."""
    known = mouse()
    rows = [r for r in table("human") if r["ensembl"] and r["symbol"] in known]
    return [r["symbol"] for r in rows if r["symbol"] not in taken and not r["previous"]][::9]


def others() -> list[str]:
    """The genes of no signature, as the data have them."""
    return list(tissue().adata.var_names[-60:])


def cells() -> ad.AnnData:
    """A copy of the clean cells."""
    return tissue().adata.copy()


def few() -> ad.AnnData:
    """Twelve of them."""
    return tissue().adata[::EVERY].copy()


def dense(adata: ad.AnnData) -> np.ndarray:
    """The values, double precision."""
    x = adata.X.toarray() if sparse.issparse(adata.X) else np.asarray(adata.X)
    return x.astype(np.float64)


def with_values(adata: ad.AnnData, x: np.ndarray | sparse.spmatrix) -> ad.AnnData:
    """The same observations and genes with other values."""
    out = ad.AnnData(x, obs=adata.obs.copy(), var=adata.var.copy())
    return out


def logged(adata: ad.AnnData) -> ad.AnnData:
    """Log(x + 1) at 10,000 counts a cell, by definition."""
    x = dense(adata)
    x = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4)
    return with_values(adata, sparse.csr_matrix(x))


def place(adata: ad.AnnData, gene: str = GENE) -> int:
    """The column of a gene."""
    return int(adata.var_names.get_loc(gene))


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of the package's gene table, read by csv alone."""
    packed = (files("cytosig") / "genes" / "data" / f"{name}.tsv.gz").read_bytes()
    return tuple(csv.DictReader(gzip.decompress(packed).decode().splitlines(), delimiter="\t"))


@cache
def ensembl() -> dict[str, str]:
    """Ensembl ids by symbol."""
    return {row["symbol"]: row["ensembl"].split("|")[0] for row in table("human")}


@cache
def old_symbols() -> dict[str, str]:
    """The one earlier symbol of genes that have one, where no other gene is called that."""
    every = [row["symbol"] for row in table("human")]
    other = [old for row in table("human") for old in row["previous"].split("|")]
    other += [name for row in table("human") for name in row["aliases"].split("|")]
    taken = {*every, *(name for name in other if other.count(name) > 1)}
    wanted = set(tissue().adata.var_names)
    rows = [row for row in table("human") if row["symbol"] in wanted]
    found = {row["symbol"]: row["previous"].split("|")[0] for row in rows}
    return {new: old for new, old in found.items() if old and old not in taken}


@cache
def mouse() -> dict[str, str]:
    """Mouse symbols by human symbol, where they are one to one."""
    return {row["human"]: row["symbol"] for row in table("mouse") if row["human"]}
