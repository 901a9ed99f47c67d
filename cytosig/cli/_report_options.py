"""The options of ``cytosig report``; defaults are those of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytosig.cli._options import option

_OUT, _NEW = "Output", "Where IN has no results yet"

Source = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="A file with results of cytosig; or one without, which is scored first, and all that"
        " follows from it.",
        show_default=False,
    ),
]
Out = Annotated[Path, option("--out -o", _OUT, "The page (.html).", metavar="OUT")]
Title = Annotated[
    str | None,
    option("--title", _OUT, "Of the page.", metavar="TEXT", show_default="the name of IN"),
]
SampleKey = Annotated[
    str | None,
    option("--sample-key", _NEW, "Column of obs with the sample of each cell.", metavar="COL"),
]
CellTypeKey = Annotated[
    str | None,
    option("--cell-type-key", _NEW, "Column of obs with cell types.", metavar="COL"),
]
ConditionKey = Annotated[
    str | None,
    option(
        "--condition-key",
        _NEW,
        "Column with one value a sample: sources, targets and links are asked in each group.",
        metavar="COL",
    ),
]
