"""Simulated cells of any number in an h5ad file, written block by block.

Usage: ``python benchmarks/scaling_data.py cells.h5ad --cells 1000000 [--genes 20000]``
``[--density 0.07] [--compression gzip|lzf|zstd|none] [--values log1p|counts]``
``[--format csr|csc|dense] [--seed 0]``
A file of fewer cells is the beginning of one of more. Never more than a few blocks of 500 cells
are in memory, and for all cells what obs holds. csc and dense are made in memory, for few cells.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata.io import write_elem

sys.path.insert(0, str(Path(__file__).parent))

import scaling_draw as draw
import scaling_model as model
import scaling_write as write

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 2
MOST_WHOLE = 2 * 10**9
"""Most entries, zeros included, of a matrix that is made in memory."""


def arguments() -> argparse.Namespace:
    """What to make."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cells", type=int, required=True)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--density", type=float, default=0.07)
    parser.add_argument("--compression", choices=("gzip", "lzf", "zstd", "none"), default="gzip")
    parser.add_argument("--values", choices=("log1p", "counts"), default="log1p")
    parser.add_argument("--format", choices=("csr", "csc", "dense"), default="csr")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.cells < 1 or not 0 < asked.density < 0.5:
        raise SystemExit("Give at least one cell, and a density above 0 and below 0.5.")
    if asked.format != "csr" and asked.cells * asked.genes > MOST_WHOLE:
        raise SystemExit(
            f"--format {asked.format} is made in memory, for at most {MOST_WHOLE:,} entries;"
            " take fewer cells, or csr."
        )
    return asked


def blocks(
    known: model.Model, asked: argparse.Namespace, pool: ThreadPoolExecutor, /
) -> Iterator[draw.Cells]:
    """All cells in order, a few blocks drawn ahead."""
    pending: deque = deque()
    for number, start in enumerate(range(0, asked.cells, draw.ROWS)):
        rows = min(draw.ROWS, asked.cells - start)
        log1p = asked.values == "log1p"
        pending.append(pool.submit(draw.block, known, number, rows, asked.seed, log1p=log1p))
        if len(pending) > 2 * THREADS:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def write_rows(
    file: h5py.File, known: model.Model, asked: argparse.Namespace, pool: ThreadPoolExecutor, /
) -> pd.DataFrame:
    """X as CSR, never whole in memory; obs."""
    group = file.create_group("X")
    group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0"})
    group.attrs["shape"] = np.array([asked.cells, asked.genes])
    expected = round(asked.cells * asked.genes * asked.density)
    data = write.Column(group, "data", np.float32, expected, asked.compression, pool)
    indices = write.Column(group, "indices", np.int32, expected, asked.compression, pool)
    parts = []
    for cells in blocks(known, asked, pool):
        data.add(cells.data)
        indices.add(cells.indices)
        parts.append((cells.sample, cells.cell_type, cells.total, cells.lengths))
    indices.close()
    indptr = np.zeros(asked.cells + 1, np.int32 if data.close() < 2**31 else np.int64)
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    np.cumsum(columns[-1], out=indptr[1:])
    options = {"maxshape": (None,), "chunks": True, **write.packing(asked.compression)}
    group.create_dataset("indptr", data=indptr, **options)
    return obs(*columns)


def write_whole(
    file: h5py.File, known: model.Model, asked: argparse.Namespace, pool: ThreadPoolExecutor, /
) -> pd.DataFrame:
    """X as CSC or dense, by way of memory; obs."""
    every = list(blocks(known, asked, pool))
    rows = sp.vstack([cells.to_scipy(asked.genes) for cells in every], format="csr")
    whole = rows.tocsc() if asked.format == "csc" else rows.toarray()
    write_elem(file, "X", whole, dataset_kwargs=write.packing(asked.compression))
    names = ("sample", "cell_type", "total", "lengths")
    return obs(*(np.concatenate([getattr(cells, name) for cells in every]) for name in names))


def obs(
    sample: np.ndarray, cell_type: np.ndarray, total: np.ndarray, lengths: np.ndarray, /
) -> pd.DataFrame:
    """Sample, condition and cell type as categories; counts and genes of every cell."""
    return pd.DataFrame(
        {
            "sample": pd.Categorical.from_codes(sample, model.SAMPLES),
            "condition": pd.Categorical.from_codes(sample % 2, model.CONDITIONS),
            "cell_type": pd.Categorical.from_codes(cell_type, model.TYPES),
            "total_counts": total.astype(np.float32),
            "n_genes": lengths.astype(np.int32),
        },
        index=[f"C{i:08d}" for i in range(1, len(total) + 1)],
    )


def planted() -> pd.DataFrame:
    """What was planted in the treated samples."""
    rows = [(p.cytokine, p.source, p.target, p.condition_effect) for p in model.PLANTED]
    return pd.DataFrame(rows, columns=["cytokine", "source", "target", "effect"]).rename(str)


def make(path: Path, asked: argparse.Namespace, /) -> None:
    """The file, under its name only once it is complete."""
    known = model.make(asked.genes, asked.density, asked.seed)
    partial = path.with_name(path.name + ".partial")
    options = write.packing(asked.compression)
    with h5py.File(partial, "w") as file, ThreadPoolExecutor(THREADS) as pool:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        fill = write_rows if asked.format == "csr" else write_whole
        write_elem(file, "obs", fill(file, known, asked, pool), dataset_kwargs=options)
        write_elem(file, "var", pd.DataFrame(index=known.genes), dataset_kwargs=options)
        for name in ("obsm", "varm", "obsp", "varp", "layers"):
            write_elem(file, name, {})
        write_elem(file, "uns", {"planted": planted()})
    partial.replace(path)


def main() -> None:
    """Make the file and say what it took."""
    asked = arguments()
    start = time.perf_counter()
    make(asked.path, asked)
    size = asked.path.stat().st_size / 1e6
    print(f"{asked.path}: {size:,.0f} MB, {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
