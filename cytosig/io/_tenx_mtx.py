"""Read 10x Genomics folders: matrix.mtx, features.tsv or genes.tsv, barcodes.tsv."""

from __future__ import annotations

import csv
import warnings
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, FileError
from cytosig.io._matrix import build, compact
from cytosig.io._stream import open_binary, open_text
from cytosig.io._tenx import expression_only

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from scipy.sparse import csr_matrix


def read_tenx_mtx(path: Path) -> AnnData:
    """Read a 10x folder, or the folder around a given ``matrix.mtx``."""
    matrix_file, prefix = _matrix_file(path)
    folder = matrix_file.parent
    features = _rows(_sibling(folder, prefix, ("features.tsv", "genes.tsv")))
    barcodes = [row[0] for row in _rows(_sibling(folder, prefix, ("barcodes.tsv",)))]
    matrix = _read_matrix(matrix_file)
    expected = (len(barcodes), len(features))
    if matrix.shape != expected:
        raise DataError(
            f"{matrix_file} is {matrix.shape[1]} features × {matrix.shape[0]} barcodes, but the "
            f"files beside it name {expected[1]} features and {expected[0]} barcodes. "
            "Are all three from the same run?"
        )
    genes = [row[1] if len(row) > 1 else row[0] for row in features]
    var = {"gene_ids": [row[0] for row in features]}
    if features and all(len(row) > 2 for row in features):
        var["feature_types"] = [row[2] for row in features]
    adata = build(matrix, samples=barcodes, genes=genes, var=var, where=str(path))
    return expression_only(adata, where=str(path))


def _matrix_file(path: Path) -> tuple[Path, str]:
    """Find the matrix and the prefix that its companions share."""
    if path.is_file():
        stem = path.name.removesuffix(".gz").removesuffix(".mtx")
        if not stem.endswith("matrix"):
            raise FileError(
                f"{path} is a MatrixMarket file without gene names. Name it matrix.mtx and put "
                "features.tsv and barcodes.tsv beside it."
            )
        return path, stem.removesuffix("matrix")
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        stem = file.name.removesuffix(".gz")
        if stem.endswith("matrix.mtx"):
            found[stem.removesuffix("matrix.mtx")] = file
    if len(found) > 1:
        names = ", ".join(file.name for file in found.values())
        raise FileError(f"{path} holds several matrices ({names}). Give the path of one of them.")
    prefix, file = next(iter(found.items()))
    return file, prefix


def _sibling(folder: Path, prefix: str, names: tuple[str, ...]) -> Path:
    for name in names:
        for suffix in (".gz", ""):
            file = folder / f"{prefix}{name}{suffix}"
            if file.is_file():
                return file
    wanted = " or ".join(f"{prefix}{name}[.gz]" for name in names)
    raise FileError(f"{folder} has a matrix.mtx but no {wanted}. Put the missing file there.")


def _rows(path: Path) -> list[list[str]]:
    """Read a headerless tab-separated file verbatim; blank lines are skipped."""
    with open_text(path) as text:
        try:
            reader = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
            return [row for row in reader if row]
        except csv.Error as exc:
            raise FileError(f"{path} cannot be read as tab-separated text ({exc}).") from exc


def _read_matrix(path: Path) -> csr_matrix[Any]:
    """Read a features × barcodes MatrixMarket file as barcodes × features CSR."""
    import numpy as np
    from scipy.io import mmread
    from scipy.sparse import coo_matrix, csr_matrix

    with open_binary(path) as stream:
        try:
            with warnings.catch_warnings():
                # newer scipy announces sparse arrays; either kind is fine here
                warnings.simplefilter("ignore", DeprecationWarning)
                raw = mmread(stream)
        except (ValueError, TypeError, OverflowError) as exc:
            why = f"it is cut short or damaged ({exc})"
            raise FileError(f"{path} cannot be read: {why}. Copy or write it again.") from exc
    matrix = csr_matrix(coo_matrix(raw).T)
    if np.iscomplexobj(matrix.data):
        raise DataError(f"{path} holds complex numbers, not expression values.")
    matrix.data = compact(matrix.data)
    matrix.sort_indices()
    return matrix
