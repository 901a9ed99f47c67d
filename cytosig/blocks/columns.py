"""A column-wise (CSC) matrix on disk, turned into rows once, in a temporary folder.

Values are dealt out to bands of rows small enough to be sorted in memory. A band takes up as much
room in the finished matrix as it has values, so each is sorted where it stands.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, FileError
from cytosig._log import logger
from cytosig.blocks.sources import Held, Stored, pointers_of
from cytosig.blocks.stored import RawFile, line, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from numpy.typing import NDArray

    from cytosig.blocks.sources import Source
    from cytosig.blocks.stored import Line

_AT_ONCE = 2**22  # values
_IN_MEMORY = 2**24  # values up to which no file is needed
_MOST_BANDS = 2**16  # they are numbered in 16 bits, which sort fastest


def stored_rows(matrix: Any, /) -> Source:
    """Rows of a column-wise matrix of an HDF5 or zarr file.

    Raises
    ------
    DataError
        When the temporary folder has too little room.
    """
    group = matrix.group
    indptr = pointers_of(matrix)
    with reading(group):
        indices, data = line(group["indices"]), line(group["data"])
        if indptr[-1] <= _IN_MEMORY:
            logger.info("Column-wise (CSC) matrix: converted to rows once.")
            found = matrix[:]
            found.check_format(full_check=True)  # a row that is not there would crash scipy
            return Held(found.tocsr())
    return _Turned(indptr, indices, data, (int(matrix.shape[0]), int(matrix.shape[1])))


class _Turned(Stored):
    """The rows, in files that live as long as this object."""

    def __init__(
        self, columns: NDArray[np.int64], rows: Line, data: Line, shape: tuple[int, int], /
    ) -> None:
        folder = Path(tempfile.mkdtemp(prefix="cytosig-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        _check_room(folder, int(columns[-1]), data.dtype)
        indptr = _row_pointers(rows, int(columns[-1]), shape[0])
        bands = _bands(indptr)
        kinds = {"row": np.dtype(np.int32), "column": np.dtype(np.int32), "value": data.dtype}
        files = {name: (folder / name).open("w+b") for name in kinds}
        try:
            _deal(columns, rows, data, indptr[bands], bands, files)
            for first, last in itertools.pairwise(bands):
                _sort(int(indptr[first]), int(indptr[last]), int(first), kinds, files)
        finally:
            for file in files.values():
                file.close()
        (folder / "row").unlink()
        column = RawFile(folder / "column", kinds["column"])
        super().__init__(indptr, column, RawFile(folder / "value", data.dtype), shape)


def _check_room(folder: Path, n_values: int, dtype: np.dtype[Any]) -> None:
    needed, free = n_values * (8 + dtype.itemsize), shutil.disk_usage(folder).free
    logger.info(
        "Column-wise (CSC) matrix on disk: turned into rows once, in %s (%.1f GB there).",
        folder,
        needed / 1e9,
    )
    if needed > free:
        raise DataError(
            f"The matrix is stored column-wise (CSC); turning it into rows takes {needed / 1e9:.1f}"
            f" GB in {folder.parent}, which has {free / 1e9:.1f}. Set TMPDIR to a folder with more"
            " room, or store the matrix as CSR."
        )


def _stretches(edges: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of columns that hold about as many values as are held at once, or one column."""
    first = 0
    while first < len(edges) - 1:
        last = int(np.searchsorted(edges, edges[first] + _AT_ONCE, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


def _row_pointers(rows: Line, n_values: int, n_rows: int) -> NDArray[np.int64]:
    count = np.zeros(n_rows, dtype=np.int64)
    for start in range(0, n_values, _AT_ONCE):
        found = rows.read(start, min(start + _AT_ONCE, n_values))
        if found.size and not 0 <= found.min() <= found.max() < n_rows:
            raise FileError(
                f"The column-wise (CSC) matrix on disk has a value in row {int(found.max())} of"
                f" {n_rows}; the file is damaged. Copy or write it again."
            )
        count += np.bincount(found, minlength=n_rows)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def _bands(indptr: NDArray[np.int64]) -> NDArray[np.int64]:
    """Edges of bands of rows."""
    most = max(_AT_ONCE, int(indptr[-1]) // (_MOST_BANDS - 1) + 1)
    edges = np.searchsorted(indptr, np.arange(0, int(indptr[-1]), most), side="right") - 1
    return np.unique(np.concatenate([edges, [0, len(indptr) - 1]]))


def _deal(
    columns: NDArray[np.int64],
    rows: Line,
    data: Line,
    place: NDArray[np.int64],
    bands: NDArray[np.int64],
    files: Mapping[str, BinaryIO],
) -> None:
    """Put every value into its band; ``place`` is where each band begins."""
    place = place.copy()
    for first, last in _stretches(columns):
        lo, hi = int(columns[first]), int(columns[last])
        row = rows.read(lo, hi).astype(np.int32)
        column = np.repeat(np.arange(first, last), np.diff(columns[first : last + 1]))
        band = (np.searchsorted(bands, row, side="right") - 1).astype(np.uint16)
        order = np.argsort(band, kind="stable")
        dealt = {"row": row, "column": column.astype(np.int32), "value": data.read(lo, hi)}
        dealt = {name: values[order] for name, values in dealt.items()}
        sizes = np.bincount(band, minlength=len(bands) - 1)
        start = 0
        for k in np.flatnonzero(sizes).tolist():
            stop = start + int(sizes[k])
            for name, values in dealt.items():
                _put(files[name], int(place[k]), values[start:stop])
            place[k] += sizes[k]
            start = stop


def _sort(
    lo: int, hi: int, first: int, kinds: dict[str, np.dtype[Any]], files: Mapping[str, BinaryIO]
) -> None:
    """Put the values of one band, which come by column, in the order of their rows."""
    found = {name: _take(files[name], kind, lo, hi) for name, kind in kinds.items()}
    row = found.pop("row") - first
    small = row.size > 0 and int(row.max()) < 2**16
    order = np.argsort(row.astype(np.uint16) if small else row, kind="stable")
    for name, values in found.items():
        _put(files[name], lo, values[order])


def _put(file: BinaryIO, place: int, values: NDArray[Any]) -> None:
    file.seek(place * values.itemsize, os.SEEK_SET)
    file.write(np.ascontiguousarray(values).data)


def _take(file: BinaryIO, dtype: np.dtype[Any], lo: int, hi: int) -> NDArray[Any]:
    file.seek(lo * dtype.itemsize, os.SEEK_SET)
    return np.frombuffer(file.read((hi - lo) * dtype.itemsize), dtype)
