"""The options of ``cytosig compare``; defaults are those of ``tl.compare``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cytosig.cli._options import option
from cytosig.cli.methods import names_in


class Method(StrEnum):
    """The tests."""

    moderated = "moderated"
    t = "t"
    welch = "welch"
    mann_whitney = "mann-whitney"
    wilcoxon = "wilcoxon"
    hc3 = "hc3"
    spearman = "spearman"
    cox = "cox"


class Interval(StrEnum):
    """Of the area under the ROC curve."""

    delong = "delong"
    bootstrap = "bootstrap"


def _names(text: str | None) -> list[str] | None:
    """Names with commas between; none is an error of the call."""
    if text is None:
        return None
    found = names_in(text)
    if not found:
        raise typer.BadParameter("expected names with commas between.")
    return found


_WHAT, _HOW, _UNIT, _OUT = "What is compared", "How", "The sample", "Output"

Source = Annotated[
    Path,
    typer.Argument(metavar="IN", help="Scored .h5ad or .zarr.", show_default=False),
]
Metadata = Annotated[
    Path | None,
    option(
        "--metadata",
        _WHAT,
        "A table (csv or tsv) whose first column names the observations of IN, or the samples of"
        " --sample-key; its other columns can be named below.",
        metavar="FILE",
    ),
]
Groupby = Annotated[
    str | None,
    option("--groupby", _WHAT, "Column with groups, such as response.", metavar="COL"),
]
Reference = Annotated[
    str | None,
    option(
        "--reference", _WHAT, "Group the others are compared with; else the first.", metavar="NAME"
    ),
]
Groups = Annotated[
    str | None,
    option("--groups", _WHAT, "Only these groups.", metavar="NAME,NAME", callback=_names),
]
Covariate = Annotated[
    str | None,
    option("--covariate", _WHAT, "Column with a number: slope and Spearman.", metavar="COL"),
]
SurvivalOption = Annotated[
    str | None,
    option(
        "--survival",
        _WHAT,
        "Columns with the time of follow-up and the event (1 or 0): Cox regression.",
        metavar="TIME,EVENT",
        callback=_names,
    ),
]
Paired = Annotated[
    str | None,
    option("--paired", _WHAT, "Column with the patient, of paired samples.", metavar="COL"),
]
Covariates = Annotated[
    str | None,
    option("--covariates", _HOW, "Columns held constant.", metavar="COL,COL", callback=_names),
]
CohortKey = Annotated[
    str | None,
    option(
        "--cohort-key",
        _HOW,
        "Column with the cohort: each is compared alone, and all are pooled.",
        metavar="COL",
    ),
]
MethodOption = Annotated[
    Method | None,
    option("--method", _HOW, "The test; moderated, or cox for survival, when not given."),
]
AurocCi = Annotated[
    Interval | None,
    option("--auroc-ci", _HOW, "Interval of the AUROC.", show_default="delong"),
]
Draws = Annotated[
    int | None, option("--n-draws", _HOW, "Draws of its bootstrap.", min=100, show_default="2000")
]
Seed = Annotated[int | None, option("--rng", _HOW, "Seed of those draws.", show_default="0")]
Level = Annotated[float | None, option("--level", _HOW, "Of the intervals.", show_default="0.95")]
SampleKey = Annotated[
    str | None,
    option("--sample-key", _UNIT, "Column of obs with the sample of each cell.", metavar="COL"),
]
CellTypeKey = Annotated[
    str | None,
    option(
        "--cell-type-key", _UNIT, "Column of obs with cell types, compared each.", metavar="COL"
    ),
]
MinCells = Annotated[
    int | None,
    option("--min-cells", _UNIT, "Fewest cells of a sample.", min=1, show_default="10"),
]
Use = Annotated[
    str | None,
    option(
        "--use",
        _WHAT,
        "Of score, axis and balance; those that are stored when not given.",
        metavar="NAME,NAME",
        callback=_names,
    ),
]
Key = Annotated[
    str | None,
    option(
        "--key", _WHAT, "The --key-added of the scores.", metavar="NAME", show_default="cytosig"
    ),
]
Out = Annotated[
    Path | None,
    option(
        "--out -o",
        _OUT,
        "Every row and column as a table (.tsv, .csv, .json, .parquet), or IN with the comparison"
        " in it (.h5ad).",
        metavar="OUT",
    ),
]
KeyAdded = Annotated[
    str | None,
    option(
        "--key-added", _OUT, "Slot written in an .h5ad.", metavar="NAME", show_default="compare"
    ),
]
