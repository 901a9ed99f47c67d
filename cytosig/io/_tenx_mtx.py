"""Read 10x Genomics folders: matrix.mtx, features.tsv or genes.tsv, barcodes.tsv."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from cytosig._errors import FileError
from cytosig.io._matrix import build
from cytosig.io._mtx import read_mtx
from cytosig.io._stream import open_text
from cytosig.io._tenx import expression_only

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def read_tenx_mtx(path: Path) -> AnnData:
    """Read a 10x folder, or the folder around a given ``matrix.mtx``."""
    matrix_file, features_file, barcodes_file = files_of(path)
    features = _rows(features_file)
    barcodes = [row[0] for row in _rows(barcodes_file)]
    matrix = read_mtx(matrix_file, names=(len(features), len(barcodes)))
    genes = [row[1] if len(row) > 1 else row[0] for row in features]
    var = {"gene_ids": [row[0] for row in features]}
    if features and all(len(row) > 2 for row in features):
        var["feature_types"] = [row[2] for row in features]
    adata = build(matrix, samples=barcodes, genes=genes, var=var, where=str(path))
    return expression_only(adata, where=str(path))


def files_of(path: Path) -> tuple[Path, Path, Path]:
    """Matrix, features and barcodes of a folder, which may hold other files, even other samples."""
    matrix, prefix = _matrix_file(path)
    features = _sibling(matrix.parent, prefix, ("features.tsv", "genes.tsv"))
    return matrix, features, _sibling(matrix.parent, prefix, ("barcodes.tsv",))


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
    if not found:
        raise FileError(f"{path} holds no matrix.mtx. Give the folder that does.")
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
