"""What ``cytosig sources``, ``targets`` and ``links`` share: check, compute, write, print."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli._output import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell, Format

    Tool = Callable[..., AnnData | None]

_PLACES = ("metadata", "out", "tables", "tables_as", "format", "transpose", "graphml")
_SHOWN_ROWS = 40
_UNSAFE = re.compile(r"[^\w.-]+")
_PROBABILITIES = ("p", "q", "p_competence", "p_response", "coupling_p")


def given(asked: dict[str, Any], /) -> dict[str, Any]:
    """What was typed, of all options; --no-transpose is, other flags that are not set are not."""
    return {
        name: value
        for name, value in asked.items()
        if value is not None and value != [] and (value is not False or name == "transpose")
    }


def run_tool(name: str, asked: dict[str, Any], shown: Sequence[str], caption: str, /) -> None:
    """Check the call, run the function of ``tl`` of that name, write, print.

    Parameters
    ----------
    name
        Of the function, and of its main table.
    asked
        Its arguments, and places to write to, as typed.
    shown
        Columns shown on a terminal.
    caption
        Line below the table.
    """
    from cytosig.cli._arguments import is_file

    source: Path = asked.pop("source")
    places = {place: asked.pop(place, None) for place in _PLACES}
    named = [Path(text) for text in asked.get("signatures", []) if is_file(text)]
    arguments = arguments_of(asked)
    _check(name, arguments, source, places, named)

    from cytosig import tl
    from cytosig.cli._metadata import add_metadata
    from cytosig.cli._table_file import is_h5ad, write_frame

    tool: Tool = getattr(tl, name)
    key = arguments.get("key_added", signature(tool).parameters["key_added"].default)
    out: Path | None = places["out"]
    keep = out is not None and is_h5ad(out)
    with _opened(source, places["transpose"], whole=keep) as adata:
        if places["metadata"] is not None:
            add_metadata(adata, places["metadata"], sample_key=arguments["sample_key"])
        tool(adata, **arguments)
        if places["graphml"] is not None:
            _write_graphs(adata, key, places["graphml"])
        if keep and out is not None:
            from cytosig.io import write_h5ad

            write_h5ad(adata, out)
        record = adata.uns[key]
    found = record[name].sort_values("q", kind="stable", na_position="last")
    if out is not None and not keep:
        write_frame(found, out)
    if places["tables"] is not None:
        _write_all(record, name, places["tables"], getattr(places["tables_as"], "value", "tsv"))
    _print(found, shown, caption, places["format"])


def arguments_of(asked: dict[str, Any], /) -> dict[str, Any]:
    """What the function takes, from what was typed."""
    from cytosig.cli._arguments import chosen, read_pairs

    found = {name: getattr(value, "value", value) for name, value in asked.items()}
    if "layer" in found and "use_raw" in found:
        raise UsageError("--layer and --use-raw exclude each other; leave one out.")
    read_pairs(found)
    if "signatures" in found:
        found["signatures"] = chosen(found["signatures"])
    return found


def _check(
    tool: str, arguments: dict[str, Any], source: Path, places: dict[str, Any], named: list[Path]
) -> None:
    """Refuse what can be refused before anything is read."""
    from cytosig.cli._table_file import check_places

    inputs = [path for path in (source, places["metadata"], *named) if path is not None]
    check_places(tool, arguments, places, inputs=inputs, further=(places["graphml"],))


@contextmanager
def _opened(source: Path, transpose: bool | None, *, whole: bool) -> Iterator[AnnData]:
    """The data; where they are, if they are cells and need not be written again."""
    from cytosig import io
    from cytosig._keys import PSEUDOBULK
    from cytosig.cli._input import one_source

    with one_source(source, transpose, whole=whole) as adata:
        small = not whole and transpose is None and PSEUDOBULK in adata.uns
        yield io.read(source) if small else adata


def _write_graphs(adata: AnnData, key: str, path: Path) -> None:
    """The links as a graph; of each condition in a file of its own where there are several."""
    import networkx as nx

    from cytosig import tl
    from cytosig._log import logger
    from cytosig.io import atomic_path

    conditions = list(dict.fromkeys(adata.uns[key]["links"]["condition"].astype(str)))
    for name, own in _graph_paths(path, conditions).items():
        graph = tl.network(adata, condition=name, key_added=key)
        graph.graph["condition"] = name
        with atomic_path(own) as part:
            nx.write_graphml(graph, part, edge_id_from_attribute="id")
        whose = "" if own == path else f" of {name!r}"
        logger.info("%s: %d links%s.", own, graph.number_of_edges(), whose)


def _graph_paths(path: Path, conditions: list[str]) -> dict[str, Path]:
    """A file for each condition; a number tells apart those that would be called the same.

    Numbers do not depend on the order, and who needs no other characters goes first.
    """
    if len(conditions) == 1:
        return {conditions[0]: path}
    safe = {name: _UNSAFE.sub("_", name) for name in conditions}
    found: dict[str, Path] = {}
    taken: set[str] = set()
    for name in sorted(conditions, key=lambda name: (safe[name] != name, name)):
        endings = (safe[name], *(f"{safe[name]}-{n}" for n in range(2, len(conditions) + 2)))
        ending = next(one for one in endings if one.casefold() not in taken)
        taken.add(ending.casefold())  # some file systems hold A and a for the same
        found[name] = path.with_name(f"{path.stem}-{ending}{path.suffix}")
    return {name: found[name] for name in conditions}


def _write_all(record: dict[str, Any], name: str, folder: Path, suffix: str) -> None:
    """Every table of the tool, a file each."""
    from cytosig.cli._table_file import write_folder

    found = {}
    for slot, table in record.items():
        if (slot == name or slot.startswith(f"{name}_")) and hasattr(table, "columns"):
            if "cytokine" not in table:  # links × samples
                table = table.copy()
                table.insert(0, "link", table.index.astype(str))
            found[slot] = table
    write_folder(found, folder, suffix)


def _print(found: pd.DataFrame, shown: Sequence[str], caption: str, format: Format | None) -> None:
    """Every row and column for a program; on a terminal the first rows, the main columns."""
    if format is None and sys.stdout.isatty():
        more = len(found) - _SHOWN_ROWS
        found = found[[name for name in shown if not found[name].isna().all()]].head(_SHOWN_ROWS)
        for name in _PROBABILITIES:
            if name in found:
                found[name] = [f"{value:.2g}" if value == value else "–" for value in found[name]]
        caption += f" {more} more rows; -o OUT.tsv keeps all." if more > 0 else ""
    rows: list[dict[str, Cell]] = found.to_dict("records")  # type: ignore[assignment]
    emit(rows, format=format, caption=caption)
