"""Cells added up by sample and cell type."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from cytosig._anndata import check_anndata, matrix_of
from cytosig._errors import DataError, UsageError
from cytosig._keys import FORMAT, PSEUDOBULK
from cytosig._obs import names_of
from cytosig.blocks import RowBlocks
from cytosig.engine.passes import add_up
from cytosig.engine.prepare import Rows
from cytosig.pp._groups import groups_of
from cytosig.pp._values import ADDITIVE, Mode, refuse_nonfinite, values_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.pp._groups import Groups


def pseudobulk(
    adata: AnnData,
    *,
    sample_key: str,
    cell_type_key: str | None = None,
    layer: str | None = None,
    use_raw: bool = False,
    mode: Mode = "sum",
    min_cells: int = 1,
    chunk_size: int | None = None,
    n_jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> AnnData:
    """Add up the cells of every sample, or of every cell type of every sample.

    Sums are kept in twice the precision of a double, so that those of counts are exact and no
    result depends on the order of the cells, on blocks or on threads.

    Parameters
    ----------
    adata
        Cells × genes, in memory, backed or as a dask array.
    sample_key
        Column of ``obs`` with the sample of every cell.
    cell_type_key
        Column of ``obs`` with the cell type of every cell; a row is a whole sample when None.
    layer, use_raw
        Add up this layer, or ``adata.raw``, instead of ``adata.X``.
    mode
        What ``X`` holds: ``"sum"`` for counts and other values on a linear scale, ``"mean"`` also
        for logarithms and contrasts, whose sums mean nothing; ``"auto"`` for sums where they mean
        something, else means.
    min_cells
        Rows of fewer cells are left out, with a warning.
    chunk_size, n_jobs
        Cells a block and threads; results do not depend on them. A dask array keeps its own
        chunks and scheduler.
    progress
        Called with the number of cells each finished block adds.

    Returns
    -------
    AnnData
        Rows × genes, ``var`` as in the input. Only rows that have cells, in the order of the
        samples, then of the cell types: that of the categories where a column is categorical, else
        sorted, text by the numbers in it (``p2`` before ``p10``), as anndata stores it. Rows are
        named ``sample`` or ``sample_celltype``; of equal names the later ones get ``-1``, ``-2``
        and so on behind.

        ``X`` (double precision): sums over cells, or means. ``layers["mean"]``: means over cells
        (not with ``mode="mean"``, whose ``X`` they are); ``layers["fraction"]``: share of the
        cells in which the gene is not 0. ``obs``: the key columns, ``n_cells``, and every other
        column with one value (or none at all) in all cells of each row; categories keep their
        order, those no row has are removed. ``uns["cytosig_pseudobulk"]``: what was asked for, and
        what the values were taken for.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When cells have no label, when the matrix holds a NaN or an infinity (the message says
        where), or when logarithms or contrasts are to be added up.

    Notes
    -----
    It takes 64 bytes of memory a row and gene, whatever the number of cells.

    Examples
    --------
    >>> import anndata, numpy as np, pandas as pd
    >>> import cytosig as cs
    >>> obs = pd.DataFrame({"sample": ["B", "A", "B"]}, index=["cell1", "cell2", "cell3"])
    >>> adata = anndata.AnnData(np.array([[1.0, 0.0], [5.0, 2.0], [3.0, 0.0]]), obs=obs)
    >>> bulk = cs.pp.pseudobulk(adata, sample_key="sample", n_jobs=1)
    >>> bulk.to_df().astype(int)
       0  1
    A  5  2
    B  4  0
    >>> bulk.obs["n_cells"].tolist()
    [1, 2]
    """
    from anndata import AnnData

    check_anndata(adata)
    if mode not in get_args(Mode):
        raise UsageError(f"mode={mode!r}: expected 'sum', 'mean' or 'auto'.")
    _check_numbers({"min_cells": min_cells, "chunk_size": chunk_size, "n_jobs": n_jobs})
    keys = {"sample_key": sample_key}
    if cell_type_key is not None:
        keys["cell_type_key"] = cell_type_key
    matrix, var = matrix_of(adata, layer=layer, use_raw=use_raw)
    blocks = RowBlocks(matrix, chunk_size=chunk_size)
    if 0 in blocks.shape:
        raise DataError(
            f"The matrix is {blocks.shape[0]} cells × {blocks.shape[1]} genes; expected at least"
            " one of each."
        )
    groups, names = groups_of(adata, keys, min_cells), (adata.obs_names, var.index)
    values = values_for(blocks, mode, names_of(adata.layers), names, n_jobs=n_jobs)
    if mode == "auto":
        mode = "sum" if values.kind in ADDITIVE else "mean"
    total, counts = _added(blocks, groups, n_jobs, progress)
    refuse_nonfinite(blocks, groups.row, total, *names)
    each = groups.n_cells[:, None]
    mean = total / each
    layers = {"mean": mean, "fraction": counts / each}
    record = {
        "format": FORMAT,
        "sample_key": sample_key,
        "cell_type_key": cell_type_key or "none",
        "layer": layer or "none",
        "use_raw": use_raw,
        "mode": mode,
        "min_cells": min_cells,
        "values": values.kind,
        "reason": values.reason,
        "n_left_out": int((groups.row < 0).sum()),
    }
    X = total if mode == "sum" else layers.pop("mean")
    return AnnData(X, obs=groups.obs, var=var.copy(), layers=layers, uns={PSEUDOBULK: record})


def _check_numbers(given: Mapping[str, int | None]) -> None:
    for name, value in given.items():
        if value is not None and value < 1:
            raise UsageError(f"{name}={value}: expected 1 or more.")


def _added(
    blocks: RowBlocks, groups: Groups, n_jobs: int | None, tick: Callable[[int], None] | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums, and the number of cells in which each gene is not 0; rows × genes."""
    rows, n = Rows.as_stored(blocks), len(groups.n_cells)
    sums = add_up(rows, groups.row, n, counted=True, n_jobs=n_jobs, tick=tick)
    return sums.total(), sums.found.counts
