"""Sources, targets and links in small real data sets: what is found, what cannot be, and why.

Usage: ``python benchmarks/communication_real.py [--data FOLDER] [--min-cells 10,5,3]``
``[--out RESULTS]``
A subset of 300 cells of lung tumours (Zilionis et al. 2019, seven patients) and 184 cells of five
oligodendrogliomas (Tirosh et al. 2016). Too small for findings: the table says so row by row.
"""

from __future__ import annotations

import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import _communication as shared
import anndata as ad
import numpy as np
import pandas as pd
import record

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

LUNG = {
    "tT cells": "T cell", "tNK cells": "NK cell", "tB cells": "B cell",
    "tPlasma cells": "plasma cell", "tMoMacDC": "monocyte/macrophage/DC", "tpDC": "pDC",
    "tNeutrophils": "neutrophil", "tMast cells": "mast cell", "Fibroblasts": "fibroblast",
    "Smooth muscle cells": "smooth muscle", "Endothelial cells": "endothelial",
    "Ciliated cells": "epithelial",
}  # fmt: skip
MYELOID = ("monocyte/macrophage/DC", "neutrophil", "microglia-macrophage")
SIZE = {"source": ("specificity", "p"), "target": ("competence", "p_competence")}


@dataclass(frozen=True)
class Question:
    """What is known to be so in tumours."""

    cytokine: str
    end: str
    expected: tuple[str, ...]


QUESTIONS = (
    Question("IFNG", "source", ("T cell", "NK cell")),
    Question("CCL5", "source", ("T cell", "NK cell")),
    Question("FASLG", "source", ("T cell", "NK cell")),
    Question("IL1B", "source", MYELOID),
    Question("TNF", "source", MYELOID),
    Question("CXCL8", "source", MYELOID),
    Question("CXCL12", "source", ("fibroblast", "endothelial")),
    Question("CSF1", "target", MYELOID),
    Question("IL34", "target", MYELOID),
    Question("IL15", "target", ("T cell", "NK cell")),
    Question("VEGFA", "target", ("endothelial",)),
    Question("PDGFB", "target", ("fibroblast", "smooth muscle")),
)


def lung(folder: Path, /) -> ad.AnnData:
    """Cells of the tumours; malignant cells are those found in one patient only."""
    adata = ad.read_h5ad(folder / "sc_zilionis_nsclc_300.h5ad")
    adata = adata[(adata.obs["Tissue"] == "tumor").to_numpy()].copy()
    labels = adata.obs["Major.cell.type"].astype(str)
    malignant = labels.str.match(r"Patient\d-specific")
    adata.obs["cell_type"] = pd.Categorical(labels.map(LUNG).where(~malignant, "malignant"))
    adata.obs["sample"] = pd.Categorical(adata.obs["Patient"].astype(str))
    return adata[adata.obs["cell_type"].notna().to_numpy()].copy()


def glioma(folder: Path, /) -> ad.AnnData:  # noqa: ARG001 - ships with the package
    """The demonstration set."""
    return cs.datasets.oligodendroglioma()


def glioma_file(folder: Path, /) -> ad.AnnData:
    """The file it was made from, tumour and cell type read from its names and labels."""
    adata = ad.read_h5ad(folder / "sc_infercnvpy_oligodendroglioma.h5ad")
    number = [re.match(r"(?:MGH)?(\d+)", name).group(1) for name in adata.obs_names]
    adata.obs["sample"] = pd.Categorical([f"MGH{n}" for n in number])
    labels = adata.obs["cell_type"].astype(str)
    named = {"Microglia/Macrophage": "microglia-macrophage",
             "Oligodendrocytes (non-malignant)": "oligodendrocyte"}  # fmt: skip
    adata.obs["cell_type"] = pd.Categorical(labels.map(named).fillna("malignant"))
    return adata


SETS: dict[str, Callable[[Path], ad.AnnData]] = {
    "lung, 300 cells": lung,
    "oligodendroglioma, 184 cells": glioma,
}


def sizes(adata: ad.AnnData, /) -> pd.DataFrame:
    """Cells of each type in each sample."""
    table = adata.obs.groupby(["cell_type", "sample"], observed=True).size().unstack(fill_value=0)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index]
    return table.reset_index().rename_axis(columns=None)


def asked(tables: dict[str, pd.DataFrame], q: Question, /) -> dict[str, object]:
    """Which type comes first, of those with two samples if there are, and how sure that is."""
    size, p = SIZE[q.end]
    mine = tables[f"{q.end}s"]
    mine = mine[mine["cytokine"] == q.cytokine]
    there = mine[mine["cell_type"].isin(q.expected)]
    row: dict[str, object] = {"cytokine": q.cytokine, "end": q.end,
                              "expected": " or ".join(there["cell_type"])}  # fmt: skip
    if there[size].notna().sum() == 0:
        return row | {"found": "cannot be told", "why": _why(mine, there)}
    known = mine.dropna(subset=[size])
    alone = there["n_samples"].max() < 2
    best = (known if alone else known[known["n_samples"] > 1]).sort_values(size).iloc[-1]
    row |= {
        "first": best["cell_type"], "log2": best[size], "p": best[p], "p_floor": best["p_floor"],
        "samples": best["n_samples"], "cells": best["n_cells"], "CPM": best["expression"],
    }  # fmt: skip
    right, sure = best["cell_type"] in q.expected, best[p] < shared.ALPHA
    found = "yes" if right and sure else "first, not significant" if right else "no"
    why = "" if found == "yes" else f"{int(best['n_samples'])} sample(s)"
    if alone:
        found = f"{'first' if right else 'not first'}, nothing to test"
        why = "one sample with enough cells of it"
    return row | {"found": found, "why": why, "flags": best["flags"]}


def _why(mine: pd.DataFrame, there: pd.DataFrame) -> str:
    if mine.empty or mine["expression"].isna().all():
        return "gene not measured"
    return "no such cells" if there.empty else "no sample with enough cells of it"


def linked(links: pd.DataFrame, /) -> dict[str, object]:
    """How many links there are, and the surest."""
    known = links.dropna(subset=["p"])
    if known.empty:
        return {"links with a p": 0, "p<.05": 0, "q<.05": 0, "surest": ""}
    top = known.nsmallest(5, "p")
    shown = [f"{r.cytokine} {r.source} > {r.target} (p {r.p:.2g}, q {r.q:.2g})"
             for r in top.itertuples()]  # fmt: skip
    return {
        "links with a p": len(known), "p<.05": int((known["p"] < shared.ALPHA).sum()),
        "q<.05": int((known["q"] < shared.ALPHA).sum()), "surest": "; ".join(shown),
    }  # fmt: skip


def same(folder: Path, /) -> bool:
    """Do the demonstration set and the file it was made from give the same sources?"""
    both = [
        shared.talk(read(folder), calls=("sources",), min_cells=5)["sources"]
        for read in (glioma, glioma_file)
    ]
    keys = ["cytokine", "cell_type"]
    tables = [t.set_index(keys)[["expression", "specificity", "p"]].sort_index() for t in both]
    return bool(np.allclose(*[t.to_numpy(float) for t in tables], equal_nan=True))


def main() -> None:
    """Ask every set at every size and write the table."""
    parser = record.arguments(__doc__)
    parser.add_argument("--min-cells", default="10,5,3")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*without encoding metadata")
    least = [int(text) for text in given.min_cells.split(",")]
    parts, rows, found = ["# Small real data sets", record.provenance(), _ABOUT], [], []
    for name, read in SETS.items():
        adata = read(given.data)
        parts += [f"## Cells: {name}", record.markdown(sizes(adata))]
        present = set(adata.obs["cell_type"].astype(str))
        questions = [q for q in QUESTIONS if present & set(q.expected)]
        for n in least:
            about = {"data": name, "min_cells": n}
            tables = shared.talk(adata, min_cells=n)
            rows += [about | asked(tables, q) for q in questions]
            found.append(about | linked(tables["links"]))
    table = pd.DataFrame(rows).fillna("")
    parts += ["## What is known", record.markdown(table), "## Links",
              record.markdown(pd.DataFrame(found)), _NOTES]  # fmt: skip
    parts.append(f"- The gliomas as shipped and as in the file: same sources: {same(given.data)}.")
    record.write(given.out, "communication_real", table=table, text="\n\n".join(parts))


_ABOUT = """\
Questions with an answer in the literature. `first` is the type that makes most over the others
(log2 `source`) or holds most receptor over its background (log2 `target`); `found` is yes where it
is an expected one with p < .05. Neither set was made for this: most types have enough cells in few
patients only."""
_NOTES = """\
- `p_floor` is the least that sign flips could give with so many samples; the moderated t can go
  lower, on the word of its assumptions.
- The lung values are logarithms: means over cells stand for sums of counts.
- Questions whose cells are not in the data are left out. A type with a single sample gets an effect
  and no p; `first` is of the types with two or more where there are such."""

if __name__ == "__main__":
    main()
