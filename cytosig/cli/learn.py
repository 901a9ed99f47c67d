"""``cytosig signatures learn``: a signature from a stimulation experiment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig._log import logger
from cytosig.cli import _learn_options as t  # noqa: TC001 - typer reads the annotations
from cytosig.cli import _options as o  # noqa: TC001
from cytosig.cli._output import Format, FormatOption, emit, json_text
from cytosig.cli._talk import arguments_of, given

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cytosig.cli._output import Cell
    from cytosig.learn import Learned

EPILOG = (
    "Example: cytosig signatures learn stim.h5ad --treatment cytokine=IL21 --control none"
    " --batch donor -o IL21.toml"
)
_PLACES = ("source", "metadata", "out", "format", "transpose")
_SHOWN_ROWS = 20
_SHOWN = ("gene", "weight", "lfc", "t", "q", "also_in", "note")
_SHOWN_FOLDS = ("fold", "n_treated", "n_control", "n_genes", "z", "p", "rank", "first", "first_z")


def learn(
    source: t.Source,
    *,
    treatment: t.Treatment,
    control: t.Control,
    batch_key: t.Batch = None,
    covariates: t.Covariates = None,
    metadata: t.Metadata = None,
    sample_key: t.SampleKey = None,
    min_cells: t.MinCells = None,
    layer: o.Layer = None,
    use_raw: o.UseRaw = False,
    gene_symbols: o.GeneSymbols = None,
    organism: o.OrganismOption = None,
    nonfinite: o.NonfiniteOption = None,
    transpose: o.Transpose = None,
    id: t.Id = None,
    axis: t.AxisOption = None,
    compartment: t.CompartmentOption = None,
    experiment: t.Experiment = None,
    max_genes: t.MaxGenes = None,
    max_q: t.MaxQ = None,
    min_lfc: t.MinLfc = None,
    keep_programmes: t.KeepProgrammes = False,
    out: t.Out = None,
    format: FormatOption = None,
) -> None:
    """Learn a signature from treated and control samples; check it on some left out.

    Prints its genes and the figures of the held-out check; the entry of -o can be scored by.
    """
    _run(given(dict(locals())))


def _run(asked: dict[str, Any]) -> None:
    places = {name: asked.pop(name, None) for name in _PLACES}
    if asked.pop("keep_programmes", False):
        asked["drop_programmes"] = False
    treatment, control = _pair("--treatment", asked.pop("treatment")), asked.pop("control")
    arguments = arguments_of(asked)
    _check(places)

    from cytosig import signatures
    from cytosig.cli._input import one_source
    from cytosig.cli._metadata import add_metadata

    whole = "sample_key" not in arguments
    with one_source(places["source"], places["transpose"], whole=whole) as adata:
        if places["metadata"] is not None:
            add_metadata(adata, places["metadata"], sample_key=arguments.get("sample_key"))
        column, sign, value = control.partition("=")
        side = (column, value) if sign and column in adata.obs.columns else control
        learned = signatures.learn(adata, treatment=treatment, control=side, **arguments)
    if places["out"] is not None:
        learned.to_toml(places["out"])
        logger.info("%s written to %s.", learned.signature.id, places["out"])
    _print(learned, places["format"])


def _pair(flag: str, text: str) -> tuple[str, str]:
    """Column and value; a value may hold ``=``."""
    column, sign, value = text.partition("=")
    if not (column and sign and value):
        raise UsageError(f"{flag} {text!r}: expected COLUMN=VALUE, such as cytokine=IL21.")
    return column, value


def _check(places: dict[str, Any]) -> None:
    """Refuse what can be refused before anything is read."""
    out: Path | None = places["out"]
    if out is None:
        return
    from cytosig.cli._files import check_writable
    from cytosig.io import check_output

    if out.suffix.lower() != ".toml":
        raise UsageError(f"{out}: a signature is written as TOML; end it in .toml.")
    inputs = [path for path in (places["source"], places["metadata"]) if path is not None]
    check_output(out, inputs=inputs)
    check_writable(out)


def _print(learned: Learned, format: Format | None) -> None:
    """Genes listed and folds; on a terminal the first of each, below what they come to."""
    from typer import echo

    listed = learned.genes[learned.genes["weight"] != 0]
    folds = learned.held_out
    if format is Format.json:
        echo(json_text(_record(learned, listed)))
        return
    if format is None and sys.stdout.isatty():
        echo(learned.summary + "\n")
        more = len(listed) - _SHOWN_ROWS
        caption = f"{more} more genes; --format tsv lists all" if more > 0 else ""
        emit(_short(listed[[*_SHOWN]].head(_SHOWN_ROWS)), format=None, caption=caption)
        echo("")
        emit(_short(folds[[*_SHOWN_FOLDS]]), format=None, caption="contrasts left out")
        return
    for line in learned.summary.splitlines():
        if line.startswith("NOT"):  # warned of already
            continue
        logger.info("%s", line)
    emit(_rows(listed), format=Format.tsv)
    echo("")
    emit(_rows(folds), format=Format.tsv)


def _short(table: pd.DataFrame) -> list[dict[str, Cell]]:
    """For the eye: small probabilities as such."""
    shown = {
        name: [f"{value:.2g}" if value == value else "–" for value in table[name]]
        for name in ("p", "q")
        if name in table
    }
    return _rows(table.assign(**shown))


def _record(learned: Learned, listed: pd.DataFrame) -> dict[str, object]:
    from dataclasses import asdict

    evidence = learned.signature.evidence
    return {
        "id": learned.signature.id,
        "axis": learned.signature.axis,
        "grade": learned.signature.grade,
        "validated": learned.validated,
        "summary": learned.summary,
        "genes": _rows(listed),
        "held_out": _rows(learned.held_out),
        "samples": _rows(learned.samples),
        "overlap": _rows(learned.overlap),
        "evidence": None if evidence is None else asdict(evidence),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = table.to_dict("records")  # type: ignore[assignment]
    return rows
