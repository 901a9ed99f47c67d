"""Write results: h5ad, and tables that open safely in a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from cytosig._errors import CytosigError, DataError, UsageError
from cytosig.io._quiet import quietly
from cytosig.io._safe_text import has_carriage_return, safe_for_spreadsheets
from cytosig.io.atomic import atomic_path, why

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_TEXT_SUFFIXES = {".csv": ",", ".tsv": "\t"}


def write_h5ad(
    adata: AnnData,
    path: str | os.PathLike[str],
    *,
    compression: Literal["gzip", "lzf"] | None = "gzip",
) -> None:
    """Write ``adata`` as h5ad, wholly or not at all.

    ``adata`` is not changed: text columns stay text instead of becoming categories.

    Parameters
    ----------
    adata
        What to write.
    path
        The ``.h5ad`` file; an existing one is replaced.
    compression
        HDF5 compression of the arrays.

    Raises
    ------
    FileError
        The file cannot be written.
    DataError
        ``adata`` holds something that h5ad cannot store, such as a key with a slash.
    UsageError
        ``path`` does not end in ``.h5ad``, or the compression is unknown.
    """
    if Path(path).suffix.lower() != ".h5ad":
        raise UsageError(f"{os.fspath(path)} does not end in .h5ad; give it that suffix.")
    if compression not in ("gzip", "lzf", None):
        raise UsageError(f"compression={compression!r} is unknown; use 'gzip', 'lzf' or None.")
    for name in ("obsm", "varm", "layers", "obsp", "varp", "uns"):
        _refuse_slashes(getattr(adata, name), name)
    with atomic_path(path) as part:
        try:
            write_quietly(adata, part, compression)
        except (CytosigError, OSError, MemoryError):
            raise
        except Exception as exc:
            # anndata names the element in the notes, not in the message
            text = " ".join(" ".join([str(exc), *getattr(exc, "__notes__", ())]).split())
            if "errno =" in text:  # HDF5 reports a full disk as a RuntimeError
                raise OSError(why(exc)) from exc
            raise DataError(
                f"This AnnData cannot be stored in {os.fspath(path)}: {text[:400]}. "
                "Rename, convert or remove that element."
            ) from exc


def write_quietly(adata: AnnData, part: Path, compression: str | None, /) -> None:
    """Write with anndata, text as text."""
    from anndata.io import write_h5ad as write  # type: ignore[import-untyped,unused-ignore]

    quietly(
        lambda: write(part, adata, convert_strings_to_categoricals=False, compression=compression)
    )


def _refuse_slashes(node: Mapping[str, object], where: str) -> None:
    """HDF5 takes a slash for a folder: such a key would come back as something else."""
    for key, value in node.items():
        if isinstance(key, str) and "/" in key:
            raise DataError(f"{where}[{key!r}] cannot be stored: rename the key without a slash.")
        if isinstance(value, Mapping):
            _refuse_slashes(value, f"{where}[{key!r}]")


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str], *, index_label: str) -> None:
    r"""Write a table, wholly or not at all, with bytes that depend on its content only.

    Floats are written so that reading them gives the same number back. In csv and tsv, text
    that a spreadsheet would run as a formula (it begins with ``= + - @``, a tab or a carriage
    return) gets an apostrophe in front: in cells, index and header; numbers are never touched.

    Parameters
    ----------
    frame
        Rows × columns, with plain (not multi-level) labels.
    path
        ``.csv``, ``.tsv``, either with ``.gz``, or ``.parquet``.
    index_label
        Name of the column that holds the index.

    Raises
    ------
    FileError
        The file cannot be written.
    UsageError
        The suffix is unknown, the labels are multi-level, or pyarrow is missing for parquet.
    DataError
        Parquet cannot store the table.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "scores.csv")
    >>> write_table(pd.DataFrame({"IFNG": [-1.5]}, index=["=s1"]), file, index_label="sample")
    >>> file.read_text()
    "sample,IFNG\n'=s1,-1.5\n"
    >>> folder.cleanup()
    """
    with atomic_path(path) as part:
        put_table(frame, part, index_label=index_label, shown=os.fspath(path))


def put_table(frame: pd.DataFrame, part: Path, /, *, index_label: str, shown: str) -> None:
    """Write a table as :func:`write_table` does, to a place that nobody looks at yet.

    Parameters
    ----------
    frame, index_label
        As :func:`write_table` takes them.
    part
        The file, of the same suffix as the one it is to become.
    shown
        Name of that one, for messages.
    """
    name = part.name.lower()
    if frame.index.nlevels > 1 or frame.columns.nlevels > 1:
        raise UsageError("The table has multi-level labels; use reset_index() or join the levels.")
    if name.endswith(".parquet"):
        _write_parquet(frame, part, index_label, shown)
        return
    separator = _TEXT_SUFFIXES.get(Path(name.removesuffix(".gz")).suffix)
    if separator is None:
        raise UsageError(f"{shown}: no known table format. End it in .csv, .tsv (.gz) or .parquet.")
    safe, label = safe_for_spreadsheets(frame, index_label)
    _write_text(safe, part, label, separator, packed=name.endswith(".gz"))


def _write_text(
    frame: pd.DataFrame, part: Path, label: str, separator: str, *, packed: bool
) -> None:
    with ExitStack() as stack:
        stream: IO[bytes] = stack.enter_context(part.open("wb"))
        if packed:  # neither name nor time goes into the file
            zipped = gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0, compresslevel=6)
            stream = cast("IO[bytes]", stack.enter_context(zipped))
        text = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
        frame.to_csv(
            text,
            sep=separator,
            index_label=label,
            lineterminator="\n",
            quoting=csv.QUOTE_NONNUMERIC if has_carriage_return(frame) else csv.QUOTE_MINIMAL,
        )


def _write_parquet(frame: pd.DataFrame, part: Path, label: str, shown: str) -> None:
    if find_spec("pyarrow") is None:
        raise UsageError(f"{shown}: parquet needs pyarrow. Run 'pip install pyarrow', or use .tsv.")
    try:
        frame.rename_axis(index=label).to_parquet(part, engine="pyarrow", index=True)
    except (OSError, MemoryError):
        raise
    except Exception as exc:
        raise DataError(
            f"This table cannot be stored in {shown}: {exc}. Convert that column "
            "to one type, or use .tsv."
        ) from exc
