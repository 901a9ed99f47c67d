"""Text tables: both ways round, every dialect, and each way they can be wrong."""

from __future__ import annotations

import csv
import gzip
import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse

from cytosig._errors import DataError, FileError, UsageError
from cytosig.io import read

if TYPE_CHECKING:
    from pathlib import Path

GENES = ["STAT1", "IRF1", "CD74", "NA"]
SAMPLES = ["s 1", "s,2", "null"]
VALUES = [[1.5, 0.25, 3.0], [2.0, -7.5, 1e-3], [10.0, 1.0, 2.0], [5.0, 6.0, 16777216.0]]


def rows_of(transposed: bool = False) -> list[list[str]]:
    """Spell the table out as text, genes in rows unless transposed."""
    table = [["gene", *SAMPLES]]
    table += [[g, *map(repr, row)] for g, row in zip(GENES, VALUES, strict=True)]
    return [list(r) for r in zip(*table, strict=True)] if transposed else table


def dump(path: Path, rows: list[list[str]], **dialect: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, **dialect).writerows(rows)
    return path


def check(adata, values=VALUES) -> None:
    assert list(adata.obs_names) == SAMPLES
    assert list(adata.var_names) == GENES
    assert adata.X.dtype == np.float32
    np.testing.assert_array_equal(adata.X, np.array(values, dtype=np.float32).T)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_both_ways_round(tmp_path, transposed, delimiter, end):
    file = dump(tmp_path / "x.txt", rows_of(transposed), delimiter=delimiter, lineterminator=end)
    check(read(file))
    check(read(file, transpose=not transposed))


def test_gzip_by_content(tmp_path):
    plain = dump(tmp_path / "x.csv", rows_of())
    for name in ("y.csv.gz", "y.csv"):
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
        check(read(tmp_path / name))


def test_excel_csv(tmp_path):
    file = dump(tmp_path / "x.csv", rows_of(), delimiter=";")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes() + b";;;\r\n\r\n")
    check(read(file))


def test_excel_unicode_text(tmp_path):
    file = dump(tmp_path / "x.txt", rows_of(), delimiter="\t")
    file.write_bytes(file.read_text(encoding="utf-8").encode("utf-16"))
    check(read(file))


def test_excel_empty_columns_at_the_right(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="cytosig")
    check(read(dump(tmp_path / "x.csv", [[*row, "", ""] for row in rows_of()])))
    assert "ignored 2 empty columns" in caplog.text


def test_quoted_everything(tmp_path):
    file = tmp_path / "x.tsv"
    with file.open("w", newline="") as handle:
        csv.writer(handle, delimiter="\t", quoting=csv.QUOTE_ALL).writerows(rows_of())
    check(read(file))


@pytest.mark.parametrize("delimiter", ["\t", " "])
def test_r_header_one_field_short(tmp_path, delimiter):
    rows = rows_of()
    check(read(dump(tmp_path / "x.txt", [rows[0][1:], *rows[1:]], delimiter=delimiter)))


def test_one_sample(tmp_path):
    (tmp_path / "x.tsv").write_text("g\ts\nSTAT1\t1\nIRF1\t2\n")
    adata = read(tmp_path / "x.tsv")
    assert (adata.shape, adata.X.tolist()) == ((1, 2), [[1.0, 2.0]])


def test_wide_file_beyond_the_csv_field_limit(tmp_path):
    genes = [f"G{i:07d}" for i in range(20_000)]
    file = dump(tmp_path / "x.tsv", [["", *genes], ["s", *["1.5"] * 20_000]], delimiter="\t")
    adata = read(file)
    assert adata.shape == (1, 20_000)
    assert list(adata.var_names) == genes


def test_names_stay_verbatim(tmp_path):
    names = ["NA", "nan", " IL6 ", "1-Mar", "", "007", "STAT1", "IRF1"]
    adata = read(dump(tmp_path / "x.csv", [["", "a"], *[[n, "1"] for n in names]]))
    assert list(adata.var_names) == names


def test_repeated_genes_are_kept(tmp_path):
    adata = read(dump(tmp_path / "x.csv", [["", "a"], ["STAT1", "1"], ["STAT1", "2"]]))
    assert list(adata.var_names) == ["STAT1", "STAT1"]
    assert adata.X.tolist() == [[1.0, 2.0]]


def test_missing_cells_become_nan(tmp_path):
    cells = ["", "NA", "N/A", "NaN", "null", " ", "#N/A"]
    rows = [["", *"abcdefg"], ["STAT1", *cells], ["IRF1", *"1234567"]]
    adata = read(dump(tmp_path / "x.csv", rows))
    assert np.isnan(adata[:, "STAT1"].X).all()
    assert adata[:, "IRF1"].X.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("cell", "dtype"),
    [
        ("16777216", np.float32),
        ("16777217", np.float64),
        ("-16777217", np.float64),
        ("33554432", np.float32),
        ("20000000.3", np.float32),
        ("1e39", np.float64),
        ("inf", np.float32),
    ],
)
def test_number_type(tmp_path, cell, dtype):
    adata = read(dump(tmp_path / "x.csv", [["", "a"], ["STAT1", cell], ["IRF1", "1"]]))
    assert adata.X.dtype == dtype
    assert adata.X[0, 0] == dtype(cell)


@pytest.mark.parametrize(("zeros", "is_sparse"), [(6, False), (7, True)])
def test_sparse_above_sixty_percent_zeros(tmp_path, zeros, is_sparse):
    cells = ["0"] * zeros + ["1"] * (10 - zeros)
    rows = [["", "STAT1", "IRF1"], *[[f"s{i}", a, a] for i, a in enumerate(cells)]]
    adata = read(dump(tmp_path / "x.csv", rows))
    assert sparse.issparse(adata.X) == is_sparse
    dense = adata.X.toarray() if is_sparse else adata.X
    assert dense[:, 0].tolist() == [float(c) for c in cells]
    if is_sparse:
        assert adata.X.format == "csr"


def test_ensembl_ids_decide(tmp_path):
    ids = ["ENSG00000115415.18", "ENSMUSG00000026104"]
    adata = read(dump(tmp_path / "x.csv", [["", "a", "b", "c"], *[[i, *"123"] for i in ids]]))
    assert list(adata.var_names) == ids


def test_perturbed_genes_as_samples(tmp_path):
    """Columns named after cytokines do not outweigh a full row of genes."""
    genes = ["STAT1", "IRF1", "CD74", "B2M", "GAPDH", "Z1", "Z2"]
    adata = read(dump(tmp_path / "x.csv", [["", "TGFB1", "X"], *[[g, "1", "2"] for g in genes]]))
    assert list(adata.var_names) == genes


def test_larger_side_as_last_resort(tmp_path):
    rows = [["", "a", "b"], *[[f"x{i}", "1", "2"] for i in range(10)]]
    assert read(dump(tmp_path / "x.csv", rows)).shape == (2, 10)
    turned = [list(r) for r in zip(*rows, strict=True)]
    assert read(dump(tmp_path / "y.csv", turned)).shape == (2, 10)


def test_undecidable_orientation(tmp_path):
    rows = [["", "a", "b"], *[[f"x{i}", "1", "2"] for i in range(9)]]
    file = dump(tmp_path / "x.csv", rows)
    with pytest.raises(DataError, match="transpose=True"):
        read(file)
    assert read(file, transpose=True).shape == (2, 9)
    assert read(file, transpose=False).shape == (9, 2)


CASES = {
    "repeated sample": ("g,a,b,a\nSTAT1,1,2,3\nIRF1,1,2,3\n", r"sample name 'a' is given twice"),
    "text": ("g,a,b\nSTAT1,1,2\nIRF1,3,high\n", r"row 3 \('IRF1'\), column 'b': 'high' is not"),
    "excel error": ("g,a,b\nSTAT1,1,#DIV/0!\n", r"row 2 .*column 'b': '#DIV/0!'"),
    "underscore": ("g,a\nSTAT1,1_000\n", r"row 2 .*column 'a': '1_000' is not a number"),
    "decimal comma": ("g;a;b\nSTAT1;1,5;2\nIRF1;1;2\n", r"row 2 .*'a': '1,5' has a comma"),
    "thousands": ('g,a\nSTAT1,"1.234,5"\n', r"'1.234,5' has a comma inside"),
    "short row": ("g,a,b\nSTAT1,1,2\nIRF1,1\n", r"row 3: 2 fields where the rows above have 3"),
    "long row": ("g,a,b\nSTAT1,1,2\nIRF1,1,2,3\n", r"row 3: 4 fields"),
    "header only": ("g,a,b\n", "no rows below its header"),
    "no delimiter": ("hello\nworld\n", "no comma, semicolon, tab or space"),
    "no header": ("STAT1,5,3\nIRF1,1,2\n", "first line .* holds numbers, not column names"),
    "title above": ("My table\ng,a,b\nSTAT1,1,2\n", "header has 1 fields and the first row 3"),
    "trailing separator": ("g,a,b\nSTAT1,1,2,\nIRF1,3,4,\n", "Remove the separator"),
    "annotation": ("id,name,a\nX1,STAT1,1\n", r"column 'name': 'STAT1' is not a number"),
    "stray quote": ('g,a\nSTAT1,1\n"IRF1,2\n' + "X,1\n" * 40_000, "stray quote|fields"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_content(tmp_path, case):
    text, message = CASES[case]
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read(file)
    assert str(file) in str(caught.value)


def test_numeric_sample_names_are_fine(tmp_path, caplog):
    adata = read(dump(tmp_path / "x.csv", [["gene", "1", "2"], ["STAT1", "5", "6"]]))
    assert list(adata.obs_names) == ["1", "2"]
    assert "took 'gene' for the header" in caplog.text


@pytest.mark.parametrize("cut", [1, 3, 15, 40, -12, -1])
def test_truncated_gzip(tmp_path, cut):
    whole = gzip.compress(dump(tmp_path / "x.csv", rows_of() * 1).read_bytes())
    (tmp_path / "y.csv.gz").write_bytes(whole[:cut])
    with pytest.raises(DataError, match=r"y\.csv\.gz"):
        read(tmp_path / "y.csv.gz")


def test_damaged_gzip(tmp_path):
    whole = bytearray(gzip.compress(dump(tmp_path / "x.csv", rows_of()).read_bytes()))
    whole[30] ^= 0xFF
    (tmp_path / "y.csv.gz").write_bytes(whole)
    with pytest.raises(FileError, match=r"damaged gzip|cut short|not utf-8"):
        read(tmp_path / "y.csv.gz")


def test_not_utf8(tmp_path):
    (tmp_path / "x.csv").write_bytes("g,Müller\nSTAT1,1\n".encode("cp1252"))
    with pytest.raises(FileError, match="CSV UTF-8"):
        read(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"PK\x03\x04....", "Excel workbook"),
        (b"RDX3\nX\n", "R data file"),
        (b"\x00\x01\x02\x03" * 9, "binary file"),
    ],
)
def test_other_kinds_of_file(tmp_path, head, message):
    (tmp_path / "x.csv").write_bytes(head)
    with pytest.raises(FileError, match=message):
        read(tmp_path / "x.csv")


def test_transpose_is_for_tables(tmp_path, h5ad_file):
    with pytest.raises(UsageError, match="text tables only"):
        read(h5ad_file, transpose=True)


def test_a_column_of_gene_lengths_is_no_sample(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "feature_counts.tsv"
    rows = [f"{g}\t{1000 + i}\t{i}\t{2 * i}" for i, g in enumerate(["STAT1", "IRF1", "CD74"])]
    file.write_text("\n".join(["gene\tGene Length\ts1\ts2", *rows]) + "\n")
    with caplog.at_level("WARNING", logger="cytosig"):
        adata = read(file, transpose=True)
    assert list(adata.obs_names) == ["s1", "s2"]
    np.testing.assert_array_equal(np.asarray(adata.to_df()), [[0, 1, 2], [0, 2, 4]])
    assert "Gene Length taken for annotation" in caplog.text


def test_reads_that_belong_to_no_gene_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As HTSeq and STAR write them below and above the genes."""
    rows = [["gene", "s1", "s2"], ["N_unmapped", "900", "800"], ["STAT1", "1", "2"]]
    rows += [["IRF1", "3", "4"], ["__no_feature", "500", "600"], ["__not_aligned", "7", "8"]]
    file = dump(tmp_path / "htseq.tsv", rows, delimiter="\t")
    with caplog.at_level("INFO", logger="cytosig"):
        adata = read(file)
    assert list(adata.var_names) == ["STAT1", "IRF1"]
    np.testing.assert_array_equal(adata.X, [[1, 3], [2, 4]])
    assert "not genes left out: 3 (tallies of reads)" in caplog.text


@pytest.mark.parametrize("name", ["x.csv.gz", "matrix.mtx.gz"])
def test_a_line_without_end(tmp_path, name):
    """A hundred MB of zeros in a hundred kB; a reader of lines would take all of it for one."""
    start = b"gene,a,b\nSTAT1," if name == "x.csv.gz" else b"%%MatrixMarket matrix coordinate "
    (tmp_path / name).write_bytes(gzip.compress(start + b"1" * 100_000_000))
    for other in ("features.tsv", "barcodes.tsv"):
        (tmp_path / other).write_text("a\n")
    with pytest.raises(FileError, match="a line of more than 16,777,216 bytes"):
        read(tmp_path / name)
