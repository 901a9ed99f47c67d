"""How quickly each layout and compression is read, the same cells in all.

Usage: ``python benchmarks/scaling_formats.py --folder FOLDER [--cells 20000] [--out RESULTS]``
Reading is timed as the package does it (two threads, every block seen) and as anndata does it
(backed blocks of rows, one thread), after the file has been read once.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import pandas as pd
import record
from scaling_read import ROWS, THREADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = 3
FORMATS = {
    "h5ad CSR gzip": ("csr", "gzip"),
    "h5ad CSR zstd": ("csr", "zstd"),
    "h5ad CSR lzf": ("csr", "lzf"),
    "h5ad CSR": ("csr", "none"),
    "h5ad CSC gzip": ("csc", "gzip"),
    "h5ad dense gzip": ("dense", "gzip"),
}
ZARR = {"zarr v2 CSR": 2, "zarr v3 CSR": 3}


def files(folder: Path, cells: int, /) -> Iterator[tuple[str, Path]]:
    """Every file, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(__file__).with_name("scaling_data.py")
    for name, (layout, compression) in FORMATS.items():
        path = folder / f"cells_{cells}_{layout}_{compression}.h5ad"
        if not path.exists():
            how = ["--cells", str(cells), "--format", layout, "--compression", compression]
            subprocess.run([sys.executable, str(program), str(path), *how], check=True)
        yield name, path
    for name, version in ZARR.items():
        path = folder / f"cells_{cells}_v{version}.zarr"
        if not path.exists():
            _write_zarr(folder / f"cells_{cells}_csr_none.h5ad", path, version)
        yield name, path


def _write_zarr(source: Path, path: Path, version: int, /) -> None:
    import anndata as ad
    import zarr
    from anndata.io import write_elem

    adata = ad.read_h5ad(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        group = zarr.open_group(path, mode="w", zarr_format=version)
        write_elem(group, "/", adata)


def seconds(read: Callable[[Any], int], path: Path, /) -> tuple[float, int]:
    """The median of a few readings, and the non-zeros seen."""
    from cytosig.io import open_store

    times, seen = [], 0
    for _ in range(RUNS):
        with open_store(path) as adata:
            start = time.perf_counter()
            seen = read(adata)
            times.append(time.perf_counter() - start)
    return sorted(times)[RUNS // 2], seen


def with_ours(adata: Any, /) -> int:
    """All blocks, as every method is given them."""
    from cytosig.blocks import RowBlocks, for_each

    sizes: list[int] = []
    for_each(RowBlocks(adata.X), lambda block: sizes.append(len(block.data)), n_jobs=THREADS)
    return sum(sizes)


def with_anndata(adata: Any, /) -> int:
    """Blocks of rows, or of columns where columns are stored; one thread."""
    import numpy as np

    n_obs, n_vars = adata.shape
    if getattr(adata.X, "format", "") == "csc":
        return sum(adata.X[:, start : start + 500].nnz for start in range(0, n_vars, 500))
    parts = (adata.X[start : start + ROWS] for start in range(0, n_obs, ROWS))
    return sum(part.nnz if hasattr(part, "nnz") else np.count_nonzero(part) for part in parts)


def main() -> None:
    """Time all and write the table."""
    parser = record.arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cells", type=int, default=20_000)
    asked = parser.parse_args()
    rows = []
    for name, path in files(asked.folder, asked.cells):
        ours, n = seconds(with_ours, path)
        theirs, m = seconds(with_anndata, path)
        if n != m:
            raise SystemExit(f"{path}: the readers disagree about the non-zeros: {n}, {m}")
        inside = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
        size = sum(file.stat().st_size for file in inside) / 1e6
        rows.append({
            "format": name, "file MB": size, "non-zeros": n, "ours s": ours,
            "anndata s": theirs, "anndata / ours": theirs / ours,
        })  # fmt: skip
    table = pd.DataFrame(rows)
    about = (
        f"Reading the matrix once: {asked.cells:,} simulated cells × 20,000 genes, log1p, float32;"
        f" median of {RUNS}. Ours: {THREADS} threads; anndata: one."
    )
    text = ["# Formats", "", record.provenance(), "", about, "", record.markdown(table)]
    record.write(asked.out, "scaling_formats", table=table, text="\n".join(text))


if __name__ == "__main__":
    main()
