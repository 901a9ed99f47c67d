"""``cytosig signatures``: list, show, check, export and learn response signatures."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from cytosig.cli._output import FormatOption, emit, json_text
from cytosig.cli.learn import EPILOG, learn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cytosig.cli._output import Cell
    from cytosig.signatures import Catalogue, Cytokine

app = typer.Typer(
    no_args_is_help=True, help="List, show, check, export and learn response signatures."
)
app.command("learn", epilog=EPILOG)(learn)


class CardFormat(StrEnum):
    """How one cytokine is printed."""

    text = "text"
    json = "json"


class FileFormat(StrEnum):
    """What signatures are exported as."""

    gmt = "gmt"
    tsv = "tsv"
    csv = "csv"
    json = "json"


@app.command("list")
def list_all(*, format: FormatOption = None) -> None:
    """List the curated cytokines."""
    from cytosig.signatures import load

    catalogue = load()
    others = catalogue.ambiguity()
    axis_of = {member: axis.id for axis in catalogue.axes.values() for member in axis.members}
    emit(
        [
            _row(catalogue, c, axis_of.get(c.id, ""), others.get(c.id, {}))
            for c in catalogue.cytokines.values()
        ],
        format=format,
        caption="role: -1 helps the tumour, +1 acts against it. A cytokine without response genes"
        " is read through its ligand and receptors. grade: how well experiments support the"
        " response genes, A to D. ambiguous with: cytokines that could explain its score equally.",
    )


def _row(
    catalogue: Catalogue, cytokine: Cytokine, axis: str, others: Iterable[str]
) -> dict[str, Cell]:
    signature = catalogue.signatures.get(cytokine.id)
    weights = signature.weights.values() if signature is not None else ()
    response = cytokine.response
    return {
        "id": cytokine.id,
        "name": cytokine.name,
        "family": cytokine.family,
        "axis": axis,
        "role": cytokine.role.value,
        "kind": cytokine.role.kind,
        "confidence": cytokine.role.confidence,
        "up": sum(weight > 0 for weight in weights),
        "down": sum(weight < 0 for weight in weights),
        "scorability": response.scorability if response else "none",
        "grade": (response.grade or "") if response else "",
        "ambiguous_with": ", ".join(others),
    }


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Id or alias, such as IL6 or TNF-alpha.")],
    *,
    format: Annotated[CardFormat, typer.Option("--format", help="How.")] = CardFormat.text,
) -> None:
    """Show everything known of one cytokine."""
    from cytosig.cli._card import card, record
    from cytosig.signatures import load

    catalogue = load()
    id = catalogue.resolve(name)
    if format is CardFormat.json:
        typer.echo(json_text(record(catalogue, id)))
    else:
        typer.echo(card(catalogue, id))


@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Signatures as .toml, .gmt, .csv or .tsv, a curated cytokine's .toml, or a whole"
            " folder of these.",
            show_default=False,
        ),
    ],
) -> None:
    """Check signature files; name file and line of what is wrong."""
    from cytosig._errors import CytosigError
    from cytosig.cli._check import verdict
    from cytosig.cli._notices import error

    failed = 0
    for path in files:
        try:
            typer.echo(f"{path}: {verdict(path)}")
        except CytosigError as exc:
            error(str(exc))
            failed = 1
    raise typer.Exit(failed)


@app.command()
def export(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to.", show_default=False)
    ],
    *,
    format: Annotated[
        FileFormat | None,
        typer.Option("--format", help="Kind of file.", show_default="by suffix"),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="ID,ID", help="Only these cytokines.", show_default="all"),
    ] = None,
    compartment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="As in epithelial, stromal, myeloid, T_NK or B cells, where that differs.",
            show_default="the generic signatures",
        ),
    ] = None,
) -> None:
    """Write the curated response signatures to a file other tools read."""
    from cytosig._errors import UsageError
    from cytosig._log import logger
    from cytosig.signatures import load

    kind = format or _kind_of(out)
    catalogue = load()
    if only is not None:
        catalogue = catalogue.subset([name for name in only.split(",") if name.strip()])
        for id in catalogue.cytokines.keys() - catalogue.signatures.keys():
            logger.warning("%s has no response signature; it is not exported.", id)
    if not len(catalogue):
        raise UsageError(f"--only {only}: none of these has a response signature.")
    if compartment is not None:
        n = len(catalogue.variants.get(compartment, {}))
        catalogue = catalogue.for_compartment(compartment)
        logger.info("%d with a variant for %s cells; the others are generic.", n, compartment)
    _write(catalogue, out, kind)
    logger.info("%d signatures written to %s.", len(catalogue), out)


def _kind_of(out: Path) -> FileFormat:
    from cytosig._errors import UsageError

    suffix = out.suffix.lower().lstrip(".")
    if suffix not in list(FileFormat):
        raise UsageError(f"{out}: unknown kind of file; end it in .gmt, .tsv, .csv or .json.")
    return FileFormat(suffix)


def _write(catalogue: Catalogue, out: Path, kind: FileFormat) -> None:
    from cytosig.io import atomic_path

    if kind is FileFormat.gmt:
        text = catalogue.to_gmt()
    elif kind is FileFormat.json:
        text = json.dumps(catalogue.to_dict(), indent=1, ensure_ascii=False) + "\n"
    else:
        separator = "," if kind is FileFormat.csv else "\t"
        text = catalogue.to_frame().to_csv(index=False, sep=separator, lineterminator="\n")
    with atomic_path(out) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
