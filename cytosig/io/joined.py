"""Several files as one data set: their observations one after the other, their genes the same."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._anndata import matrix_of
from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig.io.filerows import Part, rows_here

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

    from cytosig.io.filerows import FileRows

_COLUMN, _OTHER = "file", "cytosig_file"


@dataclass(frozen=True)
class Opened:
    """A file that is open.

    Parameters
    ----------
    path, name
        The file, and what its observations are told by.
    adata
        What is in it.
    """

    path: Path
    name: str
    adata: AnnData


def together(
    files: Sequence[Opened],
    /,
    *,
    layer: str | None = None,
    use_raw: bool = False,
    rows: Callable[[Sequence[Part]], FileRows] = rows_here,
) -> AnnData:
    """The matrix to score of one file, or of several as one data set.

    Of several, ``obs`` has every column of any of them and the file of each observation in
    ``file``; a name that two files have gets the file's name behind it. ``var`` is that of the
    first, whose order of genes holds for all.

    Parameters
    ----------
    files
        At least one.
    layer, use_raw
        The matrix that is scored; the others are left out.
    rows
        How its rows are read.

    Raises
    ------
    UsageError
        When a file lacks the layer, or raw.
    DataError
        When genes differ.
    """
    from anndata import AnnData

    element = "raw/X" if use_raw else "X" if layer is None else f"layers/{layer}"
    found = [_matrix_of(file, layer, use_raw) for file in files]
    var = found[0][1]
    orders = [
        _order(var.index, own.index, files[0].path, file.path)
        for file, (_, own) in zip(files, found, strict=True)
    ]
    matrix: Any = rows([
        Part(matrix, file.path, element, order)
        for file, (matrix, _), order in zip(files, found, orders, strict=True)
    ])  # fmt: skip
    first = files[0].adata
    obs, uns = (first.obs, first.uns) if len(files) == 1 else (_obs_of(files), {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # repeated names are judged elsewhere
        if use_raw:
            return AnnData(obs=obs, var=var.iloc[:0], uns=uns, raw={"X": matrix, "var": var})
        if layer is not None:
            return AnnData(obs=obs, var=var, uns=uns, layers={layer: matrix})
        return AnnData(matrix, obs=obs, var=var, uns=uns)


def _matrix_of(file: Opened, layer: str | None, use_raw: bool) -> tuple[Any, pd.DataFrame]:
    try:
        return matrix_of(file.adata, layer=layer, use_raw=use_raw)
    except (DataError, UsageError) as exc:
        raise type(exc)(f"{file.path}: {exc}") from exc


def _order(
    wanted: pd.Index[str], own: pd.Index[str], first: Path, path: Path
) -> NDArray[np.int64] | None:
    """Where each gene of a file goes, so that they are in the order of the first file's."""
    if own.equals(wanted):
        return None
    missing, extra = wanted.difference(own, sort=False), own.difference(wanted, sort=False)
    for genes, where, there in ((missing, path, first), (extra, first, path)):
        if len(genes):
            raise DataError(
                f"{where} has no gene {str(genes[0])!r}, which {there} has ({len(genes)} such"
                " gene(s)): files are scored together only where they have the same genes. Leave"
                " the others out of each, or score the files one by one."
            )
    if not (own.is_unique and wanted.is_unique):
        both = own[own.duplicated()].append(wanted[wanted.duplicated()])
        raise DataError(
            f"{path} has its genes in another order than {first}, and one of them has gene"
            f" {str(both[0])!r} more than once: which is which cannot be told. Make the names"
            " unique, or bring them into one order."
        )
    return np.asarray(wanted.get_indexer(own), dtype=np.int64)


def _obs_of(files: Sequence[Opened]) -> pd.DataFrame:
    """All observations, with every column of any file and the file of each."""
    import anndata as ad
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = [ad.AnnData(obs=file.adata.obs) for file in files]
        obs: pd.DataFrame = ad.concat(parts, join="outer").obs
    names = [file.name for file in files]
    sizes = [len(file.adata.obs) for file in files]
    column = _free(obs)
    obs[column] = pd.Categorical(np.repeat(names, sizes), categories=names)
    obs.index = _unique([file.adata.obs_names for file in files], names)
    return obs


def _free(obs: pd.DataFrame) -> str:
    """The name of the new column: ``file``, unless obs has such a column."""
    if _COLUMN not in obs:
        return _COLUMN
    found = _OTHER
    while found in obs:
        found += "_"
    logger.warning(
        "obs has a column %r of its own; the file of each observation is in %r.", _COLUMN, found
    )
    return found


def _unique(indexes: Sequence[pd.Index[str]], names: Sequence[str]) -> pd.Index[str]:
    """Names of the observations; those that several files have get the file's behind them."""
    once = _glued([index.unique() for index in indexes])
    shared = once[once.duplicated()].unique()
    if not len(shared):
        return _glued(indexes)
    logger.info("%d names of observations are in several files: the file is added.", len(shared))
    found = [
        index.where(~index.isin(shared), index + f"-{name}")
        for index, name in zip(indexes, names, strict=True)
    ]
    return _glued(found)


def _glued(indexes: Sequence[pd.Index[str]]) -> pd.Index[str]:
    import pandas as pd

    found: pd.Index[str] = pd.Index(np.concatenate([i.to_numpy(dtype=object) for i in indexes]))
    return found
