"""``cytosig balance``: which way the cytokines of every sample lean, and how sure that is."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _balance_options as b
from cytosig.cli import _options as o
from cytosig.cli import _pairs as pairs
from cytosig.cli._output import FormatOption, emit
from cytosig.cli.methods import names_in

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell

EPILOG = "Example: cytosig balance tumours.h5ad --sample-key patient -o balance.tsv"
_SHOWN = (
    "balance", "ci_low", "ci_high", "p_above_zero", "verdict", "driver", "balance_context",
    "balance_least", "balance_most", "phenotype",
)  # fmt: skip
_CAPTION = (
    "Balance of cytokines against the tumour (+) and for it (-), compared with the reference. A"
    " score, not a probability of response."
)


def balance(
    source: b.Source,
    *,
    sample_key: b.SampleKey = None,
    cell_type_key: b.CellTypeKey = None,
    compartments: o.CompartmentOption = None,
    min_cells: b.MinCells = None,
    control: b.Control = None,
    reference: b.Reference = None,
    save_reference: b.SaveReference = None,
    metadata: b.Metadata = None,
    context: b.Context = None,
    assume: b.Assume = None,
    adjust: b.Adjust = None,
    sweep: b.Sweep = None,
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
    out: b.Out = None,
    tables: b.Tables = None,
    tables_as: b.TablesAs = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
) -> None:
    """Balance of cytokines that work against the tumour and for it, in every sample."""
    asked = {k: v for k, v in locals().items() if v is not None and v is not False and v != []}
    if transpose is False:
        asked["transpose"] = False
    _run(asked)


def _run(asked: dict[str, Any]) -> None:
    """Check the call, weigh, write, print."""
    from cytosig.cli._arguments import is_file

    source: Path = asked.pop("source")
    files = ("metadata", "save_reference", "out", "tables", "tables_as", "format", "transpose")
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
        tl.balance(adata, **arguments)
        if places["save_reference"] is not None:
            _reference(adata, arguments).save(places["save_reference"])
        if keep and out is not None:
            from cytosig.io import write_h5ad

            write_h5ad(adata, out)
        key = arguments.get("key_added", signature(tl.balance).parameters["key_added"].default)
        record = adata.uns[key]
    if out is not None and not keep:
        write_frame(_with_names(record["balance"]), out)
    if places["tables"] is not None:
        _write_all(record, places["tables"], getattr(places["tables_as"], "value", "tsv"))
    _print(record["balance"], places["format"])


def _arguments(asked: dict[str, Any]) -> dict[str, Any]:
    """What ``tl.balance`` takes."""
    from cytosig.cli._arguments import chosen, read_pairs
    from cytosig.engine.reference import Reference

    found = {name: getattr(value, "value", value) for name, value in asked.items()}
    if "reference" in found and "control" in found:
        raise UsageError("--reference and --control exclude each other; leave one out.")
    if "layer" in found and "use_raw" in found:
        raise UsageError("--layer and --use-raw exclude each other; leave one out.")
    if found.pop("no_shrink", False):
        found["shrink"] = False
    read_pairs(found)
    if "context" in found:
        found["context"] = pairs.columns(found["context"], "--context")
    if "adjust" in found:
        found["adjust"] = [] if found["adjust"] == "none" else names_in(found["adjust"])
    if "sweep" in found:
        found["sweep"] = names_in(found["sweep"])
    if "signatures" in found:
        found["signatures"] = chosen(found["signatures"])
    if "reference" in found:
        found["reference"] = Reference.load(found["reference"])
    return found


def _check(arguments: dict[str, Any], source: Path, places: dict[str, Any]) -> None:
    """Refuse what can be refused before anything is read."""
    from cytosig.cli._table_file import check_places

    inputs = [path for path in (source, places["metadata"], *places["named"]) if path is not None]
    if places["save_reference"] is not None and "reference" in arguments:
        raise UsageError("--save-reference and --reference exclude each other; leave one out.")
    check_places("balance", arguments, places, inputs=inputs, further=(places["save_reference"],))


def _reference(adata: AnnData, arguments: dict[str, Any]) -> Any:
    """The samples of this run as a reference."""
    from cytosig import tl

    known = signature(tl.fit_reference).parameters
    return tl.fit_reference(adata, **{k: v for k, v in arguments.items() if k in known})


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    """The names of the rows as a first column, unless the table has one for them."""
    if "sample" in table:
        return table
    found = table.copy()
    found.insert(0, "sample", table.index.astype(str))
    return found


def _write_all(record: dict[str, Any], folder: Path, suffix: str) -> None:
    """Every table of the balance, a file each."""
    from cytosig.cli._table_file import write_folder

    found = {}
    for name, table in record.items():
        if name.startswith("balance") and hasattr(table, "columns"):
            named = _with_names(table)
            if name == "balance_cytokines":
                named = named.rename(columns={"sample": "cytokine"})
            found[name] = named
    write_folder(found, folder, suffix)


def _print(table: pd.DataFrame, format: Any) -> None:
    shown = _with_names(table[[name for name in _SHOWN if name in table]])
    rows: list[dict[str, Cell]] = shown.to_dict("records")  # type: ignore[assignment]
    emit(rows, format=format, caption=_CAPTION)
