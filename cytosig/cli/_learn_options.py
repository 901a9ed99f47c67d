"""The options of ``cytosig signatures learn``; defaults are those of ``signatures.learn``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cytosig.cli._options import option
from cytosig.cli.methods import names_in

_WHAT, _IN, _LIST, _OUT = "The experiment", "Data", "The signature", "Output"


class Compartment(StrEnum):
    """What the cells are."""

    epithelial = "epithelial"
    stromal = "stromal"
    myeloid = "myeloid"
    t_nk = "T_NK"
    b = "B"


def _names(text: str | None) -> list[str] | None:
    """Names with commas between; none is an error of the call."""
    if text is None:
        return None
    found = names_in(text)
    if not found:
        raise typer.BadParameter("expected names with commas between.")
    return found


Source = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="Bulk samples or cells: h5ad, zarr, 10x, or a csv/tsv table.",
        show_default=False,
    ),
]
Treatment = Annotated[
    str, option("--treatment", _WHAT, "Which samples are treated.", metavar="COL=VALUE")
]
Control = Annotated[
    str,
    option(
        "--control", _WHAT, "Which are controls: a value of that column.", metavar="VALUE|COL=VALUE"
    ),
]
Batch = Annotated[
    str | None,
    option(
        "--batch", _WHAT, "Column with blocks that hold both sides: donor, line, time.",
        metavar="COL",
    ),
]  # fmt: skip
Covariates = Annotated[
    str | None,
    option(
        "--covariates", _WHAT, "Further columns held constant.", metavar="COL,COL", callback=_names
    ),
]
Metadata = Annotated[
    Path | None,
    option(
        "--metadata",
        _WHAT,
        "A table (csv or tsv) whose first column names the observations of IN, or the samples of"
        " --sample-key; its other columns can be named above.",
        metavar="FILE",
    ),
]
SampleKey = Annotated[
    str | None,
    option(
        "--sample-key", _IN, "Column of obs with the sample of each cell; cells are added up.",
        metavar="COL",
    ),
]  # fmt: skip
MinCells = Annotated[
    int | None,
    option("--min-cells", _IN, "Fewest cells of a sample.", min=1, show_default="10"),
]
Id = Annotated[
    str | None,
    option("--id", _LIST, "Its id; else made from the treatment.", metavar="NAME"),
]
AxisOption = Annotated[
    str | None,
    option(
        "--axis",
        _LIST,
        "Response axis it belongs to, such as STAT3; else that of the cytokine the treatment is"
        " named after.",
        metavar="ID",
    ),
]
CompartmentOption = Annotated[
    Compartment | None,
    option("--compartment", _LIST, "What the cells are: compare with the signatures of those."),
]
Experiment = Annotated[
    str | None,
    option("--experiment", _LIST, "Its name for the evidence, such as GSE1.", metavar="NAME"),
]
MaxGenes = Annotated[
    int | None, option("--max-genes", _LIST, "Most genes listed.", min=5, show_default="60")
]
MaxQ = Annotated[
    float | None,
    option("--max-q", _LIST, "A gene needs this q or less.", min=0, max=1, show_default="0.05"),
]
MinLfc = Annotated[
    float | None,
    option(
        "--min-lfc", _LIST, "It needs a change of this or more (log2).", min=0, show_default="0.5"
    ),
]
KeepProgrammes = Annotated[
    bool,
    option("--keep-programmes", _LIST, "List genes of growth, stress and content, too."),
]
Out = Annotated[
    Path | None,
    option("--out -o", _OUT, "The entry, as .toml.", metavar="OUT.toml"),
]
