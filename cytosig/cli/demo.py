"""``cytosig demo``: a first result on the data that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytosig.cli._output import FormatOption, emit

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell

_TOP = {"axis": 3, "cytokine": 5}
_CAPTION = (
    "Descriptive only: the replicates are the tumours, not their cells. mean z: over the cells of"
    " a type, zero being the mean of all cells; cells up: share of them with p < 0.05 above zero;"
    " tumours up: in how many of the tumours with such cells their mean z is above zero;"
    " grade: how well experiments support the signature, A to D."
)


def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.")
    ] = Path("cytosig-demo"),
    format: FormatOption = None,
) -> None:
    """Score 184 cells of five oligodendrogliomas, show what stands out, and write a report."""
    from cytosig.cli._files import Outputs, check_writable

    outputs, page = Outputs(main=out / "demo.h5ad", tables=out), out / "report.html"
    outputs.check([])
    check_writable(page)

    from cytosig import datasets, io, report, tl
    from cytosig._log import logger

    adata = datasets.oligodendroglioma()
    # Centred on all cells, not inside each tumour (batch_key="sample"): no tumour has all three
    # cell types and two have malignant cells only, so that each tumour's own mean would move its
    # zero with its cell types and take away the very differences this table is about.
    tl.score(adata)
    rows = table(adata)
    _rest(adata)
    report.write(adata, page, title="Five oligodendrogliomas: cytokines")
    outputs.write(adata, "cytosig")
    io.write_table(_frame(rows), out / "summary.tsv", index_label="cell_type")
    emit(rows, format=format, percent=("cells_up",), caption=_CAPTION)
    for line in _next(out):
        logger.info("%s", line)


def _rest(adata: AnnData) -> None:
    """All that follows from scores; what these few cells do not allow is told by the report."""
    from logging import ERROR

    from cytosig._log import logger
    from cytosig.cli._everything import add_everything

    level = logger.level
    logger.setLevel(ERROR)
    try:
        add_everything(adata, {"cell_type_key": "cell_type"}, "sample")
    finally:
        logger.setLevel(level)


def table(adata: AnnData, /) -> list[dict[str, Cell]]:
    """The highest axes and signatures of each cell type, above zero."""
    rows: list[dict[str, Cell]] = []
    for cell_type in sorted(adata.obs["cell_type"].unique()):
        rows += _of_type(adata[adata.obs["cell_type"] == cell_type], str(cell_type))
    return rows


def _of_type(cells: AnnData, cell_type: str) -> list[dict[str, Cell]]:
    from cytosig.cli._summary import grades, levels, shares

    rows: list[dict[str, Cell]] = []
    grade = grades(cells, "cytosig")
    for level, (z, p) in levels(cells, "cytosig", "cytokine").items():
        by_tumour = z.groupby(cells.obs["sample"].astype(str)).mean()
        found = shares(z, p).sort_values("mean_z", ascending=False, kind="stable")
        found = found[(found["mean_z"] >= 1) | ((found["mean_z"] > 0) & (found["up"] >= 0.1))]
        for name, row in found.head(_TOP[level]).iterrows():
            rows.append(
                {
                    "cell_type": cell_type,
                    "level": level,
                    "name": str(name),
                    "grade": "" if level == "axis" else grade.get(str(name), ""),
                    "mean_z": float(row["mean_z"]),
                    "cells_up": float(row["up"]),
                    "cells": int(row["n_scored"]),
                    "tumours_up": int((by_tumour[name] > 0).sum()),
                    "tumours": len(by_tumour),
                }
            )
    return rows


def _frame(rows: list[dict[str, Cell]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows).set_index("cell_type")


def _next(out: Path) -> list[str]:
    return [
        f"Open {out / 'report.html'} in a browser: all of it on one page.",
        f"In {out}: demo.h5ad (scores in .obsm), summary.tsv and one .tsv for every table.",
        f"Look inside: anndata.read_h5ad({str(out / 'demo.h5ad')!r}).obsm['cytosig_axis']",
        "Your own data: cytosig score YOUR.h5ad -o scored.h5ad",
        "and their report: cytosig report YOUR.h5ad --sample-key PATIENT --cell-type-key CELL_TYPE"
        " -o report.html",
    ]
