"""Read 10x Genomics HDF5 matrices, Cell Ranger 2 and 3 onwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError
from cytosig.io._detect import tenx_v2_genomes
from cytosig.io._hdf5 import open_hdf5
from cytosig.io._matrix import build, check_sparse, compact
from cytosig.io._tenx import expression_only

if TYPE_CHECKING:
    from pathlib import Path

    import h5py  # type: ignore[import-untyped,unused-ignore]
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from scipy.sparse import csr_matrix


def read_tenx_h5(path: Path) -> AnnData:
    """Read a 10x ``.h5``: symbols as gene names, ids in ``var["gene_ids"]``."""
    with open_hdf5(path) as file:
        group = _group(file, path)
        matrix, barcodes = _matrix(group), _strings(group["barcodes"])
        genes, var = _features(group)
    for name, column in var.items():
        if len(column) != len(genes):
            raise DataError(
                f"{path}: {len(genes)} features have a name and {len(column)} a value of {name};"
                " the file is damaged. Make it again."
            )
    expected = (len(barcodes), len(genes))
    if matrix.shape != expected:
        raise DataError(
            f"{path}: the matrix is {matrix.shape[1]} features × {matrix.shape[0]} barcodes, but "
            f"{expected[1]} feature and {expected[0]} barcode names are given. Make it again."
        )
    check_sparse(matrix, where=str(path))
    adata = build(matrix, samples=barcodes, genes=genes, var=var, where=str(path))
    return expression_only(adata, where=str(path))


def _group(file: h5py.File, path: Path) -> h5py.Group:
    if "matrix" in file:
        return file["matrix"]
    genomes = tenx_v2_genomes(file)
    if len(genomes) > 1:
        raise DataError(
            f"{path} holds {len(genomes)} genomes ({', '.join(genomes)}) in one 10x v2 file. "
            "Split it by genome first."
        )
    return file[genomes[0]]


def _matrix(group: h5py.Group) -> csr_matrix[Any]:
    """Read the features × barcodes CSC as what it also is: the barcodes × features CSR."""
    from scipy.sparse import csr_matrix

    features, barcodes = (int(n) for n in group["shape"][()])
    values, columns, pointers = (group[name][()] for name in ("data", "indices", "indptr"))
    ends = [int(n) for n in pointers[[0, -1]]]
    if ends != [0, len(values)] or (pointers[1:] < pointers[:-1]).any():
        raise ValueError(
            "its row pointers, columns and values disagree"
        )  # scipy would cut it short
    return csr_matrix((compact(values), columns, pointers), shape=(barcodes, features))


def _features(group: h5py.Group) -> tuple[list[str], dict[str, list[str]]]:
    """Return gene symbols, and the columns of var (features)."""
    if "features" not in group:
        return _strings(group["gene_names"]), {"gene_ids": _strings(group["genes"])}
    features = group["features"]
    ids = "gene_id" if "gene_id" in features else "id"
    var = {"gene_ids": _strings(features[ids])}
    if ids == "gene_id":
        var["probe_ids"] = _strings(features["id"])
    for column, key in (("feature_types", "feature_type"), ("genome", "genome")):
        if key in features:
            var[column] = _strings(features[key])
    return _strings(features["name"]), var


def _strings(dataset: h5py.Dataset) -> list[str]:
    return [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in dataset[()]]
