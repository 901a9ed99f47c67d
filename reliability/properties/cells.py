"""AnnData as people hand them in: any size, type and layout, with odd values in places."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from anndata import AnnData
from hypothesis import strategies as st
from scipy import sparse

from reliability.properties import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn
    from numpy.typing import NDArray

VALUES = ("counts", "logged", "linear", "contrasts")
EXTREME = (np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324, 2.0**53 + 1, -1.0, -0.0, 0.5)
EXACT_TYPES = ("int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", ">f4")
TYPES = (*EXACT_TYPES, "bool", "int8", "uint8", "float16", ">i4")


def _dask(x: NDArray[Any]) -> Any:
    import dask.array as da

    return da.from_array(x, chunks=(max(1, len(x) // 2), max(1, x.shape[1])))


def _sparse_dask(x: NDArray[Any]) -> Any:
    import dask.array as da

    return da.from_array(sparse.csr_matrix(x), chunks=(max(1, len(x) // 2), max(1, x.shape[1])),
                         asarray=False)  # fmt: skip


def _unsorted(x: NDArray[Any]) -> sparse.csr_matrix:
    found = sparse.csr_matrix(x)
    for start, stop in zip(found.indptr[:-1], found.indptr[1:], strict=True):
        found.indices[start:stop] = found.indices[start:stop][::-1].copy()
        found.data[start:stop] = found.data[start:stop][::-1].copy()
    found.has_sorted_indices = False
    return found


def _stored_zeros(x: NDArray[Any]) -> sparse.csr_matrix:
    rows, n = x.shape
    columns = np.tile(np.arange(n), rows)
    return sparse.csr_matrix((x.ravel().copy(), columns, np.arange(rows + 1) * n), x.shape)


def _stored_twice(x: NDArray[Any]) -> sparse.csr_matrix:
    """Every value beside a zero of the same place, as a careless COO leaves them."""
    once = sparse.csr_matrix(x)
    data = np.zeros(2 * once.nnz, dtype=once.dtype)
    data[::2] = once.data
    return sparse.csr_matrix((data, np.repeat(once.indices, 2), once.indptr * 2), x.shape)


LAYOUTS: dict[str, Callable[[NDArray[Any]], Any]] = {
    "C": np.ascontiguousarray, "F": np.asfortranarray, "every other": lambda x: _strided(x),
    "csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "csr array": sparse.csr_array,
    "csc array": sparse.csc_array, "unsorted": _unsorted, "stored zeros": _stored_zeros,
    "stored twice": _stored_twice, "dask": _dask, "sparse dask": _sparse_dask,
}  # fmt: skip


def _strided(x: NDArray[Any]) -> NDArray[Any]:
    found = np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)
    return found[::2, ::2]


def layouts_of(dtype: str, /) -> list[str]:
    """Layouts there can be of a type: scipy has no sparse matrix of every one."""
    dense = ["C", "F", "every other", "dask"]
    return dense if dtype in ("float16", ">f4", ">i4") else list(LAYOUTS)


@st.composite
def values(draw: DrawFn, n_obs: int, n_vars: int, kind: str, *, plain: bool = False) -> Any:
    """Numbers of that kind, with rows and genes that say nothing and single odd ones."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    level = rng.lognormal(0.5, 1.0, n_vars)
    found = rng.negative_binomial(2, 2 / (2 + level), (n_obs, n_vars)).astype(np.float64)
    if kind == "linear":
        found = found * 100.25
    if kind == "logged":
        found = np.log1p(found / np.maximum(found.sum(axis=1, keepdims=True), 1) * 1e4)
    if kind == "contrasts":
        found = rng.normal(size=found.shape)
    if plain or not found.size:
        return found
    spoilt = draw(st.lists(st.sampled_from(("row", "gene", "twin", "value")), max_size=2))
    for what in spoilt:
        i, j = draw(st.integers(0, n_obs - 1)), draw(st.integers(0, n_vars - 1))
        if what == "row":
            found[i] = draw(st.sampled_from((0.0, 1.0, 3.0)))
        elif what == "gene":
            found[:, j] = draw(st.sampled_from((0.0, 2.0)))
        elif what == "twin":
            found[i] = found[0]
        else:
            found[i, j] = draw(st.sampled_from(EXTREME))
    return found


def as_type(found: NDArray[np.float64], dtype: str, /) -> NDArray[Any]:
    """The nearest there is of that type."""
    if dtype == "bool":
        return found > 1
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        info = np.iinfo(kind)
        clean = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(np.round(clean), max(info.min, -1e15), min(info.max, 1e15)).astype(kind)
    with np.errstate(over="ignore"):
        return found.astype(kind)


@dataclass(frozen=True)
class Given:
    """An AnnData, and how its numbers were made."""

    adata: AnnData
    kind: str
    layout: str

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        x = self.adata.X
        printer.text(
            f"{self.kind} {x.dtype if x is not None else None} as {self.layout}:"
            f" {self.adata.n_obs} × {self.adata.n_vars};"
            f" obs {list(self.adata.obs_names)} genes {list(self.adata.var_names)};"
            f" columns {dict(self.adata.obs.dtypes)};"
            f" X {(x.compute() if hasattr(x, 'dask') else x)!r}"
        )


@st.composite
def any_data(draw: DrawFn) -> Given:
    """Observations × genes down to nothing, of any type, layout and names."""
    n_obs = draw(st.sampled_from((6, 3, 9, 5, 14, 8, 4, 7, 2, 10, 1, 0)))
    n_vars = draw(st.sampled_from((40, 30, 80, 60, 50, 16, 24, 36, 48, 12, 8, 5, 4, 3, 1, 0)))
    kind, dtype = draw(st.sampled_from(VALUES)), draw(st.sampled_from(TYPES))
    layout = draw(st.sampled_from((*layouts_of(dtype), "DataFrame", "masked")))
    x = as_type(draw(values(n_obs, n_vars, kind)), dtype)
    obs = pd.DataFrame({name: draw(names.columns(n_obs)).to_numpy() if draw(st.booleans())
                        else draw(names.columns(n_obs)) for name in ("donor", "arm")})  # fmt: skip
    obs.index = draw(names.indexes(n_obs))
    var = pd.DataFrame(index=pd.Index(draw(names.genes(n_vars)), dtype=object))
    if draw(st.integers(0, 4)) == 0:
        var["symbol"] = var.index.astype(str)
        var.index = draw(names.indexes(n_vars))
    return Given(assembled(x, obs, var, layout), kind, layout)


@st.composite
def sound_data(draw: DrawFn, *, kinds: tuple[str, ...] = VALUES, least: int = 4) -> Given:
    """Data without odd values or names: float64, dense, as many known genes as may be."""
    n_obs, n_vars = draw(st.integers(least, least + 8)), draw(st.sampled_from((40, 60, 90, 240)))
    kind = draw(st.sampled_from(kinds))
    x = draw(values(n_obs, n_vars, kind, plain=True))
    x[:, 0] += kind != "contrasts"  # nobody is empty
    obs = pd.DataFrame(index=pd.Index([f"cell{i}" for i in range(n_obs)], dtype=str))
    var = pd.DataFrame(index=pd.Index(draw(names.genes(n_vars, plain=True)), dtype=str))
    return Given(AnnData(x, obs, var), kind, "C")


def assembled(x: NDArray[Any], obs: pd.DataFrame, var: pd.DataFrame, layout: str, /) -> AnnData:
    """An AnnData whose names are of whatever type was given, whatever anndata thinks of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        texts = [pd.DataFrame(index=[f"n{i}" for i in range(len(t))]) for t in (obs, var)]
        if layout == "DataFrame" and x.shape[1]:
            frame = pd.DataFrame(x, index=texts[0].index, columns=texts[1].index)
            adata = AnnData(frame)
        elif layout == "masked":
            adata = AnnData(np.ma.masked_array(x, mask=False), *texts)
        else:
            adata = AnnData(LAYOUTS.get(layout, np.ascontiguousarray)(x), *texts)
        for name, table in (("obs", obs), ("var", var)):
            held = getattr(adata, name)
            for column in table:
                held[column] = table[column].array
            held.index = table.index
        return adata


def in_layout(adata: AnnData, layout: str, dtype: str | None = None, /) -> AnnData:
    """The same dense numbers in another layout or type."""
    found = adata.copy()
    x = np.asarray(adata.X) if dtype is None else as_type(np.asarray(adata.X), dtype)
    found.X = LAYOUTS[layout](x)
    return found
