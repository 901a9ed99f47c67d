"""``cytosig blockade``: what blocking something would change in the balance, as arithmetic."""

from __future__ import annotations

import sys
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _balance_options as b
from cytosig.cli import _blockade_options as mine
from cytosig.cli import _options as o
from cytosig.cli import _pairs as pairs_of
from cytosig.cli._output import FormatOption, emit

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.cli._output import Cell, Format

EPILOG = "Example: cytosig blockade tumours.h5ad --sample-key patient --targets IL6R,NIS793 --pairs"
_SHOWN_ROWS = 40
_SHOWN = (
    "rank", "name", "cytokines", "not_modelled", "effect", "ci_low", "ci_high", "p_above_zero",
    "effect_context", "synergy", "note",
)  # fmt: skip


def blockade(
    source: b.Source,
    *,
    targets: mine.Targets = None,
    scenario: mine.Scenario = None,
    pairs: mine.Pairs = False,
    sample_key: b.SampleKey = None,
    cell_type_key: mine.CellTypeKey = None,
    compartments: o.CompartmentOption = None,
    min_cells: b.MinCells = None,
    control: b.Control = None,
    reference: b.Reference = None,
    metadata: b.Metadata = None,
    context: b.Context = None,
    assume: b.Assume = None,
    signatures: o.SignaturesOption = None,
    min_coverage: o.MinCoverage = None,
    no_shrink: b.NoShrink = False,
    n_draws: b.Draws = None,
    level: b.Level = None,
    rng: b.Seed = None,
    layer: o.Layer = None,
    use_raw: o.UseRaw = False,
    gene_symbols: o.GeneSymbols = None,
    organism: o.OrganismOption = None,
    normalize: o.NormalizeOption = None,
    target_sum: o.TargetSum = None,
    nonfinite: o.NonfiniteOption = None,
    transpose: o.Transpose = None,
    n_jobs: o.Threads = None,
    out: mine.Out = None,
    tables: b.Tables = None,
    tables_as: b.TablesAs = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
) -> None:
    """What blocking or activating something would change in the balance of samples.

    A scenario ranking, not a forecast of efficacy.
    """
    asked = {k: v for k, v in locals().items() if v is not None and v is not False and v != []}
    if transpose is False:
        asked["transpose"] = False
    _run(asked)


def _run(asked: dict[str, Any]) -> None:
    """Check the call, compute, write, print."""
    from cytosig.cli._arguments import is_file

    source: Path = asked.pop("source")
    files = ("metadata", "out", "tables", "tables_as", "format", "transpose")
    places = {name: asked.pop(name, None) for name in files}
    places["named"] = [Path(text) for text in asked.get("signatures", []) if is_file(text)]
    places["named"] += [asked["reference"]] if "reference" in asked else []
    arguments = _arguments(asked)
    _check(arguments, source, places)

    from cytosig import tl
    from cytosig.cli._input import one_source
    from cytosig.cli._metadata import add_metadata
    from cytosig.cli._table_file import write_frame

    out: Path | None = places["out"]
    keep = out is not None and out.suffix.lower() == ".h5ad"
    with one_source(source, places["transpose"], whole=keep) as adata:
        if places["metadata"] is not None:
            add_metadata(adata, places["metadata"], sample_key=arguments.get("sample_key"))
        tl.blockade(adata, **arguments)
        if keep and out is not None:
            from cytosig.io import write_h5ad

            write_h5ad(adata, out)
        key = arguments.get("key_added", signature(tl.blockade).parameters["key_added"].default)
        record = adata.uns[key]
    if out is not None and not keep:
        write_frame(record["blockade"], out)
    if places["tables"] is not None:
        _write_all(record, places["tables"], getattr(places["tables_as"], "value", "tsv"))
    _print(record["blockade"], record["blockade_params"]["label"], places["format"])


def _arguments(asked: dict[str, Any]) -> dict[str, Any]:
    """What ``tl.blockade`` takes."""
    from cytosig.cli._arguments import chosen, read_pairs
    from cytosig.engine.reference import Reference

    found = {name: getattr(value, "value", value) for name, value in asked.items()}
    for one, other in (("reference", "control"), ("layer", "use_raw")):
        if one in found and other in found:
            flags = f"--{one} and --{other.replace('_', '-')}"
            raise UsageError(f"{flags} exclude each other; leave one out.")
    found["targets"] = mine.asked_for(found.get("targets"), found.pop("scenario", None))
    if found.pop("no_shrink", False):
        found["shrink"] = False
    read_pairs(found)
    if "context" in found:
        found["context"] = pairs_of.columns(found["context"], "--context")
    if "signatures" in found:
        found["signatures"] = chosen(found["signatures"])
    if "reference" in found:
        found["reference"] = Reference.load(found["reference"])
    return found


def _check(arguments: dict[str, Any], source: Path, places: dict[str, Any]) -> None:
    """Refuse what can be refused before anything is read."""
    from cytosig.cli._table_file import check_places

    inputs = [path for path in (source, places["metadata"], *places["named"]) if path is not None]
    check_places("blockade", arguments, places, inputs=inputs)


def _write_all(record: dict[str, Any], folder: Path, suffix: str) -> None:
    """Every table, a file each."""
    from cytosig.cli._table_file import write_folder

    found = {}
    for name, table in record.items():
        if name.startswith("blockade") and hasattr(table, "columns"):
            if name.startswith("blockade_samples"):
                table = table.copy()
                table.insert(0, "sample", table.index.astype(str))
            found[name] = table
    write_folder(found, folder, suffix)


def _print(table: pd.DataFrame, label: str, format: Format | None) -> None:
    """Every row and column for a program; on a terminal the first rows, the main columns."""
    caption = f"Change of the balance: {label}."
    if format is None and sys.stdout.isatty():
        more = len(table) - _SHOWN_ROWS
        shown = [name for name in _SHOWN if not table[name].isna().all()]
        table = table[shown].head(_SHOWN_ROWS)
        caption += f" {more} more rows; -o OUT.tsv keeps all." if more > 0 else ""
    rows: list[dict[str, Cell]] = table.to_dict("records")  # type: ignore[assignment]
    emit(rows, format=format, caption=caption)
