"""10x Genomics files, built by hand from a dense matrix."""

from __future__ import annotations

import gzip
import logging
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from scipy import io as scipy_io
from scipy import sparse

from cytosig._errors import DataError, FileError
from cytosig.io import read

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = np.array([[0, 3, 0], [1, 0, 0], [0, 7, 2], [4, 0, 9]])  # features × barcodes
IDS = ["ENSG1", "ENSG2", "ENSG3", "AB1"]
NAMES = ["STAT1", "TBCE", "TBCE", "CD3-antibody"]
TYPES = ["Gene Expression"] * 3 + ["Antibody Capture"]
CELLS = ["AAAC-1", "AAAG-1", "AAAT-1"]


def as_bytes(values: list[str]) -> np.ndarray:
    return np.array(values, dtype="S")


def put_matrix(group: h5py.Group, counts: np.ndarray = COUNTS) -> None:
    stored = sparse.csc_matrix(counts)
    for name in ("data", "indices", "indptr"):
        group[name] = getattr(stored, name)
    group["data"].attrs["kind"] = "counts"
    group["shape"] = np.array(counts.shape, dtype=np.int32)
    group["barcodes"] = as_bytes(CELLS)


def make_v3(path: Path, types: list[str] = TYPES, counts: np.ndarray = COUNTS) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        put_matrix(group, counts)
        features = group.create_group("features")
        for name, values in (("id", IDS), ("name", NAMES), ("feature_type", types)):
            features[name] = as_bytes(values)
        features["genome"] = as_bytes(["GRCh38"] * 4)
    return path


def make_v2(path: Path, genomes: tuple[str, ...] = ("hg19",)) -> Path:
    with h5py.File(path, "w") as file:
        for genome in genomes:
            group = file.create_group(genome)
            put_matrix(group)
            group["genes"], group["gene_names"] = as_bytes(IDS), as_bytes(NAMES)
    return path


def make_mtx(folder: Path, *, prefix: str = "", packed: bool = True, v3: bool = True) -> Path:
    scipy_io.mmwrite(folder / "plain.mtx", sparse.coo_matrix(COUNTS))
    columns = [IDS, NAMES, TYPES] if v3 else [IDS, NAMES]
    features = "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True))
    texts = {
        "matrix.mtx": (folder / "plain.mtx").read_text(),
        ("features.tsv" if v3 else "genes.tsv"): features,
        "barcodes.tsv": "".join(f"{c}\n" for c in CELLS),
    }
    (folder / "plain.mtx").unlink()
    for name, text in texts.items():
        file = folder / f"{prefix}{name}{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return folder


def check(adata, features: int) -> None:
    assert list(adata.obs_names) == CELLS
    assert list(adata.var_names) == NAMES[:features]
    assert adata.var["gene_ids"].tolist() == IDS[:features]
    assert sparse.issparse(adata.X)
    assert (adata.X.format, adata.X.dtype) == ("csr", np.float32)
    np.testing.assert_array_equal(adata.X.toarray(), COUNTS[:features].T)


def test_h5_v3_leaves_antibodies_out(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="cytosig")
    adata = read(make_v3(tmp_path / "x.h5"))
    check(adata, 3)
    assert adata.var["genome"].tolist() == ["GRCh38"] * 3
    assert "left out 1 features that are not gene expression (Antibody Capture)" in caplog.text


def test_h5_v2(tmp_path):
    check(read(make_v2(tmp_path / "x.h5")), 4)


def test_h5_v2_of_two_genomes(tmp_path):
    with pytest.raises(DataError, match=r"2 genomes \(hg19, mm10\)"):
        read(make_v2(tmp_path / "x.h5", ("hg19", "mm10")))


def test_large_count_is_exact(tmp_path):
    counts = COUNTS.copy()
    counts[0, 1] = 2**24 + 1
    adata = read(make_v3(tmp_path / "x.h5", counts=counts))
    assert adata.X.dtype == np.float64
    assert adata.X[1, 0] == 2**24 + 1


def test_no_gene_expression(tmp_path):
    with pytest.raises(DataError, match="found: Antibody Capture"):
        read(make_v3(tmp_path / "x.h5", types=["Antibody Capture"] * 4))


@pytest.mark.parametrize("missing", ["indptr", "features/name", "features/id", "shape"])
def test_h5_without_a_part(tmp_path, missing):
    file = make_v3(tmp_path / "x.h5")
    with h5py.File(file, "a") as handle:
        del handle["matrix"][missing]
    with pytest.raises(FileError, match="damaged"):
        read(file)


def test_h5_with_too_few_names(tmp_path):
    file = make_v3(tmp_path / "x.h5")
    with h5py.File(file, "a") as handle:
        del handle["matrix/barcodes"]
        handle["matrix/barcodes"] = as_bytes(CELLS[:2])
    with pytest.raises(DataError, match="4 features × 3 barcodes"):
        read(file)


def test_h5_with_an_index_outside(tmp_path):
    file = make_v3(tmp_path / "x.h5")
    with h5py.File(file, "a") as handle:
        handle["matrix/indices"][0] = 99
    with pytest.raises(FileError, match="damaged"):
        read(file)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_h5_truncated(tmp_path, share):
    whole = make_v3(tmp_path / "x.h5").read_bytes()
    (tmp_path / "x.h5").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileError, match=r"cut short|damaged"):
        read(tmp_path / "x.h5")


@pytest.mark.parametrize("prefix", ["", "GSM1_"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("v3", [True, False])
def test_mtx(tmp_path, prefix, packed, v3):
    folder = make_mtx(tmp_path, prefix=prefix, packed=packed, v3=v3)
    check(read(folder), 3 if v3 else 4)
    check(read(folder / f"{prefix}matrix.mtx{'.gz' if packed else ''}"), 3 if v3 else 4)


def test_mtx_of_two_prefixes(tmp_path):
    make_mtx(tmp_path, prefix="a_")
    make_mtx(tmp_path, prefix="b_")
    with pytest.raises(FileError, match=r"several matrices \(a_matrix\.mtx\.gz, b_matrix"):
        read(tmp_path)
    check(read(tmp_path / "b_matrix.mtx.gz"), 3)


@pytest.mark.parametrize("missing", ["features.tsv", "barcodes.tsv"])
def test_mtx_without_a_part(tmp_path, missing):
    make_mtx(tmp_path, packed=False)
    (tmp_path / missing).unlink()
    with pytest.raises(FileError, match=f"no {missing}"):
        read(tmp_path)


def test_mtx_names_of_another_run(tmp_path):
    make_mtx(tmp_path, packed=False)
    (tmp_path / "barcodes.tsv").write_text("A\nB\n")
    with pytest.raises(DataError, match="same run"):
        read(tmp_path)


def test_mtx_repeated_barcode(tmp_path):
    make_mtx(tmp_path, packed=False)
    (tmp_path / "barcodes.tsv").write_text("A\nB\nA\n")
    with pytest.raises(DataError, match=r"'A' is given twice \(samples 1 and 3\)"):
        read(tmp_path)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cut", [1, 3, 20])
def test_mtx_truncated(tmp_path, packed, cut):
    make_mtx(tmp_path, packed=packed)
    file = tmp_path / ("matrix.mtx.gz" if packed else "matrix.mtx")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - (cut if packed else 4 * cut)])
    with pytest.raises(FileError, match=r"cut short|damaged"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"\n4 3 9\n", b"\n4 3 9x", "could not convert"),
        (b"\n4 3 9\n", b"\n4 3 ", "3 columns but 2"),
        (b"\n4 3 9\n", b"\n4 3 9\n4 2 1\n", "promises 6 entries and holds 7"),
        (b"\n2 1 1\n", b"\n2 1 1\x00", "columns|could not convert"),
        (b"\n2 1 1\n", b"\n0 1 1\n", "feature number lies outside 1 to 4"),
        (b"\n2 1 1\n", b"\n2 4 1\n", "barcode number lies outside 1 to 3"),
        (b"integer general", b"integer symmetric", "kind 'integer symmetric'"),
        (b"coordinate", b"array", "coordinate header"),
    ],
)
def test_mtx_damaged(tmp_path, old, new, message):
    """The first and the fourth of these end the process inside scipy.io.mmread."""
    make_mtx(tmp_path, packed=False)
    file = tmp_path / "matrix.mtx"
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    with pytest.raises(FileError, match=message):
        read(tmp_path)


def test_mtx_without_entries(tmp_path):
    make_mtx(tmp_path, packed=False, v3=False)
    (tmp_path / "matrix.mtx").write_text("%%MatrixMarket matrix coordinate real general\n4 3 0\n")
    assert read(tmp_path).X.nnz == 0


def test_mtx_without_names(tmp_path):
    scipy_io.mmwrite(tmp_path / "counts.mtx", sparse.coo_matrix(COUNTS))
    with pytest.raises(FileError, match="without gene names"):
        read(tmp_path / "counts.mtx")


@pytest.mark.parametrize("last", [0, 4])
def test_pointers_that_would_lose_values(tmp_path, last):
    """scipy takes the last pointer for the number of values and forgets the rest."""
    with h5py.File(make_v3(tmp_path / "x.h5"), "r+") as file:
        file["matrix/indptr"][-1] = last
    with pytest.raises(FileError, match="disagree"):
        read(tmp_path / "x.h5")


def test_features_of_another_number(tmp_path):
    with h5py.File(make_v3(tmp_path / "x.h5"), "r+") as file:
        del file["matrix/features/genome"]
        file["matrix/features/genome"] = as_bytes(["GRCh38"] * 3)
    with pytest.raises(DataError, match="4 features have a name and 3 a value of genome"):
        read(tmp_path / "x.h5")
