"""h5ad and tables as written, read back by other programs' readers."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
import time
from importlib import util

import anndata
import numpy as np
import pandas as pd
import pytest

from cytosig._errors import DataError, FileError, UsageError
from cytosig.io import read, write_h5ad, write_table


def cells_of(path, delimiter=","):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle, delimiter=delimiter))


@pytest.mark.parametrize("compression", ["gzip", "lzf", None])
def test_h5ad_round_trip_leaves_the_input_alone(tmp_path, adata, compression):
    adata.obs["note"] = pd.Series(["x", "x", "y", "y", "z", "z"], index=adata.obs_names)
    before = adata.copy()
    write_h5ad(adata, tmp_path / "x.h5ad", compression=compression)
    assert adata.obs.dtypes.tolist() == before.obs.dtypes.tolist()
    back = anndata.read_h5ad(tmp_path / "x.h5ad")
    np.testing.assert_array_equal(back.X.toarray(), before.X.toarray())
    assert back.obs.to_dict() == before.obs.to_dict()
    assert back.obsm["score"].to_dict() == before.obsm["score"].to_dict()
    assert back.uns["cytosig"]["axes"].tolist() == ["IFN-I/III", "SMAD2/3"]
    assert [p.name for p in tmp_path.iterdir()] == ["x.h5ad"]


def test_view_stays_a_view(tmp_path, adata):
    view = adata[:3]
    write_h5ad(view, tmp_path / "x.h5ad")
    assert view.is_view
    assert read(tmp_path / "x.h5ad").shape == (3, 4)


def test_backed_over_its_own_file(h5ad_file, adata):
    backed = anndata.read_h5ad(h5ad_file, backed="r")
    backed.obs["extra"] = np.arange(6.0)
    write_h5ad(backed, h5ad_file)
    backed.file.close()
    back = read(h5ad_file)
    assert back.obs["extra"].tolist() == list(range(6))
    np.testing.assert_array_equal(back.X.toarray(), adata.X.toarray())


@pytest.mark.parametrize("where", ["obsm", "layers", "uns"])
def test_slash_in_a_key(tmp_path, adata, where):
    value = {"uns": {"SMAD2/3": 1.0}, "obsm": np.ones((6, 2)), "layers": np.ones((6, 4))}[where]
    getattr(adata, where)["t" if where == "uns" else "SMAD2/3"] = value
    with pytest.raises(DataError, match=r"SMAD2/3.*without a slash"):
        write_h5ad(adata, tmp_path / "x.h5ad")
    assert not list(tmp_path.iterdir())


def test_unstorable_element_leaves_the_old_file(h5ad_file, adata):
    before = h5ad_file.read_bytes()
    adata.uns["bad"] = object()
    with pytest.raises(DataError, match="cannot be stored"):
        write_h5ad(adata, h5ad_file)
    assert h5ad_file.read_bytes() == before
    assert [p.name for p in h5ad_file.parent.iterdir()] == [h5ad_file.name]


def test_h5ad_wrong_calls(tmp_path, adata):
    with pytest.raises(UsageError, match=r"end in \.h5ad"):
        write_h5ad(adata, tmp_path / "x.csv")
    with pytest.raises(UsageError, match="'zip' is unknown"):
        write_h5ad(adata, tmp_path / "x.h5ad", compression="zip")
    with pytest.raises(FileError, match="no folder"):
        write_h5ad(adata, tmp_path / "absent" / "x.h5ad")


FULL = """
import resource, signal, sys, warnings
import anndata, numpy as np
from cytosig.io import write_h5ad, write_table
from cytosig._errors import FileError
import pandas as pd
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
values = np.random.default_rng(0).random((200, 200))
for write in (
    lambda: write_h5ad(anndata.AnnData(values), sys.argv[1] + "/x.h5ad"),
    lambda: write_table(pd.DataFrame(values), sys.argv[1] + "/x.tsv", index_label="i"),
):
    try:
        write()
    except FileError as exc:
        sys.stdout.write("FileError: " + str(exc) + "\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_disk_full_for_real(tmp_path):
    (tmp_path / "x.h5ad").write_text("old")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.count("FileError: ") == 2, run.stdout + run.stderr
    assert "too large" in run.stdout.lower()
    assert (tmp_path / "x.h5ad").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.h5ad"]


FRAME = pd.DataFrame(
    {"IFNG": [0.1 + 0.2, -1e-300, np.nan], "n": [-1, 2, 2**62], "label": ["a", "b,c", 'd"e']},
    index=["s1", "s2", "s3"],
)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz", "x.tsv.gz", "X.CSV"])
def test_table_round_trip(tmp_path, name):
    file = tmp_path / name
    write_table(FRAME, file, index_label="sample")
    separator = "\t" if "tsv" in name else ","
    raw = gzip.decompress(file.read_bytes()) if name.endswith("gz") else file.read_bytes()
    assert b"\r" not in raw
    rows = list(csv.reader(raw.decode("utf-8").splitlines(), delimiter=separator))
    assert rows[0] == ["sample", "IFNG", "n", "label"]
    assert [float(r[1]) for r in rows[1:3]] == [0.1 + 0.2, -1e-300]
    assert rows[3] == ["s3", "", str(2**62), 'd"e']
    assert rows[2] == ["s2", "-1e-300", "2", "b,c"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_come_back_exactly(tmp_path, dtype):
    bits = np.random.default_rng(1).integers(0, 256, 8000, dtype=np.uint8).tobytes()
    values = np.frombuffer(bits, dtype=dtype)
    values = values[np.isfinite(values)]
    write_table(pd.DataFrame({"v": values}), tmp_path / "x.csv", index_label="i")
    back = np.array([r[1] for r in cells_of(tmp_path / "x.csv")[1:]], dtype=dtype)
    np.testing.assert_array_equal(back, values)


def test_gzip_bytes_depend_on_content_only(tmp_path, monkeypatch):
    write_table(FRAME, tmp_path / "a.csv.gz", index_label="i")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_table(FRAME, tmp_path / "b.csv.gz", index_label="i")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


ACTIVE = ["=1+1", "+1", "-x", "@a", "\tb", "\rc"]


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_formulas_are_disarmed(tmp_path, kind):
    frame = pd.DataFrame(
        {"=h": pd.Series([*ACTIVE, "IL-6"], dtype=kind).to_numpy(), "v": np.arange(7) - 3.5},
        index=[*ACTIVE, "T=1"],
    )
    if kind != "object":
        frame["=h"] = frame["=h"].astype(kind)
    before = frame.copy(deep=True)
    write_table(frame, tmp_path / "x.csv", index_label="=i")
    rows = cells_of(tmp_path / "x.csv")
    safe = ["'" + text for text in ACTIVE]
    assert rows[0] == ["'=i", "'=h", "v"]
    assert [r[0] for r in rows[1:]] == [*safe, "T=1"]
    assert [r[1] for r in rows[1:]] == [*safe, "IL-6"]
    assert [float(r[2]) for r in rows[1:]] == [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    pd.testing.assert_frame_equal(frame, before)


def test_carriage_return_cannot_start_a_new_row(tmp_path):
    frame = pd.DataFrame({"a": ["x\r=1+1", "y"], "v": [0.1 + 0.2, np.nan]}, index=["p", "q\r=2"])
    write_table(frame, tmp_path / "x.csv", index_label="i")
    assert cells_of(tmp_path / "x.csv") == [
        ["i", "a", "v"],
        ["p", "x\r=1+1", "0.30000000000000004"],
        ["q\r=2", "y", ""],
    ]


def test_numbers_among_text_are_untouched(tmp_path):
    frame = pd.DataFrame({"a": [-1.5, "=x", None]}, index=[-1, -2, -3])
    write_table(frame, tmp_path / "x.csv", index_label="i")
    assert cells_of(tmp_path / "x.csv")[1:] == [["-1", "-1.5"], ["-2", "'=x"], ["-3", ""]]


def test_repeated_columns_and_no_rows(tmp_path):
    frame = pd.DataFrame([["=a", 1]], columns=["x", "x"], index=["r"])
    write_table(frame, tmp_path / "x.tsv", index_label="i")
    assert cells_of(tmp_path / "x.tsv", "\t") == [["i", "x", "x"], ["r", "'=a", "1"]]
    write_table(frame.iloc[:0], tmp_path / "y.tsv", index_label="i")
    assert cells_of(tmp_path / "y.tsv", "\t") == [["i", "x", "x"]]


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    write_table(FRAME, tmp_path / "x.parquet", index_label="sample")
    back = pd.read_parquet(tmp_path / "x.parquet")
    assert back.index.name == "sample"
    assert back["IFNG"].tolist()[:2] == FRAME["IFNG"].tolist()[:2]
    with pytest.raises(DataError, match=r"use \.tsv"):
        write_table(pd.DataFrame({"a": [1, "x"]}), tmp_path / "y.parquet", index_label="i")


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setattr("cytosig.io.write.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install pyarrow"):
        write_table(FRAME, tmp_path / "x.parquet", index_label="i")
    assert util.find_spec("pandas") is not None


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.txt", "x.gz"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(UsageError, match="no known table format"):
        write_table(FRAME, tmp_path / name, index_label="i")


def test_multi_level_labels(tmp_path):
    with pytest.raises(UsageError, match="multi-level"):
        write_table(FRAME.set_index("n", append=True), tmp_path / "x.csv", index_label="i")


def test_import_is_cheap():
    code = (
        "import sys, cytosig.io\n"
        "heavy = {'numpy', 'pandas', 'anndata', 'scanpy', 'h5py', 'scipy'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
