"""Read AnnData's own stores, h5ad and zarr, as they are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from cytosig._errors import DataError, FileError
from cytosig.io._detect import zarr_is_anndata
from cytosig.io._hdf5 import faults_of
from cytosig.io._matrix import check_sparse
from cytosig.io.lazy import check_pointers, opened, without_matrix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def read_h5ad(path: Path) -> AnnData:
    """Read an h5ad file, old layouts included."""
    import anndata

    return _checked(path, "h5ad", anndata.read_h5ad)


def read_zarr(path: Path) -> AnnData:
    """Read an AnnData zarr folder, v2 or v3."""
    import anndata

    if not zarr_is_anndata(path):
        raise FileError(
            f"{path} is a zarr store but not an AnnData one (no obs and var groups). "
            "Give the folder that AnnData.write_zarr made."
        )
    return _checked(path, "zarr", anndata.read_zarr)


def _checked(path: Path, kind: str, reader: Callable[[Path], AnnData]) -> AnnData:
    """Run an anndata reader; anything it trips over is the file's fault."""
    with opened(path, kind) as store, faults_of(path):
        check_pointers(store)
    with faults_of(path), warnings.catch_warnings():
        # old layouts and repeated names are expected here, and judged elsewhere
        warnings.simplefilter("ignore")
        adata = reader(path)
    holds_matrix = adata.X is not None or adata.raw is not None or bool(_layer_names(adata))
    if not holds_matrix and not len(adata.obsm):  # scores need none
        raise DataError(without_matrix(path, adata.uns))
    matrices = [("X", adata.X)] + [(f"layers[{k!r}]", adata.layers[k]) for k in _layer_names(adata)]
    matrices += [] if adata.raw is None else [("raw.X", adata.raw.X)]
    for name, matrix in matrices:
        check_sparse(matrix, where=f"{path}, {name}")
    return adata


def _layer_names(adata: AnnData) -> list[str]:
    """Layer names; anndata 0.13 lists X among the layers under None."""
    return [key for key in adata.layers if key is not None]
