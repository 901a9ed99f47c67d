"""Options of ``cytosig balance`` that ``score`` has not; defaults are those of ``tl.balance``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cytosig.cli._options import option


class TableFormat(StrEnum):
    """Of the files of tables."""

    tsv = "tsv"
    json = "json"
    parquet = "parquet"


_UNIT, _HOW, _CONTEXT, _OUT = "The sample", "How", "Context", "Output"

Source = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="h5ad, zarr, 10x, or a csv/tsv table: bulk samples, or cells with --sample-key.",
        show_default=False,
    ),
]
SampleKey = Annotated[
    str | None,
    option(
        "--sample-key", _UNIT, "Column of obs with the sample of each cell: cells are added up.",
        metavar="COL",
    ),
]  # fmt: skip
CellTypeKey = Annotated[
    str | None,
    option(
        "--cell-type-key", _UNIT, "Column of obs with cell types: a balance for each as well.",
        metavar="COL",
    ),
]  # fmt: skip
MinCells = Annotated[
    int | None,
    option("--min-cells", _UNIT, "Fewest cells of a type in a sample.", min=1, show_default="10"),
]
Metadata = Annotated[
    Path | None,
    option(
        "--metadata",
        _CONTEXT,
        "A table (csv or tsv) whose first column names the samples; its other columns join obs.",
        metavar="FILE",
    ),
]
Context = Annotated[
    list[str] | None,
    option(
        "--context",
        _CONTEXT,
        "Column of obs with what rules ask for: stage, tumour_type, treatment,"
        " days_since_treatment, genotype or background; repeatable. What is not given is not"
        " guessed.",
        metavar="NAME=COL",
    ),
]
Assume = Annotated[
    list[str] | None,
    option(
        "--assume", _CONTEXT, "A context rule known to hold in every sample; repeatable.",
        metavar="RULE",
    ),
]  # fmt: skip
Control = Annotated[
    str | None,
    option("--control", _HOW, "Compare with these samples instead of all.", metavar="COL=VALUE"),
]
Reference = Annotated[
    Path | None,
    option("--reference", _HOW, "Compare with a stored reference.", metavar="FILE"),
]
SaveReference = Annotated[
    Path | None,
    option(
        "--save-reference", _HOW, "Store these samples as a reference for later ones.",
        metavar="FILE",
    ),
]  # fmt: skip
Adjust = Annotated[
    str | None,
    option(
        "--adjust", _HOW,
        "Programmes held constant in the adjusted balance, with commas between; 'none' for none.",
        metavar="NAME,NAME", show_default="immune_content,stromal_content",
    ),
]  # fmt: skip
Sweep = Annotated[
    str | None,
    option(
        "--sweep", _HOW, "Cytokines whose role and dose are varied, with commas between.",
        metavar="ID,ID",
    ),
]  # fmt: skip
NoShrink = Annotated[
    bool,
    option("--no-shrink", _HOW, "Weigh activities as measured, not drawn towards the reference."),
]
Draws = Annotated[
    int | None,
    option("--n-draws", _HOW, "Draws behind the intervals.", min=100, show_default="1000"),
]
Level = Annotated[float | None, option("--level", _HOW, "Of the intervals.", show_default="0.95")]
Seed = Annotated[int | None, option("--rng", _HOW, "Seed of the draws.", show_default="0")]
Out = Annotated[
    Path | None,
    option(
        "--out -o",
        _OUT,
        "The table of balances (.tsv, .csv, .json, .parquet), or IN with all tables in it (.h5ad).",
        metavar="OUT",
    ),
]
Tables = Annotated[
    Path | None,
    option("--tables", _OUT, "Write every table into this folder.", metavar="DIR"),
]
TablesAs = Annotated[
    TableFormat | None,
    option("--tables-as", _OUT, "Format of the files in that folder.", show_default="tsv"),
]
