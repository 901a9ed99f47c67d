"""Make the archive of the current format: small files with everything the tools store.

Usage: ``python tests/data/make.py``, once for every release that stores something new, before it.
A folder that is there is never made anew: it is what was released.
"""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import cytosig as cs
from cytosig._keys import FORMAT
from cytosig.io import write_h5ad

if TYPE_CHECKING:
    import anndata

FOLDER = Path(__file__).parent / f"format-{FORMAT}"
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
OWN = """\
[[signature]]
id = "MINE"
up = [
  {gene = "STAT1", weight = 1.5},
  {gene = "IRF1"},
  {gene = "CXCL10"},
  {gene = "SOCS3"},
]
down = [
  {gene = "MYC", weight = 0.5},
]
"""


def tissue() -> anndata.AnnData:
    """Four patients before and after, over the genes of three cytokines."""
    made = cs.datasets.simulate_tissue(
        n_samples=8, cells_per_sample=60, n_genes=1700, conditions=("before", "after"), rng=7,
        cell_types={"T cell": 0.4, "macrophage": 0.3, "malignant": 0.3},
    ).adata  # fmt: skip
    genes = made.var_names.isin(wanted()) | (np.arange(made.n_vars) % 9 == 0)
    return made[:, genes].copy()


def wanted() -> set[str]:
    """Every gene that three cytokines are read by."""
    three = chosen()
    found = set(three.genes)
    for cytokine in three.cytokines.values():
        for form in (*cytokine.ligands, *cytokine.receptors):
            found |= {*form.genes, *form.supplied}
    return found | {"STAT1", "IRF1", "CXCL10", "SOCS3", "MYC"}


def chosen() -> cs.signatures.Catalogue:
    """Three cytokines, as they are in the catalogue of the day."""
    return cs.signatures.load().subset(["IFNG", "IL6", "TGFB1"])


def cells(own: Path) -> anndata.AnnData:
    """Single cells, with every tool's results."""
    adata, three = tissue(), chosen()
    mine = cs.signatures.Catalogue.from_file(own)
    cs.tl.score(adata, signatures=three.merge(mine), method=["hlm", "ucell"], min_genes=3,
                cell_type_key="cell_type", n_jobs=1)  # fmt: skip
    cs.tl.channels(adata, signatures=three, n_jobs=1)
    for tool in (cs.tl.sources, cs.tl.targets, cs.tl.links):
        tool(adata, **KEYS, condition_key="condition", signatures=three, n_jobs=1)
    cs.tl.balance(adata, **KEYS, signatures=three, sweep=["IFNG"], n_draws=100, n_jobs=1)
    cs.tl.blockade(adata, targets=["tocilizumab", "IFNG"], pairs=True, sample_key="sample",
                   signatures=three, n_draws=100, n_jobs=1)  # fmt: skip
    return adata


def bulk() -> anndata.AnnData:
    """The same added up to samples, compared and followed up."""
    adata, three = cs.pp.pseudobulk(tissue(), sample_key="sample"), chosen()
    adata.obs["arm"] = ["a", "b"] * 4
    adata.obs["months"] = np.arange(1.0, 9.0)
    adata.obs["died"] = [1, 0, 1, 1, 0, 1, 0, 1]
    cs.tl.score(adata, signatures=three, n_jobs=1)
    cs.tl.balance(adata, signatures=three, n_draws=100, n_jobs=1)
    cs.tl.compare(adata, groupby="arm", reference="a")
    cs.tl.compare(adata, survival=("months", "died"), key_added="compare_survival")
    return adata


def main() -> None:
    """Write the folder."""
    if (FOLDER / "cells.h5ad.gz").exists():
        sys.exit(f"{FOLDER} is there already: what was released stays as it is.")
    FOLDER.mkdir(exist_ok=True)
    own = FOLDER / "mine.toml"
    own.write_text(OWN, encoding="utf-8")
    warnings.simplefilter("ignore")
    samples = bulk()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for stem, adata in (("cells", cells(own)), ("bulk", samples)):
            write_h5ad(adata, place / "x.h5ad")
            packed = gzip.compress((place / "x.h5ad").read_bytes(), 9, mtime=0)
            (FOLDER / f"{stem}.h5ad.gz").write_bytes(packed)
        (place / "zarr").mkdir()
        cs.tl.score(samples, signatures=chosen(), key_added="again", n_jobs=1)
        del samples.uns["cytosig"]  # hundreds of small files
        samples.write_zarr(place / "zarr" / "bulk.zarr")
        shutil.make_archive(str(FOLDER / "bulk.zarr"), "zip", place / "zarr")
    fitted = cs.tl.fit_reference(
        cs.pp.pseudobulk(tissue(), sample_key="sample"), signatures=chosen(), n_jobs=1
    )
    fitted.save(FOLDER / "reference.npz")


if __name__ == "__main__":
    main()
