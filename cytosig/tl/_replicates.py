"""Whether the observations are samples, which can be compared, or cells, which cannot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._anndata import x_of
from cytosig._errors import DataError
from cytosig._keys import PSEUDOBULK
from cytosig.blocks import RowBlocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from anndata import AnnData

_OTHER_PSEUDOBULK = "psbulk_"  # columns of obs by decoupler
_BARCODE = re.compile(r"[ACGT]{14,}")
# A cell is found by most of its genes being 0. So are most of the 60,000 genes of a full
# annotation in bulk, where however far more than this many are not.
_SHARE_ZERO, _GENES_FOUND = 0.5, 10_000
_FEWEST_GENES = 200  # too small a panel shows nothing
_LOOKED_AT = 200


def refuse_repeats(adata: AnnData, /) -> None:
    """Raise a DataError where two observations that are samples have one name."""
    if not adata.obs_names.is_unique:
        twice = adata.obs_names[adata.obs_names.duplicated()][0]
        raise DataError(
            f"Two observations are called {str(twice)!r}: samples need names of their own; run"
            " adata.obs_names_make_unique(), or name the column of samples in sample_key=."
        )


def refuse_cells(adata: AnnData, /) -> None:
    """Raise a DataError where observations are cells, or cell types of one sample.

    Taken for cells: names of which more than half hold a barcode (14 or more of ACGT in a row);
    a matrix (``X``, ``raw`` or a layer, the first that shows it) of 200 or more genes with more
    than half of its values 0 and fewer than 10,000 genes found in an observation on average.
    Sparse matrices are judged by what is stored, others by at most 200 rows. What
    :func:`cytosig.pp.pseudobulk` or decoupler's made is not taken for cells.
    """
    record = adata.uns.get(PSEUDOBULK)
    if record is not None:
        if str(record.get("cell_type_key", "none")) == "none":
            return
        keys = {name: str(record.get(name)) for name in ("sample_key", "cell_type_key")}
        raise DataError(
            "The observations are cell types of samples, and those of one sample are no"
            f" replicates. Pass sample_key={keys['sample_key']!r} and"
            f" cell_type_key={keys['cell_type_key']!r}."
        )
    why = looks_like_cells(adata)
    if why:
        raise DataError(
            f"The observations look like single cells ({why}), and cells of one sample are no"
            " replicates. Name the column of obs that holds the sample of each cell in"
            " sample_key=. If every observation is a sample of its own, name a column with one"
            " label each there, and pass min_cells=1."
        )


def looks_like_cells(adata: AnnData, /) -> str:
    """What speaks for cells; empty where nothing does."""
    if any(str(name).startswith(_OTHER_PSEUDOBULK) for name in adata.obs.columns):
        return ""
    n = adata.n_obs
    picked = np.unique(np.linspace(0, n - 1, min(n, _LOOKED_AT)).astype(int))
    barcodes = sum(bool(_BARCODE.search(str(name))) for name in adata.obs_names[picked])
    if barcodes > len(picked) / 2:
        return f"names such as {str(adata.obs_names[0])!r} hold barcodes"
    for name, matrix in _matrices(adata):
        if min(matrix.shape, default=0) < 1 or matrix.shape[1] < _FEWEST_GENES:
            continue
        found = _values_found(matrix)
        zero = 1 - found / matrix.shape[1]
        if 0 < found < _GENES_FOUND and zero > _SHARE_ZERO:
            return f"{zero:.0%} of {name} is 0, {found:,.0f} genes found in one on average"
    return ""


def cells_of_each(adata: AnnData, /) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Cells that each row of a pseudobulk was added up from; None for anything else."""
    if PSEUDOBULK not in adata.uns or "n_cells" not in adata.obs.columns:
        return None
    return np.asarray(adata.obs["n_cells"], dtype=np.float64)


def _matrices(adata: AnnData) -> Iterator[tuple[str, Any]]:
    matrix = x_of(adata)
    if matrix is not None:
        yield "X", matrix
    if adata.raw is not None and adata.raw.X is not None:
        yield "raw", adata.raw.X
    layers: Mapping[Any, Any] = adata.layers
    for name in layers:
        if name is not None:  # anndata 0.13 lists X here
            yield f"layers[{name!r}]", layers[name]


def _values_found(matrix: Any) -> float:
    """Values that are not 0 in an observation, on average."""
    n = matrix.shape[0]
    if np.dtype(matrix.dtype).kind not in "biuf":
        return 0.0
    if hasattr(matrix, "nnz") and not hasattr(matrix, "group"):
        return float(matrix.nnz / n)
    group = getattr(matrix, "group", None)
    if group is not None and "data" in group:
        return float(group["data"].shape[0] / n)
    block = RowBlocks(matrix).sample(_LOOKED_AT)
    return float(np.count_nonzero(block.data) / (block.stop - block.start))
