"""Whether the observations are samples, which can be compared, or cells, which cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._anndata import x_of
from cytosig._errors import DataError
from cytosig._keys import PSEUDOBULK
from cytosig._obs import in_memory
from cytosig.blocks import RowBlocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anndata import AnnData

_OTHER_PSEUDOBULK = "psbulk_"  # columns of obs by decoupler
_NOTE = "looks_like_cells"
"""In a record of scores: what spoke for cells when they were scored; absent where nothing did."""
_BARCODE = re.compile(r"[ACGT]{14,}")
_SAMPLE = re.compile(r"(sample|donor|patient|subject|individual)(id|name)?|origident")
_A_SAMPLE = 20  # observations of one; a donor of GTEx gave 18 tissues
# A cell is found by many of its genes being 0. So are those of bulk, where however far more
# than this many genes of the full annotation are not.
_GENES_FOUND = 10_000
_SHARE_ZERO, _OF_MANY = 0.5, 0.25  # of cells some have lost their rare genes; few bulks are large
_MANY = 100
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

    Taken for cells is what :func:`looks_like_cells` says, and what did when it was scored.
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
    """What speaks for cells; empty where nothing does.

    Names of which more than half hold a barcode (14 or more of ACGT in a row). A column of obs
    called as those of samples or donors are, with 20 or more observations a label. A matrix
    (``X``, ``raw`` or a layer) of 200 or more genes with fewer than 10,000 found in an observation
    on average and more than half of its values 0, or a quarter from 100 observations on. Or that
    any of these was so when the observations were scored. Sparse matrices are judged by what is
    stored, others by at most 200 rows. What :func:`cytosig.pp.pseudobulk` or decoupler's made is
    not taken for cells.
    """
    if _is_pseudobulk(adata):
        return ""
    found = (_zeros(name, *_size(matrix)) for name, matrix in _matrices(adata))
    return _names(adata) or _columns(adata) or next(filter(None, found), "") or _noted(adata)


def note_of_cells(adata: AnnData, scored: RowBlocks, /) -> dict[str, str]:
    """What to store beside scores, which may be all that is kept: an entry of their record."""
    if _is_pseudobulk(adata):
        return {}
    sizes = *scored.shape, _found_in(scored)
    why = _names(adata) or _columns(adata) or _zeros("the matrix", *sizes)
    return {_NOTE: why} if why else {}


def _is_pseudobulk(adata: AnnData) -> bool:
    return PSEUDOBULK in adata.uns or any(
        str(name).startswith(_OTHER_PSEUDOBULK) for name in adata.obs.columns
    )


def _names(adata: AnnData) -> str:
    n = adata.n_obs
    picked = np.unique(np.linspace(0, n - 1, min(n, _LOOKED_AT)).astype(int))
    barcodes = sum(bool(_BARCODE.search(str(name))) for name in adata.obs_names[picked])
    if barcodes <= len(picked) / 2:
        return ""
    return f"names such as {str(adata.obs_names[0])!r} hold barcodes"


def _columns(adata: AnnData) -> str:
    for name in adata.obs.columns:
        if not _SAMPLE.fullmatch(re.sub(r"[^a-z]", "", str(name).lower())):
            continue
        values = in_memory(adata.obs[[name]]).iloc[:, 0]
        n, labels = int(values.notna().sum()), int(values.nunique())
        if n and n >= _A_SAMPLE * labels:
            return f"obs[{name!r}] has {labels:,} label(s) for {n:,} of them"
    return ""


def _zeros(name: str, n_obs: int, n_genes: int, found: float) -> str:
    """A matrix by its size, and values that are not 0 in an observation on average."""
    if n_genes < _FEWEST_GENES or not 0 < found < _GENES_FOUND:
        return ""
    zero, most = 1 - found / n_genes, _SHARE_ZERO if n_obs < _MANY else _OF_MANY
    if zero <= most:
        return ""
    return f"{zero:.0%} of {name} is 0, {found:,.0f} genes found in one on average"


def _noted(adata: AnnData) -> str:
    records = (record for record in adata.uns.values() if isinstance(record, Mapping))
    why = next((str(record[_NOTE]) for record in records if _NOTE in record), "")
    return f"when scored: {why}" if why else ""


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


def _size(matrix: Any) -> tuple[int, int, float]:
    """Observations, genes, and values that are not 0 in an observation, on average."""
    n, n_genes = (int(length) for length in matrix.shape)
    if not n or n_genes < _FEWEST_GENES or np.dtype(matrix.dtype).kind not in "biuf":
        return n, n_genes, 0.0
    group = getattr(matrix, "group", None)
    if group is None and hasattr(matrix, "nnz"):
        return n, n_genes, float(matrix.nnz / n)
    if group is not None and "data" in group:
        return n, n_genes, float(group["data"].shape[0] / n)
    return n, n_genes, _found_in(RowBlocks(matrix))


def _found_in(rows: RowBlocks) -> float:
    block = rows.sample(_LOOKED_AT)
    return float(np.count_nonzero(block.data) / (block.stop - block.start))
