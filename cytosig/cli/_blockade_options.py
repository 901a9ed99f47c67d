"""Options of ``cytosig blockade`` that ``balance`` has not; defaults are those of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cytosig._errors import UsageError
from cytosig.cli._options import option
from cytosig.cli.methods import names_in

_WHAT, _UNIT, _OUT = "What is blocked", "The sample", "Output"

Targets = Annotated[
    str | None,
    option(
        "--targets -t",
        _WHAT,
        "Drugs, genes or cytokines with commas between: IL6R,bintrafusp alfa; 'all' for every"
        " drug of the catalogue.",
        metavar="NAME,NAME",
    ),
]
Scenario = Annotated[
    list[str] | None,
    option(
        "--scenario",
        _WHAT,
        "A scenario of your own, genes or cytokines with commas between; ':activates' or"
        " ':depletes' behind them where it does not block; repeatable.",
        metavar="NAME=GENE,GENE",
    ),
]
Pairs = Annotated[bool, option("--pairs", _WHAT, "Also every two of them together.")]
CellTypeKey = Annotated[
    str | None,
    option(
        "--cell-type-key", _UNIT,
        "Column of obs with cell types, for context rules that look at some cells.",
        metavar="COL",
    ),
]  # fmt: skip
Out = Annotated[
    Path | None,
    option(
        "--out -o",
        _OUT,
        "The table of scenarios (.tsv, .csv, .json, .parquet), or IN with all tables in it"
        " (.h5ad).",
        metavar="OUT",
    ),
]


def asked_for(targets: str | None, scenarios: list[str] | None, /) -> object:
    """``targets=`` of the library.

    Raises
    ------
    UsageError
        When nothing is named, or a scenario is not NAME=GENE,GENE.

    Examples
    --------
    >>> asked_for("IL6R, NIS793", ["mine=CD40:activates"])
    ['IL6R', 'NIS793', {'mine': {'targets': ['CD40'], 'action': 'activates'}}]
    """
    names = names_in(targets or "")
    own = [_defined(text) for text in scenarios or []]
    if not names and not own:
        raise UsageError("Name what to block: --targets NAME,NAME or --scenario NAME=GENE,GENE.")
    if names == ["all"] and not own:
        return "all"
    return [*names, *own]


def _defined(text: str) -> dict[str, dict[str, object]]:
    name, _, rest = (part.strip() for part in text.partition("="))
    genes, colon, action = (part.strip() for part in rest.partition(":"))
    if not (name and names_in(genes)) or (colon and not action):
        raise UsageError(
            f"--scenario {text!r}: expected NAME=GENE,GENE, such as mine=CD274,TGFB1, or with an"
            " action, such as mine=CD40:activates."
        )
    found: dict[str, object] = {"targets": names_in(genes)}
    return {name: {**found, **({"action": action} if action else {})}}
