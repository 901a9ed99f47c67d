"""The options of ``cytosig score``: names, help and choices. Defaults are those of ``tl.score``.

An option that is not given is None and not handed on, so that a default lives in one place;
the ones shown here are compared with the signature of ``tl.score`` in the tests.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cytosig.cli.methods import method_names, names_in

if TYPE_CHECKING:
    from collections.abc import Callable


class Organism(StrEnum):
    """Whose genes."""

    human = "human"
    mouse = "mouse"


class Normalize(StrEnum):
    """What is done to the values."""

    auto = "auto"
    log1p = "log1p"
    none = "none"


class Nonfinite(StrEnum):
    """What happens to NaN and infinity."""

    refuse = "raise"
    drop_genes = "drop_genes"


class Background(StrEnum):
    """Genes of the null."""

    all = "all"
    signatures = "signatures"


def _known_methods(text: str | None) -> str | None:
    for name in [] if text is None else names_in(text) or [text]:
        if name not in method_names():
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(method_names())}.")
    return text


def completed_methods(incomplete: str) -> list[str]:
    """What a shell may make of the names typed so far: each method not yet among them, added."""
    typed, comma, _ = incomplete.rpartition(",")
    return [f"{typed}{comma}{name}" for name in method_names() if name not in names_in(typed)]


def option(
    flag: str,
    panel: str,
    help: str,
    *,
    metavar: str | None = None,
    show_default: str | bool = False,
    min: float | None = None,
    max: float | None = None,
    callback: Callable[[Any], Any] | None = None,
    autocompletion: Callable[[str], list[str]] | None = None,
) -> Any:
    """An option on a panel of ``--help``; its flags have blanks between."""
    return typer.Option(
        *flag.split(), rich_help_panel=panel, help=help, metavar=metavar,
        show_default=show_default, min=min, max=max, callback=callback,
        autocompletion=autocompletion,
    )  # fmt: skip


_IN, _HOW, _ZERO, _OUT, _RUN = "Data", "Signatures and method", "Zero and scale", "Output", "Run"

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="IN",
        help="h5ad, zarr, 10x h5, 10x folder, or a csv/tsv table (.gz or not). Several files are"
        " scored one by one, each with a zero of its own.",
        show_default=False,
    ),
]
Join = Annotated[
    bool,
    option("--join", _IN, "Score all files as one data set; needs the same genes in each."),
]
Everything = Annotated[
    bool,
    option(
        "--all",
        _IN,
        "Also run channels and balance and, with --sample-key and --cell-type-key, sources,"
        " targets, links and blockade; what the data do not allow is said.",
    ),
]
SampleKey = Annotated[
    str | None,
    option(
        "--sample-key", _IN, "Column of obs with the sample of each cell, for --all.",
        metavar="COL",
    ),
]  # fmt: skip
Layer = Annotated[
    str | None, option("--layer", _IN, "Score this layer instead of X.", metavar="NAME")
]
UseRaw = Annotated[bool, option("--use-raw", _IN, "Score .raw instead of X.")]
GeneSymbols = Annotated[
    str | None,
    option("--gene-symbols", _IN, "Column of var with gene names, else found.", metavar="COL"),
]
OrganismOption = Annotated[
    Organism | None, option("--organism", _IN, "Whose genes.", show_default="human")
]
NormalizeOption = Annotated[
    Normalize | None,
    option("--normalize", _IN, "Bring to one total and log(x + 1).", show_default="auto"),
]
TargetSum = Annotated[
    float | None,
    option("--target-sum", _IN, "That total; 10,000 for cells, 1,000,000 for bulk when not given."),
]
NonfiniteOption = Annotated[
    Nonfinite | None, option("--nonfinite", _IN, "NaN and infinity.", show_default="raise")
]
Transpose = Annotated[
    bool | None,
    option("--transpose/--no-transpose", _IN, "The table is genes × samples, or not; else told."),
]

SignaturesOption = Annotated[
    list[str] | None,
    option(
        "--signatures",
        _HOW,
        "A .toml, .gmt, .csv or .tsv file, or ids of curated cytokines with commas between;"
        " repeatable. All curated ones when not given.",
        metavar="FILE|ID,ID",
    ),
]
Method = Annotated[
    str | None,
    option(
        "--method",
        _HOW,
        f"One or several, with commas between, of {', '.join(method_names())}; the summary is of"
        " the first.",
        metavar="NAME,NAME",
        callback=_known_methods,
        autocompletion=completed_methods,
        show_default="hlm",
    ),
]
Compat = Annotated[
    str | None,
    option(
        "--compat",
        _HOW,
        "Follow these peers where they depart from the published definition; 'cytosig methods'"
        " lists them.",
        metavar="NAME,NAME",
    ),
]
SettingOption = Annotated[
    list[str] | None,
    option(
        "--set",
        _HOW,
        "Tune a method, as in ucell.max_rank=1000; repeatable. 'cytosig methods' lists what there"
        " is to set.",
        metavar="METHOD.NAME=VALUE",
    ),
]
Lam = Annotated[
    float | None,
    option("--lam", _HOW, "Penalty of ridge, or of siblings in hlm (3 when not given).", min=0),
]
BackgroundOption = Annotated[
    Background | None, option("--background", _HOW, "Genes of the null.", show_default="all")
]
MinCoverage = Annotated[
    float | None,
    option(
        "--min-coverage",
        _HOW,
        "Least share of a signature's weight in the data.",
        min=0,
        max=1,
        show_default="0.25",
    ),
]
MinGenes = Annotated[
    int | None,
    option("--min-genes", _HOW, "Fewest of its genes in the data.", min=1, show_default="5"),
]
CellTypeKey = Annotated[
    str | None,
    option(
        "--cell-type-key",
        _HOW,
        "Column of obs with cell types: score each by its compartment's signatures.",
        metavar="COL",
    ),
]
CompartmentOption = Annotated[
    list[str] | None,
    option(
        "--compartment",
        _HOW,
        "Compartment of a label of that column: epithelial, stromal, myeloid, T_NK, B or generic;"
        " repeatable.",
        metavar="LABEL=NAME",
    ),
]

Control = Annotated[
    str | None,
    option("--control", _ZERO, "Centre on these observations.", metavar="COL=VALUE"),
]
Batch = Annotated[
    str | None,
    option("--batch", _ZERO, "Centre inside each block of this obs column.", metavar="COL"),
]
ReferenceOption = Annotated[
    Path | None, option("--reference", _ZERO, "Centre on a stored reference.", metavar="FILE")
]
SaveReference = Annotated[
    Path | None, option("--save-reference", _ZERO, "Store this run's zero.", metavar="FILE")
]
NoCenter = Annotated[bool, option("--no-center", _ZERO, "The values are contrasts already.")]
Scale = Annotated[bool, option("--scale", _ZERO, "Divide each gene by its standard deviation.")]

Out = Annotated[
    Path | None,
    option(
        "--out -o",
        _OUT,
        "Everything in IN plus the scores (.h5ad; .zarr from .zarr), or the scores of one method"
        " (.tsv, .csv, .parquet). A folder for several files.",
        metavar="OUT|DIR",
    ),
]
ScoresOnly = Annotated[
    bool, option("--scores-only", _OUT, "OUT without expression: obs, obsm and uns.")
]
InPlace = Annotated[
    bool,
    option(
        "--in-place",
        _OUT,
        "Add the scores to IN itself, through a copy that takes its place when it is whole.",
    ),
]
Resume = Annotated[
    bool, option("--resume", _RUN, "Go on with a run that was cut off; the same numbers.")
]
Tables = Annotated[
    Path | None,
    option(
        "--tsv",
        _OUT,
        "Write every table into this folder; a folder in it for each of several files.",
        metavar="DIR",
    ),
]
KeyAdded = Annotated[
    str | None,
    option(
        "--key-added", _OUT, "Prefix of the slots written.", metavar="NAME", show_default="cytosig"
    ),
]
Threads = Annotated[int | None, option("--threads", _RUN, "Threads, else every core.", min=1)]
ChunkSize = Annotated[
    int | None, option("--chunk-size", _RUN, "Observations a block; same results.", min=1)
]
Scheduler = Annotated[
    str | None,
    option(
        "--scheduler",
        _RUN,
        "Have the workers of a running dask scheduler score: tcp://HOST:PORT or its .json file."
        " They must see IN under the same path.",
        metavar="ADDRESS",
    ),
]
