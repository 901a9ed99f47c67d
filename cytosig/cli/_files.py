"""Where results go: looked at before the work, written whole after it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cytosig._errors import FileError, UsageError
from cytosig._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.engine.reference import Reference

_TABLE_SUFFIXES = (".tsv", ".csv", ".tsv.gz", ".csv.gz", ".parquet")
TABLES = ("score", "pvalue", "axis", "axis_pvalue", "estimate", "ligand")
RECORDS = {
    "coverage": "signature",
    "compartments": "label",
    "coverage_compartments": "compartment:signature",
}  # tables in uns, and what their rows are


class _OnlyLooking(Exception):  # noqa: N818 - a signal, not an error
    """Leaves ``atomic_path`` before anything is written."""


def check_writable(path: Path, /) -> None:
    """Refuse a place that cannot be written to, before hours of work are lost to it."""
    from cytosig.io import atomic_path

    with suppress(_OnlyLooking), atomic_path(path):
        raise _OnlyLooking


@dataclass(frozen=True)
class Outputs:
    """The files one run writes.

    Parameters
    ----------
    main
        AnnData (``.h5ad``) or the score table, by suffix.
    scores_only
        The AnnData without expression.
    tables
        Folder for every table.
    reference
        File for the fitted reference.
    """

    main: Path | None = None
    scores_only: bool = False
    tables: Path | None = None
    reference: Path | None = None

    @property
    def files(self) -> list[Path]:
        """Every file, in the order written."""
        names = [f"{name}.tsv" for name in (*TABLES, *RECORDS)]
        inside = [self.tables / name for name in names] if self.tables is not None else []
        return [path for path in (self.reference, *inside, self.main) if path is not None]

    def check(self, inputs: Iterable[Path]) -> None:
        """Refuse what cannot or must not be written.

        Raises
        ------
        UsageError
            No output, one that is an input or another output, an unknown suffix.
        FileError
            A place that cannot be written to.
        """
        if self.main is None and self.tables is None:
            raise UsageError(
                "Nowhere to write the scores: give -o OUT.h5ad (or .tsv) or --tsv DIR."
            )
        if self.main is not None:
            _check_suffix(self.main)
        self._check_distinct(list(inputs))
        if self.tables is not None:
            _make_folder(self.tables)
        for path in self.files:
            check_writable(path)

    def _check_distinct(self, inputs: list[Path]) -> None:
        from cytosig.io import check_output

        seen: dict[Path, Path] = {}
        for path in self.files:
            check_output(path, inputs=inputs)
            other = seen.setdefault(path.resolve(), path)
            if other is not path:
                raise UsageError(f"Two outputs are the same file: {other} and {path}. Rename one.")

    def write(self, adata: AnnData, key: str, fitted: Reference | None = None, /) -> None:
        """Write the main file last: when it is there, everything is."""
        if self.reference is not None and fitted is not None:
            from cytosig.io import atomic_path

            with atomic_path(self.reference) as part:
                fitted.save(part)
        if self.tables is not None:
            write_tables(adata, key, self.tables)
        if self.main is None:
            return
        from cytosig.io import write_h5ad, write_table

        if self.main.suffix.lower() == ".h5ad":
            write_h5ad(_without_matrix(adata) if self.scores_only else adata, self.main)
        else:
            write_table(adata.obsm[Keys(key).score], self.main, index_label=_label(adata))


def _check_suffix(path: Path) -> None:
    name = path.name.lower()
    if not name.endswith((".h5ad", *_TABLE_SUFFIXES)):
        raise UsageError(
            f"{path}: unknown kind of output; end it in .h5ad, .tsv, .csv (.gz) or .parquet."
        )
    if name.endswith(".parquet") and find_spec("pyarrow") is None:
        raise UsageError(f"{path}: parquet needs pyarrow. Run 'pip install pyarrow', or use .tsv.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as exc:
        raise FileError(f"{folder} is a file; give the name of a folder.") from exc
    except OSError as exc:
        raise FileError(f"{folder} cannot be made: {exc.strerror or exc}.") from exc


def write_tables(adata: AnnData, key: str, folder: Path, /) -> None:
    """Write each stored table as tsv; a score table that the run did not make has no columns."""
    from cytosig.io import write_table

    keys, label = Keys(key), _label(adata)
    for name in TABLES:
        write_table(_table(adata, getattr(keys, name)), folder / f"{name}.tsv", index_label=label)
    record = adata.uns[keys.uns]
    for name, rows in RECORDS.items():
        if name in record:
            write_table(record[name], folder / f"{name}.tsv", index_label=rows)


def _table(adata: AnnData, key: str) -> pd.DataFrame:
    table: pd.DataFrame = adata.obsm[key] if key in adata.obsm else adata.obs.iloc[:, :0]
    return table


def _label(adata: AnnData) -> str:
    return str(adata.obs_names.name or "observation")


def _without_matrix(adata: AnnData) -> AnnData:
    """Observations, their tables and uns, with no genes at all."""
    import anndata as ad

    return ad.AnnData(obs=adata.obs, obsm=dict(adata.obsm), uns=adata.uns)
