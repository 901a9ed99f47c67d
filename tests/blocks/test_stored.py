"""Matrices on disk: every layout and compression gives the rows that were written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import anndata as ad
import h5py
import hdf5plugin
import numpy as np
import pytest
import scipy.sparse as sp
from anndata.io import sparse_dataset, write_elem

from cytosig._errors import FileError
from cytosig.blocks import RowBlocks, for_each
from cytosig.blocks.stored import Chunks, RawFile, Slices, line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N, G = 700, 60
X = sp.random(N, G, density=0.2, format="csr", random_state=0, dtype=np.float32)
X.data[X.indptr[3] : X.indptr[4]] = 0
X.data[X.indptr[699] :] = 0
X.eliminate_zeros()

FILTERS: dict[str, tuple[dict[str, Any], type]] = {
    "none": ({}, RawFile),
    "chunked": ({"chunks": (100,)}, Chunks),
    "gzip": ({"compression": "gzip", "chunks": (333,)}, Chunks),
    "gzip, one chunk": ({"compression": "gzip", "chunks": (20_000,), "maxshape": (None,)}, Chunks),
    "gzip, tiny chunks": ({"compression": "gzip", "chunks": (7,)}, Chunks),
    "shuffle and gzip": ({"compression": "gzip", "shuffle": True, "chunks": (512,)}, Chunks),
    "shuffle alone": ({"shuffle": True, "chunks": (512,)}, Slices),
    "checksum": ({"compression": "gzip", "fletcher32": True, "chunks": (512,)}, Slices),
    "lzf": ({"compression": "lzf", "chunks": (512,)}, Slices),
    "zstd": ({**hdf5plugin.Zstd(), "chunks": (512,)}, Slices),
}


def _write(path: Path, matrix: Any, how: dict[str, Any], index: type = np.int32) -> None:
    """A sparse group as anndata writes it, with filters of our own choice."""
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        for name, kind in (("data", matrix.dtype), ("indices", index), ("indptr", np.int64)):
            own = how if name != "indptr" else {}
            group.create_dataset(name, data=getattr(matrix, name).astype(kind), **own)
        group.attrs["encoding-type"] = f"{matrix.format}_matrix"
        group.attrs["encoding-version"] = "0.1.0"
        group.attrs["shape"] = matrix.shape


def _rows(matrix: Any, **how: Any) -> np.ndarray:
    blocks = RowBlocks(matrix, **how)
    return np.vstack([block.to_scipy(G).toarray() for block in blocks])


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("chunk_size", [1, 64, None])
def test_rows_are_those_written(tmp_path: Path, name: str, chunk_size: int | None) -> None:
    how, reader = FILTERS[name]
    _write(tmp_path / "x.h5", X, how)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        matrix = sparse_dataset(file["X"])
        assert isinstance(line(file["X/data"]), reader)
        np.testing.assert_array_equal(_rows(matrix, chunk_size=chunk_size), X.toarray())


@pytest.mark.parametrize("index", [np.int32, np.int64, np.uint16, ">i4"])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8, np.int64, ">f4", np.float16])
def test_number_types(tmp_path: Path, index: Any, kind: Any) -> None:
    whole = X.copy()
    whole.data = np.ceil(whole.data * 9)
    _write(tmp_path / "x.h5", whole, {"compression": "gzip"}, index)
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        del file["X/data"]
        file["X/data"] = whole.data.astype(kind)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        np.testing.assert_array_equal(_rows(sparse_dataset(file["X"])), whole.toarray())


def test_a_file_open_for_writing_is_read_through_hdf5(tmp_path: Path) -> None:
    """What has been changed may not be on the disk yet."""
    _write(tmp_path / "x.h5", X, {"compression": "gzip"})
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["X/data"][:5] = [9, 8, 7, 6, 5]
        changed = X.copy()
        changed.data[:5] = [9, 8, 7, 6, 5]
        assert isinstance(line(file["X/data"]), Slices)
        np.testing.assert_array_equal(_rows(sparse_dataset(file["X"])), changed.toarray())


def test_a_block_of_bytes_before_the_file_is_read_through_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w", userblock_size=512) as file:
        file.create_dataset("v", data=np.arange(50.0), chunks=(7,), compression="gzip")
    with h5py.File(tmp_path / "x.h5", "r") as file:
        assert isinstance(line(file["v"]), Slices)


def test_chunks_never_written_hold_the_fill_value(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("v", shape=(50,), dtype="f4", chunks=(10,), fillvalue=3)
        made[10:20] = 1
    with h5py.File(tmp_path / "x.h5", "r") as file:
        found = line(file["v"])
        np.testing.assert_array_equal(found.read(5, 25), [3] * 5 + [1] * 10 + [3] * 5)


@pytest.mark.filterwarnings("ignore:.*zarr v3:UserWarning")
@pytest.mark.parametrize("layout", ["csr", "csc", "dense"])
@pytest.mark.parametrize("version", [2, 3])
def test_zarr(tmp_path: Path, layout: str, version: int) -> None:
    import zarr

    matrix = X.toarray() if layout == "dense" else X.asformat(layout)
    group = zarr.open_group(tmp_path / "x.zarr", mode="w", zarr_format=version)
    write_elem(group, "X", matrix)
    group = zarr.open_group(tmp_path / "x.zarr", mode="r")
    stored = group["X"] if layout == "dense" else sparse_dataset(group["X"])
    np.testing.assert_array_equal(_rows(stored, chunk_size=50), X.toarray())


@pytest.mark.parametrize("chunks", [(7, 60), (700, 5), (300, 60), None])
def test_dense_on_disk(tmp_path: Path, chunks: tuple[int, int] | None) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("X", data=X.toarray(), chunks=chunks)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        blocks = RowBlocks(file["X"])
        found = np.vstack([block.to_scipy(G).toarray() for block in blocks])
    np.testing.assert_array_equal(found, X.toarray())


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Column-wise matrices of any size go through files, this many values at a time."""
    from cytosig.blocks import columns

    def limit(at_once: int) -> None:
        monkeypatch.setattr(columns, "_IN_MEMORY", 0)
        monkeypatch.setattr(columns, "_AT_ONCE", at_once)

    return limit


@pytest.mark.parametrize("at_once", [1, 50, 1000, 10**6])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_columns_become_rows(
    tmp_path: Path, in_pieces: Callable[[int], None], at_once: int, kind: type
) -> None:
    in_pieces(at_once)
    few = X[:40] if at_once == 1 else X
    whole = sp.csc_matrix(few.copy())
    whole.data = np.ceil(whole.data * 200).astype(kind)
    _write(tmp_path / "x.h5", whole, {"compression": "gzip"})
    with h5py.File(tmp_path / "x.h5", "r") as file:
        np.testing.assert_array_equal(_rows(sparse_dataset(file["X"])), whole.toarray())


def test_columns_as_written_by_anndata(tmp_path: Path, in_pieces: Callable[[int], None]) -> None:
    in_pieces(500)
    unsorted = sp.csc_matrix(X)
    for j in range(G):  # rows of a column in any order
        part = slice(unsorted.indptr[j], unsorted.indptr[j + 1])
        unsorted.indices[part] = unsorted.indices[part][::-1]
        unsorted.data[part] = unsorted.data[part][::-1]
    unsorted.has_sorted_indices = False
    ad.AnnData(unsorted).write_h5ad(tmp_path / "x.h5ad", compression="gzip")
    stored = ad.read_h5ad(tmp_path / "x.h5ad", backed="r")
    np.testing.assert_array_equal(_rows(stored.X), X.toarray())
    stored.file.close()


def test_rows_of_columns_need_room(
    tmp_path: Path, in_pieces: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections import namedtuple

    from cytosig._errors import DataError
    from cytosig.blocks import columns

    in_pieces(500)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(columns.shutil, "disk_usage", lambda _: usage(10, 10, 0))
    _write(tmp_path / "x.h5", sp.csc_matrix(X), {})
    with h5py.File(tmp_path / "x.h5", "r") as file, pytest.raises(DataError, match="TMPDIR"):
        RowBlocks(sparse_dataset(file["X"]))


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_threads_read_the_same(tmp_path: Path, n_jobs: int) -> None:
    _write(tmp_path / "x.h5", X, {"compression": "gzip", "chunks": (333,)})
    with h5py.File(tmp_path / "x.h5", "r") as file:
        rows, found = RowBlocks(sparse_dataset(file["X"]), chunk_size=9), {}
        for _ in range(5):
            for_each(rows, lambda b: found.update({b.start: b.to_scipy(G)}), n_jobs=n_jobs)
            whole = sp.vstack([found[k] for k in sorted(found)])
            np.testing.assert_array_equal(whole.toarray(), X.toarray())


def test_a_damaged_chunk_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    _write(path, X, {"compression": "gzip", "chunks": (333,)})
    with h5py.File(path, "r") as file:
        info = file["X/data"].id.get_chunk_info(2)
    raw = bytearray(path.read_bytes())
    raw[info.byte_offset : info.byte_offset + info.size] = bytes(info.size)
    path.write_bytes(raw)
    with h5py.File(path, "r") as file, pytest.raises(FileError, match=r"x\.h5 cannot be read"):
        _rows(sparse_dataset(file["X"]))


def test_columns_outside_the_matrix_are_refused(tmp_path: Path) -> None:
    _write(tmp_path / "x.h5", X, {})
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["X/indices"][100] = 60
    with h5py.File(tmp_path / "x.h5", "r") as file, pytest.raises(FileError, match="column 60 of"):
        _rows(sparse_dataset(file["X"]))


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be replaced there")
@pytest.mark.parametrize("how", [{}, {"compression": "gzip", "chunks": (333,)}])
def test_a_file_replaced_while_it_is_open(tmp_path: Path, how: dict[str, Any]) -> None:
    """HDF5 goes on reading the file that it opened, and so do we."""
    _write(tmp_path / "x.h5", X, how)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        _write(tmp_path / "y.h5", sp.csr_matrix(X * 7), how)
        (tmp_path / "y.h5").replace(tmp_path / "x.h5")
        np.testing.assert_array_equal(_rows(sparse_dataset(file["X"])), X.toarray())
