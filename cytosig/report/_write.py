"""The page as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.report._page import html

if TYPE_CHECKING:
    from anndata import AnnData

_SUFFIXES = (".html", ".htm")


def check_name(path: str | os.PathLike[str], /) -> None:
    """Refuse a name that no browser would open.

    Raises
    ------
    UsageError
        When it ends in neither ``.html`` nor ``.htm``.
    """
    if Path(path).suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{os.fspath(path)}: a report is a page; end its name in .html.")


def write(
    adata: AnnData,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    key: str = "cytosig",
) -> None:
    """Write the report of an analysed data set, wholly or not at all.

    One HTML file that opens without a network: what was found in plain words, plots, every table
    to sort, search and save, what could not be computed and why, methods with references.

    Parameters
    ----------
    adata
        With results of ``cs.tl``; nothing in it is changed. Sections of tools that were not run
        say what runs them.
    path
        The ``.html`` file; an existing one is replaced.
    title
        Of the page; ``"Cytokine report"`` when None.
    key
        ``key_added`` of the runs.

    Raises
    ------
    UsageError
        When nothing is stored under ``key``, or ``path`` ends in another suffix.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> import anndata, numpy as np, pandas as pd, pathlib, tempfile
    >>> import cytosig as cs
    >>> adata = anndata.AnnData(np.ones((2, 1)))
    >>> adata.uns["cytosig"] = {"mine": pd.DataFrame({"IFNG": [1.5, 2.5]}, index=["a", "b"])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cs.report.write(adata, pathlib.Path(folder, "report.html"))
    ...     [file.name for file in pathlib.Path(folder).iterdir()]
    ['report.html']
    """
    from cytosig.io import atomic_path

    check_name(path)
    text = html(adata, title=title, key=key)
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
