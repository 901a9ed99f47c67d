"""Make the demonstration data set from the oligodendroglioma file of infercnvpy.

Usage: ``python benchmarks/curation/demo_data.py IN.h5ad OUT.h5ad``

IN is ``infercnvpy/data/oligodendroglioma.h5ad`` of the wheel ``infercnvpy`` 0.6.1: 184 cells of
GSE70630 over 9,450 genes, unlogged expression (a cell's values sum to about 1e5).

Rules
-----
* X is kept value for value (float32 CSR).  Genes and their order are kept, under the symbols
  they were published with.
* ``obs["sample"]`` is the tumour: the cell name up to the first underscore, with ``MGH`` put in
  front where the authors left it out.  ``93_P10_B10`` is of MGH93, ``MGH36_P1_B02`` of MGH36.
* ``obs["cell_type"]`` drops the tumour from the malignant labels (``malignant_93``,
  ``malignant_MGH36``) and keeps the two normal types under shorter names.  A malignant label
  that names another tumour than the cell's own is an error.
* Of ``var`` only ``chromosome`` is kept; ``uns`` holds the source and nothing else.

The same input gives the same bytes under the same anndata and h5py.  The committed file was
written with anndata 0.12 and pandas 2, whose string encoding every later anndata reads.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import anndata as ad  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import pandas as pd
import scipy.sparse as sp

SOURCE = (
    "184 cells of 5 oligodendrogliomas from GSE70630, Tirosh et al. 2016, Nature 539:309-313, "
    "doi:10.1038/nature20123, as packaged in infercnvpy 0.6.1 (BSD 3-Clause, copyright 2022 "
    "Gregor Sturm). Unlogged expression, 9,450 genes under the symbols of the publication. "
    "See ATTRIBUTION.md beside this file."
)
CELL_TYPES = ("malignant", "microglia-macrophage", "oligodendrocyte")
_NORMAL = {
    "Microglia/Macrophage": "microglia-macrophage",
    "Oligodendrocytes (non-malignant)": "oligodendrocyte",
}


def tumour(name: str, /) -> str:
    """Tumour id of a cell name or of the last part of a malignant label.

    Examples
    --------
    >>> tumour("93_P10_B10"), tumour("MGH36_P1_B02")
    ('MGH93', 'MGH36')
    """
    found = re.match(r"(?:MGH)?(\d+)(?:_|$)", name)
    if found is None:
        raise SystemExit(f"{name!r}: expected a tumour number such as 93 or MGH36 in front.")
    return f"MGH{found.group(1)}"


def cell_type(label: str, sample: str, /) -> str:
    """Short cell type of a published label; the tumour it names must be ``sample``."""
    if label in _NORMAL:
        return _NORMAL[label]
    kind, _, origin = label.partition("_")
    if kind != "malignant" or tumour(origin) != sample:
        raise SystemExit(f"label {label!r} does not fit a cell of {sample}.")
    return kind


def build(source: ad.AnnData, /) -> ad.AnnData:
    """The demonstration data set from the published object."""
    names = [str(name) for name in source.obs_names]
    samples = [tumour(name) for name in names]
    labels = [str(label) for label in source.obs["cell_type"]]
    types = [cell_type(label, s) for label, s in zip(labels, samples, strict=True)]
    obs = pd.DataFrame(
        {
            "sample": pd.Categorical(samples, categories=sorted(set(samples))),
            "cell_type": pd.Categorical(types, categories=list(CELL_TYPES)),
        },
        index=names,
    )
    chromosomes = [str(c) for c in source.var["chromosome"]]
    genes = [str(gene) for gene in source.var_names]
    var = pd.DataFrame({"chromosome": pd.Categorical(chromosomes)}, index=genes)
    x = sp.csr_matrix(source.X, dtype=np.float32)
    return ad.AnnData(x, obs=obs, var=var, uns={"source": SOURCE})


def main() -> None:
    """Read IN, write OUT."""
    parser = argparse.ArgumentParser(description="Make the demonstration data set.")
    parser.add_argument("source", type=Path, metavar="IN.h5ad")
    parser.add_argument("out", type=Path, metavar="OUT.h5ad")
    args = parser.parse_args()
    made = build(ad.read_h5ad(args.source))
    made.write_h5ad(args.out, compression="gzip", compression_opts=9)


if __name__ == "__main__":
    main()
