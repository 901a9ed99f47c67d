"""Whatever a call leaves, as named arrays that can be kept and compared bit by bit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.generic]]

NOT_RESULTS = {"versions", "version"}
"""Parts of the record that say which packages ran."""


def named(value: object, name: str = "", /) -> Arrays:
    """Every array below ``value``, by its place."""
    return dict(_walk(value, name))


def _walk(value: object, name: str) -> Iterator[tuple[str, NDArray[np.generic]]]:
    if isinstance(value, AnnData):
        parts = {"X": value.X, "obs": value.obs, "var": value.var, "obsm": dict(value.obsm),
                 "layers": dict(value.layers), "uns": dict(value.uns)}  # fmt: skip
        yield from _walk({key: part for key, part in parts.items() if part is not None}, name)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in NOT_RESULTS and key is not None:  # layers[None] is X once more
                yield from _walk(part, f"{name}/{key}" if name else str(key))
    elif isinstance(value, pd.DataFrame):
        yield f"{name}/columns", _plain(value.columns)
        yield f"{name}/index", _plain(value.index)
        kinds = [_plain(value[column]) for column in value]
        if kinds and all(kind.dtype == np.float64 for kind in kinds):
            yield name, np.column_stack(kinds)
        else:
            columns = zip(value.columns, kinds, strict=True)
            yield from ((f"{name}/{column}", kind) for column, kind in columns)
    elif sp.issparse(value):
        yield from _walk({"data": value.data, "indices": value.indices}, name)
    else:
        yield name, _plain(value)


def _plain(value: object) -> NDArray[np.generic]:
    """Numbers as they are, all else as text: pandas has many ways to hold the same word."""
    if isinstance(value, pd.Series | pd.Index):
        value = value.to_numpy()
    array = np.asarray(value)
    if array.dtype.kind in "biufU":
        return array
    flat = ["<missing>" if pd.isna(one) else str(one) for one in array.ravel().tolist()]
    return np.asarray(flat, dtype=str).reshape(array.shape)


def of_file(path: Path, /) -> NDArray[np.uint8]:
    """The bytes of a file."""
    return np.frombuffer(path.read_bytes(), np.uint8)


class Difference(NamedTuple):
    """Of two arrays: the same bytes, and if not, how far apart."""

    identical: bool
    largest: float


def compared(one: NDArray[np.generic], other: NDArray[np.generic], /) -> Difference:
    """Whether two arrays are the same to the last bit; else the largest relative difference.

    Relative to the largest number of the array, and infinite where words, shapes or missing
    values differ.
    """
    if one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes():
        return Difference(True, 0.0)
    if one.shape != other.shape or {one.dtype.kind, other.dtype.kind} - set("if"):
        return Difference(False, np.inf)
    a, b = one.astype(np.float64), other.astype(np.float64)
    known = np.isfinite(a)
    if not np.array_equal(a[~known], b[~known], equal_nan=True) or not np.isfinite(b[known]).all():
        return Difference(False, np.inf)
    scale = np.abs(a[known]).max(initial=0.0) or 1.0
    return Difference(False, float(np.abs(a - b)[known].max(initial=0.0) / scale))


def compared_tables(one: NDArray[np.uint8], other: NDArray[np.uint8], /) -> Difference:
    """As :func:`compared`, of two tsv files; where their bytes differ, by the worst column."""
    if compared(one, other).identical:
        return Difference(True, 0.0)
    a, b = (named(pd.read_csv(io.BytesIO(file.tobytes()), sep="\t")) for file in (one, other))
    if a.keys() != b.keys():
        return Difference(False, np.inf)
    return Difference(False, max(compared(a[name], b[name]).largest for name in a))
