"""Tables of results as files, by the suffix of their names."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

SUFFIXES = (".tsv", ".csv", ".tsv.gz", ".csv.gz", ".json", ".parquet")


def check_frame_path(path: Path, /, *, inputs: Sequence[Path]) -> None:
    """Refuse a table that could not be written, before the work is done.

    Raises
    ------
    UsageError
        The suffix is unknown or all there is of the name, pyarrow is missing for parquet, or the
        file is an input.
    FileError
        The place cannot be written to.
    """
    from cytosig.cli._files import check_writable
    from cytosig.cli._places import check_named
    from cytosig.io import check_output

    if not path.name.lower().endswith(SUFFIXES):
        raise UsageError(f"{path}: unknown kind of table; end it in {', '.join(SUFFIXES)}.")
    check_named(path, SUFFIXES)
    if path.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(f"{path}: parquet needs pyarrow. Run 'pip install pyarrow', or use .tsv.")
    check_output(path, inputs=inputs)
    check_writable(path)


def write_frame(table: pd.DataFrame, path: Path, /) -> None:
    """Write a table, its index left out, wholly or not at all.

    Parameters
    ----------
    table
        Rows × columns; the first column is the first in the file, too.
    path
        ``.tsv``, ``.csv`` (either with ``.gz``), ``.parquet``, or ``.json``: one object a row, a
        missing or infinite number being null.

    Raises
    ------
    FileError
        The file cannot be written.
    UsageError
        The suffix is unknown.
    """
    _write({path: table})


def write_folder(tables: Mapping[str, pd.DataFrame], folder: Path, suffix: str, /) -> None:
    """Write tables by name into a folder, all of them before any takes its place.

    Raises
    ------
    FileError
        One cannot be written, or another run is writing there.
    """
    from cytosig.cli._files import alone_in, make_folder

    make_folder(folder)
    with alone_in(folder):
        _write({folder / f"{name}.{suffix}": table for name, table in tables.items()})


def _write(tables: Mapping[Path, pd.DataFrame]) -> None:
    from cytosig.io import atomic_path

    with ExitStack() as stack:
        parts = {path: stack.enter_context(atomic_path(path)) for path in reversed([*tables])}
        for path, table in tables.items():
            _put(table, parts[path], path)


def _put(table: pd.DataFrame, part: Path, path: Path) -> None:
    from cytosig.cli._output import json_text
    from cytosig.io import put_table

    if path.name.lower().endswith(".json"):
        part.write_text(json_text(table.to_dict("records")) + "\n", encoding="utf-8")
        return
    first = str(table.columns[0])
    put_table(table.set_index(first), part, index_label=first, shown=str(path))


def check_places(
    tool: str,
    arguments: Mapping[str, Any],
    places: Mapping[str, Any],
    /,
    *,
    inputs: Sequence[Path],
    further: Sequence[Path | None] = (),
) -> None:
    """Refuse, before anything is read, what cannot be written: ``out``, tables, ``further`` files.

    Raises
    ------
    UsageError
        When options need others, or a path is an input, another output or no place to write to.
    FileError
        When a place cannot be written to.
    """
    from cytosig.cli._files import check_writable, make_folder
    from cytosig.cli._places import check_distinct
    from cytosig.io import check_output

    out: Path | None = places["out"]
    files = [path for path in (out, *further) if path is not None]
    if "key_added" in arguments and (out is None or not is_h5ad(out)):
        raise UsageError("--key-added names a slot of an .h5ad file: give -o OUT.h5ad.")
    if places["tables_as"] is not None and places["tables"] is None:
        raise UsageError("--tables-as says how tables are written: give --tables DIR.")
    check_distinct(files, folder=places["tables"])
    if places["tables"] is not None:
        if places["tables"].exists():
            make_folder(places["tables"])  # not over a file
        folder, suffix = places["tables"], getattr(places["tables_as"], "value", "tsv")
        for path in folder.glob(f"{tool}*.{suffix}"):
            check_output(path, inputs=inputs)
        for path in files:
            _refuse_table(path, tool, folder, suffix)
    for path in files:
        if path is out and not is_h5ad(path):
            check_frame_path(path, inputs=inputs)
        else:
            check_output(path, inputs=inputs)
            check_writable(path)


def _refuse_table(path: Path, tool: str, folder: Path, suffix: str) -> None:
    """Tables are called as the tool, or as that and more."""
    real = path.resolve()
    if (
        real.parent == folder.resolve()
        and real.name.startswith(tool)
        and real.name.endswith(f".{suffix}")
    ):
        raise UsageError(
            f"Two outputs may be the same file: {path} and a table of --tables {folder}. Rename it."
        )


def is_h5ad(path: Path, /) -> bool:
    """Whether the name is that of an h5ad file."""
    return path.suffix.lower() == ".h5ad"
