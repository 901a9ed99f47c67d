"""Options that ``cytosig sources``, ``targets`` and ``links`` share; defaults are the library's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytosig.cli._options import option
from cytosig.cli.methods import names_in


def _names(text: str | None) -> list[str] | None:
    return None if text is None else names_in(text)


_WHAT, _UNIT, _HOW, _OUT = "Conditions", "Sample and cell type", "How", "Output"

Source = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="h5ad, zarr or 10x: counts of cells, or their pseudobulk by sample and cell type.",
        show_default=False,
    ),
]
SampleKey = Annotated[
    str,
    option(
        "--sample-key", _UNIT, "Column of obs with the sample (patient, region) of each cell.",
        metavar="COL",
    ),
]  # fmt: skip
CellTypeKey = Annotated[
    str | None,
    option("--cell-type-key", _UNIT, "Column of obs with cell types.", metavar="COL"),
]
MinCells = Annotated[
    int | None,
    option(
        "--min-cells", _UNIT, "Cells a type needs in a sample; else that sample does without it.",
        min=1, show_default="10",
    ),
]  # fmt: skip
Metadata = Annotated[
    Path | None,
    option(
        "--metadata",
        _WHAT,
        "A table (csv or tsv) whose first column names the samples; its other columns join obs.",
        metavar="FILE",
    ),
]
ConditionKey = Annotated[
    str | None,
    option(
        "--condition-key",
        _WHAT,
        "Column with one value a sample: groups are asked each for themselves.",
        metavar="COL",
    ),
]
Baseline = Annotated[
    str | None,
    option(
        "--baseline", _WHAT, "Group the others are compared with; else the first.", metavar="NAME"
    ),
]
PairKey = Annotated[
    str | None,
    option("--pair-key", _WHAT, "Column with the donor, of paired samples.", metavar="COL"),
]
Covariates = Annotated[
    str | None,
    option(
        "--covariates", _WHAT, "Columns held constant, one value a sample.", metavar="COL,COL",
        callback=_names,
    ),
]  # fmt: skip
Expressed = Annotated[
    float | None,
    option("--expressed", _HOW, "CPM above which a subunit counts as there.", show_default="5.0"),
]
Level = Annotated[float | None, option("--level", _HOW, "Of the intervals.", show_default="0.95")]
Boot = Annotated[
    int | None,
    option(
        "--n-boot", _HOW, "Bootstrap samples behind the intervals of shares.", min=2,
        show_default="1000",
    ),
]  # fmt: skip
Seed = Annotated[int | None, option("--rng", _HOW, "Seed of these.", show_default="0")]
Out = Annotated[
    Path | None,
    option(
        "--out -o",
        _OUT,
        "The main table (.tsv, .csv, .json, .parquet), or IN with all tables in it (.h5ad).",
        metavar="OUT",
    ),
]
GraphML = Annotated[
    Path | None,
    option(
        "--graphml",
        _OUT,
        "The links with q of 0.05 or less as a graph, for Cytoscape, Gephi or yEd; a file each for"
        " several conditions.",
        metavar="FILE",
    ),
]
