"""Recognise a file's format by its content first and its suffix second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cytosig._errors import FileError
from cytosig.io._hdf5 import faults_of, open_hdf5
from cytosig.io._leftovers import put_aside
from cytosig.io._sound_zarr import check_zarr, read_json
from cytosig.io._stream import GZIP_MAGIC, open_binary

if TYPE_CHECKING:
    from pathlib import Path

    import h5py  # type: ignore[import-untyped,unused-ignore]

Kind = Literal["h5ad", "zarr", "10x h5", "10x mtx", "table"]

KNOWN = (
    ".h5ad, AnnData .zarr, 10x Genomics .h5, a 10x folder with matrix.mtx, "
    "or a csv/tsv/txt table (.gz or not)"
)
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_HDF5_SUFFIXES = (".h5ad", ".h5", ".hdf5")
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
    (b"PAR1", "a parquet file; save it as CSV or h5ad"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "bzip2-compressed; unpack it, or use gzip"),
    (b"\xfd7zXZ", "xz-compressed; unpack it, or use gzip"),
    (b"RDX", "an R data file; export the matrix from R as CSV, 10x mtx or h5ad"),
    (b"X\n\x00\x00", "an R .rds file; export the matrix from R as CSV, 10x mtx or h5ad"),
)
_TENX_V2 = {"barcodes", "genes", "gene_names", "data", "indices", "indptr", "shape"}


def detect(path: Path) -> Kind:
    """Name the format of ``path``; FileError when there is no reader for it."""
    try:
        if path.is_dir():
            return _detect_folder(path)
        if not path.exists():
            raise FileError(f"{path}: no such file or folder. {_where(path)}")
        if not path.is_file():
            raise FileError(f"{path} is not a regular file (a device or a pipe); save it first.")
        return _detect_file(path)
    except OSError as exc:
        raise FileError(f"{path} cannot be opened: {exc.strerror or exc}.") from exc


def _where(path: Path) -> str:
    """What to do about a file that is not there."""
    older = put_aside(path)
    if not older:
        return "Check the path."
    return f"A run was killed while it replaced it; what it was is {older[0]}: rename that."


def _detect_folder(path: Path) -> Kind:
    if is_zarr_group(path):
        with faults_of(path):
            check_zarr(path)
        return "zarr"
    if any(_is_matrix_name(p.name) for p in path.iterdir()):
        return "10x mtx"
    raise FileError(
        f"{path} is a folder with neither an AnnData zarr store nor a matrix.mtx[.gz] in it. "
        f"Readable: {KNOWN}."
    )


def is_zarr_group(path: Path, /) -> bool:
    """Tell whether a folder is a zarr store."""
    return any((path / name).exists() for name in (".zgroup", "zarr.json", ".zmetadata"))


def _is_matrix_name(name: str) -> bool:
    return name.endswith(("matrix.mtx", "matrix.mtx.gz"))


def _detect_file(path: Path) -> Kind:
    with path.open("rb") as handle:
        raw = handle.read(16)
    if not raw:
        raise FileError(f"{path} is empty (0 bytes). Was a download or a copy interrupted?")
    if _is_hdf5(path, raw):
        return _detect_hdf5(path)
    with open_binary(path) as stream:
        head = stream.read(4096)
    if not head:
        raise FileError(f"{path} holds nothing once unpacked. Make it again.")
    _refuse_foreign(path, head, packed=raw.startswith(GZIP_MAGIC))
    return "10x mtx" if head.startswith(b"%%MatrixMarket") else "table"


def _is_hdf5(path: Path, raw: bytes) -> bool:
    """Tell whether the file starts as HDF5 does, or holds it after a user block."""
    if raw.startswith(_HDF5_MAGIC):
        return True
    if path.suffix.lower() not in _HDF5_SUFFIXES:
        return False
    import h5py

    return bool(h5py.is_hdf5(path))


def _refuse_foreign(path: Path, head: bytes, *, packed: bool) -> None:
    if packed and head.startswith(_HDF5_MAGIC):
        raise FileError(f"{path} is a gzipped HDF5 file; unpack it first (gunzip).")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise FileError(f"{path} is {what}. Readable: {KNOWN}.")
    if path.suffix.lower() in _HDF5_SUFFIXES:
        raise FileError(
            f"{path} is named {path.suffix} but does not start as an HDF5 file does: it is "
            "damaged, or another kind of file was renamed. Make it again, or restore its suffix."
        )
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(f"{path} is a binary file of an unknown kind. Readable: {KNOWN}.")


def _detect_hdf5(path: Path) -> Kind:
    with open_hdf5(path) as file:
        encoding = file.attrs.get("encoding-type", "")
        keys = set(file)
        if encoding == "MuData":
            raise FileError(f"{path} is a MuData file; save its RNA modality as .h5ad.")
        if encoding == "anndata" or {"obs", "var"} <= keys:
            return "h5ad"
        if "matrix" in keys and {"barcodes", "data"} <= _members(file["matrix"]):
            return "10x h5"
        if tenx_v2_genomes(file):
            return "10x h5"
    if {"row_attrs", "col_attrs"} <= keys:
        raise FileError(f"{path} is a loom file; convert it to .h5ad first.")
    found = ", ".join(sorted(map(str, keys))[:5]) or "nothing"
    raise FileError(
        f"{path} is an HDF5 file but neither AnnData nor 10x Genomics (at its root: {found}). "
        f"Readable: {KNOWN}."
    )


def tenx_v2_genomes(file: h5py.File) -> list[str]:
    """Names of the genome groups of a 10x v2 file; empty for any other."""
    return [key for key in file if _members(file[key]) >= _TENX_V2]


def _members(node: object) -> set[str]:
    import h5py

    return set(node) if isinstance(node, h5py.Group) else set()


def zarr_is_anndata(path: Path) -> bool:
    """Tell whether the attributes, or else the layout, of a zarr group are AnnData's."""
    for name in (".zattrs", "zarr.json"):
        file = path / name
        if file.is_file():
            meta = read_json(file)
            attrs = meta.get("attributes", meta) if isinstance(meta, dict) else {}
            if isinstance(attrs, dict) and attrs.get("encoding-type") == "anndata":
                return True
    return (path / "obs").is_dir() and (path / "var").is_dir()
