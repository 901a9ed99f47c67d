"""``cytosig compare``: scores, axes and balance between the samples of a scored file."""

from __future__ import annotations

import sys
from inspect import signature
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _compare_options as o  # noqa: TC001 - typer reads the annotations
from cytosig.cli._output import Format, FormatOption, emit

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cytosig.cli._output import Cell

EPILOG = "Example: cytosig compare scored.h5ad --metadata clinic.csv --groupby response -o out.tsv"
_SHOWN_ROWS = 40
_SHOWN = (
    "table", "name", "cell_type", "cohort", "contrast", "n", "n_group", "n_reference", "n_events",
    "estimate", "hazard_ratio", "p", "q", "auroc", "spearman", "concordance", "ph_p", "i2",
)  # fmt: skip
_PROBABILITIES = ("p", "q", "ph_p")


def compare(
    source: o.Source,
    *,
    metadata: o.Metadata = None,
    groupby: o.Groupby = None,
    reference: o.Reference = None,
    groups: o.Groups = None,
    covariate: o.Covariate = None,
    survival: o.SurvivalOption = None,
    paired: o.Paired = None,
    use: o.Use = None,
    key: o.Key = None,
    covariates: o.Covariates = None,
    cohort_key: o.CohortKey = None,
    method: o.MethodOption = None,
    auroc_ci: o.AurocCi = None,
    n_draws: o.Draws = None,
    rng: o.Seed = None,
    level: o.Level = None,
    sample_key: o.SampleKey = None,
    cell_type_key: o.CellTypeKey = None,
    min_cells: o.MinCells = None,
    out: o.Out = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
) -> None:
    """Compare scores, axes and balance between samples: groups, trends or survival."""
    asked = {name: value for name, value in locals().items() if value is not None}
    places = {name: asked.pop(name, None) for name in ("source", "metadata", "out", "format")}
    _run(asked, **places)


def _run(
    asked: dict[str, Any], source: Path, metadata: Path | None, out: Path | None,
    format: Format | None,
) -> None:  # fmt: skip
    arguments = _arguments(asked)
    keep = out is not None and out.suffix.lower() == ".h5ad"
    _check(arguments, source, metadata, out)

    from cytosig import tl
    from cytosig.cli._input import scored_source
    from cytosig.cli._metadata import add_metadata
    from cytosig.cli._table_file import write_frame

    with scored_source(source, whole=keep) as adata:
        if metadata is not None:
            add_metadata(adata, metadata, sample_key=arguments.get("sample_key"))
        tl.compare(adata, **arguments)
        found = adata.uns[_default(arguments, "key")][_default(arguments, "key_added")]
        found = found.sort_values("p", kind="stable", na_position="last")
        if keep and out is not None:
            from cytosig.io import write_h5ad

            write_h5ad(adata, out)
    if out is not None and not keep:
        write_frame(found, out)
    _print(found, format)


def _arguments(asked: dict[str, Any]) -> dict[str, Any]:
    """What ``tl.compare`` takes."""
    found = {name: getattr(value, "value", value) for name, value in asked.items()}
    if "survival" in found:
        if len(found["survival"]) != 2:
            raise UsageError("--survival: expected TIME,EVENT, two columns.")
        found["survival"] = tuple(found["survival"])
    return found


def _check(
    arguments: dict[str, Any], source: Path, metadata: Path | None, out: Path | None
) -> None:
    """Refuse what can be refused before anything is read."""
    named = [name for name in ("groupby", "covariate", "survival") if name in arguments]
    if len(named) != 1:
        given = " and ".join(f"--{name}" for name in named) or "none of them"
        raise UsageError(f"Give one of --groupby, --covariate and --survival; found {given}.")
    if "key_added" in arguments and (out is None or out.suffix.lower() != ".h5ad"):
        raise UsageError("--key-added names a slot of an .h5ad file: give -o OUT.h5ad.")
    if out is None:
        return
    inputs = [source] if metadata is None else [source, metadata]
    if out.suffix.lower() == ".h5ad":
        from cytosig.cli._files import check_writable
        from cytosig.io import check_output

        check_output(out, inputs=inputs)
        check_writable(out)
    else:
        from cytosig.cli._table_file import check_frame_path

        check_frame_path(out, inputs=inputs)


def _default(arguments: dict[str, Any], name: str) -> str:
    from cytosig import tl

    return str(arguments.get(name, signature(tl.compare).parameters[name].default))


def _print(found: pd.DataFrame, format: Format | None) -> None:
    """Every row and column for a program; on a terminal the first rows, the main columns."""
    if format is not None or not sys.stdout.isatty():
        emit(_cells(found), format=format)
        return
    shown = found[[name for name in _SHOWN if name in found]].head(_SHOWN_ROWS).copy()
    captions = []
    for name in ("contrast", "test"):  # one for all: said once
        if name in found and found[name].nunique() == 1:
            captions.append(f"{name}: {found[name].iloc[0]}")
            shown = shown.drop(columns=name, errors="ignore")
    for name in _PROBABILITIES:
        if name in shown:
            shown[name] = [f"{value:.2g}" if value == value else "–" for value in shown[name]]
    more = len(found) - len(shown)
    captions += [f"{more} more rows; -o OUT.tsv keeps all"] if more > 0 else []
    emit(_cells(shown), format=format, caption="; ".join(captions))


def _cells(found: pd.DataFrame) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = found.to_dict("records")  # type: ignore[assignment]
    return rows
