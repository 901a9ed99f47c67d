"""Read the matrix of an h5ad file once, in one of three ways, and print how long it took.

Usage: ``python benchmarks/scaling_read.py h5py|anndata|ours FILE``. One line of JSON: seconds,
without imports and without opening the file, and the non-zeros seen.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SLICE = 4_000_000
ROWS = 3_000
THREADS = 2


def with_h5py(path: Path, /) -> Callable[[], int]:
    """Data and indices by slices that end where chunks end, one thread."""
    import h5py

    group = h5py.File(path)["X"]
    arrays = [group["data"], group["indices"]]

    def read() -> int:
        seen = 0
        for array in arrays:
            step = max(1, SLICE // array.chunks[0]) * array.chunks[0]
            for start in range(0, len(array), step):
                seen += len(array[start : start + step])
        return seen // 2

    return read


def with_anndata(path: Path, /) -> Callable[[], int]:
    """Blocks of rows of a backed AnnData, as scipy matrices, one thread."""
    import anndata as ad

    adata = ad.read_h5ad(path, backed="r")

    def read() -> int:
        starts = range(0, adata.n_obs, ROWS)
        return sum(adata.X[start : start + ROWS].nnz for start in starts)

    return read


def with_ours(path: Path, /) -> Callable[[], int]:
    """The blocks every method of the package is given, two threads."""
    import anndata as ad

    from cytosig.blocks import RowBlocks, for_each

    adata = ad.read_h5ad(path, backed="r")

    def read() -> int:
        sizes: list[int] = []
        for_each(RowBlocks(adata.X), lambda block: sizes.append(len(block.data)), n_jobs=THREADS)
        return sum(sizes)

    return read


WAYS = {"h5py": with_h5py, "anndata": with_anndata, "ours": with_ours}


def main() -> None:
    """Read once and print."""
    read = WAYS[sys.argv[1]](Path(sys.argv[2]))
    start = time.perf_counter()
    seen = read()
    print(json.dumps({"seconds": time.perf_counter() - start, "seen": seen}))


if __name__ == "__main__":
    main()
