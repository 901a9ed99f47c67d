"""The same numbers in other forms: types, layouts, tables, stores, on disk."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import anndata as ad
import h5py
import numpy as np
from scipy import io as scipy_io
from scipy import sparse

import cytosig as cs
from reliability.traps.data import dense, with_values
from reliability.traps.expect import NotAsked
from reliability.traps.trap import Trap, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reliability.traps.trap import Maker


def _typed(dtype: str) -> Maker:
    return lambda adata: with_values(adata, adata.X.astype(dtype))


def _laid(out: Callable[[sparse.csr_matrix], Any]) -> Maker:
    return lambda adata: with_values(adata, out(adata.X))


def _view(adata: ad.AnnData) -> ad.AnnData:
    """A view of a larger object."""
    both = ad.concat([adata, adata], index_unique="-")
    both.obs_names = [*adata.obs_names, *(f"other{k}" for k in range(adata.n_obs))]
    both.obs = both.obs.astype(dict(adata.obs.dtypes.items()))
    return both[: adata.n_obs]


def _dask(adata: ad.AnnData) -> ad.AnnData:
    import dask.array as da

    adata.X = da.from_array(dense(adata).astype(np.float32), chunks=(5, -1))
    return adata


def _backed(path: Path) -> ad.AnnData:
    return ad.read_h5ad(path, backed="r")


_OPEN: list[Any] = []


def _lazily(path: Path) -> ad.AnnData:
    """Rows stay in the store, which is open as long as the child that reads it lives."""
    store = cs.io.open_store(path)
    _OPEN.append(store)
    return store.__enter__()


def _table(suffix: str, *, turned: bool = False) -> Callable[[ad.AnnData, Path], Path]:
    def write(adata: ad.AnnData, folder: Path) -> Path:
        frame = adata.to_df().T if turned else adata.to_df()
        path = folder / f"in{suffix}"
        text = frame.to_csv(sep="\t" if ".tsv" in suffix else ",").encode()
        path.write_bytes(gzip.compress(text, mtime=0) if suffix.endswith(".gz") else text)
        return path

    return write


def _zarr(adata: ad.AnnData, folder: Path) -> Path:
    adata.write_zarr(folder / "in.zarr")
    return folder / "in.zarr"


def _tenx_mtx(adata: ad.AnnData, folder: Path) -> Path:
    path = folder / "matrix"
    path.mkdir()
    scipy_io.mmwrite(path / "matrix.mtx", adata.X.T.tocoo().astype(int))
    rows = "".join(f"id{k}\t{g}\tGene Expression\n" for k, g in enumerate(adata.var_names))
    (path / "features.tsv").write_text(rows)
    (path / "barcodes.tsv").write_text("".join(f"{name}\n" for name in adata.obs_names))
    return path


def _tenx_h5(adata: ad.AnnData, folder: Path) -> Path:
    text = {"dtype": h5py.string_dtype()}
    with h5py.File(folder / "in.h5", "w") as file:
        group = file.create_group("matrix")
        group["data"] = adata.X.data.astype(np.int32)
        group["indices"], group["indptr"] = adata.X.indices, adata.X.indptr
        group["shape"] = np.array(adata.shape[::-1], np.int32)
        group.create_dataset("barcodes", data=list(adata.obs_names), **text)
        features = group.create_group("features")
        ids = [f"id{k}" for k in range(adata.n_vars)]
        kinds = ["Gene Expression"] * adata.n_vars
        for name, values in (("id", ids), ("name", list(adata.var_names)), ("feature_type", kinds)):
            features.create_dataset(name, data=values, **text)
    return folder / "in.h5"


_NO_OBS = NotAsked("the format has no samples and cell types")
_BARE = dict.fromkeys(("tissue", "samples", "chain"), _NO_OBS)

FORMS = (
    Trap("backed, CSR", "backed", read=_backed),
    Trap("backed, dense", "backed", _laid(lambda x: x.toarray()), read=_backed),
    Trap("backed, CSC", "backed", _laid(lambda x: x.tocsc()), read=_backed),
    Trap("rows from a store", "backed", read=_lazily),
    Trap("float64", "forms", _typed("float64")),
    Trap("int64", "forms", _typed("int64")),
    Trap("uint16", "forms", _typed("uint16")),
    Trap("CSC", "forms", _laid(lambda x: x.tocsc())),
    Trap("CSR array", "forms", _laid(sparse.csr_array)),
    Trap("dense", "forms", _laid(lambda x: x.toarray())),
    Trap("dense, by columns", "forms", _laid(lambda x: np.asfortranarray(x.toarray()))),
    Trap("a view of a larger object", "forms", _view),
    Trap("dask", "forms", _dask),
    Trap("csv", "forms", write=_table(".csv"), read=read, expect=_BARE),
    Trap("tsv.gz, genes × samples", "forms", write=_table(".tsv.gz", turned=True), read=read,
         expect=_BARE),
    Trap("zarr", "forms", write=_zarr, read=read),
    Trap("10x mtx", "forms", write=_tenx_mtx, read=read, expect=_BARE),
    Trap("10x h5", "forms", write=_tenx_h5, read=read, expect=_BARE),
)  # fmt: skip
