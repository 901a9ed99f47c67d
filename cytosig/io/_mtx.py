"""Read MatrixMarket coordinate files strictly.

``scipy.io.mmread`` (1.17, 1.18) is faster, but ends the whole process with a segmentation
fault on files that a broken copy leaves behind: cut in the last line, or with NUL bytes.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TextIO

from cytosig._errors import DataError, FileError
from cytosig.io._matrix import compact
from cytosig.io._stream import open_text

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_NUMBERS = ("integer", "real", "double", "unsigned-integer")


def read_mtx(path: Path, *, names: tuple[int, int]) -> csr_matrix[Any]:
    """Read features × barcodes as barcodes × features CSR.

    ``names`` are the numbers of features and barcodes that the files beside it name.
    """
    from scipy.sparse import coo_matrix

    with open_text(path) as text:
        try:
            shape, entries = _read_header(text, path)
            if shape != names:
                raise DataError(
                    f"{path} is {shape[0]} features × {shape[1]} barcodes, but the files beside it "
                    f"name {names[0]} features and {names[1]} barcodes. Are all from the same run?"
                )
            rows, columns, values = _read_entries(text)
        except ValueError as exc:
            raise _damaged(path, str(exc).split(";")[0].rstrip(".")) from exc
    if len(values) != entries:
        raise _damaged(path, f"it promises {entries} entries and holds {len(values)}")
    for index, size, side in ((rows, shape[0], "feature"), (columns, shape[1], "barcode")):
        if len(index) and not (index.min() >= 1 and index.max() <= size):
            raise _damaged(path, f"a {side} number lies outside 1 to {size}")
    matrix = coo_matrix((compact(values), (columns - 1, rows - 1)), shape=shape[::-1]).tocsr()
    matrix.sort_indices()
    return matrix


def _read_header(text: TextIO, path: Path) -> tuple[tuple[int, int], int]:
    """Return the shape, features × barcodes, and the number of entries."""
    banner = text.readline().lower().split()
    if banner[:3] != ["%%matrixmarket", "matrix", "coordinate"] or len(banner) != 5:
        raise _damaged(path, "it does not start with a MatrixMarket coordinate header")
    if banner[3] not in _NUMBERS or banner[4] != "general":
        raise FileError(
            f"{path} is a MatrixMarket file of kind '{banner[3]} {banner[4]}'; only general "
            "integer or real matrices hold expression. Write it again as one of these."
        )
    line = text.readline()
    while line.startswith("%") or (line and not line.strip()):
        line = text.readline()
    features, barcodes, entries = (int(field) for field in line.split())
    return (features, barcodes), entries


def _read_entries(
    text: TextIO,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return feature numbers and barcode numbers, from 1, and values."""
    import numpy as np

    kind = np.dtype([("row", np.int64), ("column", np.int64), ("value", np.float64)])
    with warnings.catch_warnings():
        # numpy warns of a matrix without entries, which is fine
        warnings.simplefilter("ignore", UserWarning)
        table = np.loadtxt(text, dtype=kind, comments="%", ndmin=1)
    return table["row"], table["column"], table["value"]


def _damaged(path: Path, why: str) -> FileError:
    return FileError(f"{path} is cut short or damaged: {why}. Copy or write it again.")
