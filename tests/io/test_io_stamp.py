"""A file that another program changes is told from one that nobody does."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig.io import open_store, stamp, unchanged, write_scored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import anndata as ad

CHANGED = "was changed, replaced or removed while it was read"
EARLY = (10**18, 10**18)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of a day long gone in a folder in a folder."""
    (tmp_path / "store" / "X").mkdir(parents=True)
    for name in ("a", "b"):
        path = tmp_path / "store" / "X" / name
        path.write_bytes(name.encode() * 10)
        os.utime(path, ns=EARLY)
    return tmp_path / "store"


def _swap(folder: Path) -> None:
    """The same names, sizes and newest time, and yet other files."""
    (folder / "X" / "a").write_bytes(b"z" * 10)
    os.utime(folder / "X" / "a", ns=(EARLY[0] - 1, EARLY[1] - 1))


CHANGES: dict[str, Callable[[Path], object]] = {
    "an older file instead": _swap,
    "another name": lambda folder: (folder / "X" / "a").rename(folder / "X" / "c"),
    "removed": lambda folder: (folder / "X" / "a").unlink(),
    "one more": lambda folder: (folder / "X" / "c").write_bytes(b""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_other_file_in_a_folder_is_seen(folder: Path, change: Callable[[Path], object]) -> None:
    before = stamp(folder)
    assert before == stamp(folder)
    assert before[0] == 20
    change(folder)
    assert stamp(folder) != before


def test_a_copy_with_its_times_has_the_same_stamp(folder: Path, tmp_path: Path) -> None:
    assert stamp(shutil.copytree(folder, tmp_path / "copy")) == stamp(folder)


def test_a_file_put_in_its_place_is_seen_even_if_of_the_same_time(tmp_path: Path) -> None:
    path, new = tmp_path / "x", tmp_path / "y"
    for file in (path, new):
        file.write_text("same size")
        os.utime(file, ns=EARLY)
    with pytest.raises(DataError, match=CHANGED), unchanged(path):
        new.replace(path)
    with unchanged(path):
        path.read_text()


def test_a_change_is_told_instead_of_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("text")
    with pytest.raises(DataError, match=CHANGED) as caught, unchanged(path):
        path.unlink()
        path.read_text()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    with pytest.raises(ZeroDivisionError), unchanged(path):
        1 / 0  # noqa: B018


def test_rows_of_a_store_that_changes_are_refused(h5ad_file: Path) -> None:
    with pytest.raises(DataError, match=CHANGED), open_store(h5ad_file) as found:
        os.truncate(h5ad_file, h5ad_file.stat().st_size - 1)
        found.obs_names.tolist()


def test_a_table_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bulk.csv"
    path.write_text("gene,s1,s2\nSTAT1,5,0.5\nIRF1,3,1\nCD74,8,2\n")
    read = cs.io._tables.read_table

    def slowly(file: Path, **how: object) -> ad.AnnData:
        with path.open("a") as more:
            more.write("B2M,1,1\n")
        return read(file, **how)

    monkeypatch.setattr(cs.io._tables, "read_table", slowly)
    with pytest.raises(DataError, match=CHANGED):
        cs.read(path)


def test_a_10x_folder_may_get_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "matrix.mtx": "%%MatrixMarket matrix coordinate integer general\n2 1 1\n1 1 3\n",
        "barcodes.tsv": "c1\n",
        "features.tsv": "E1\tSTAT1\tGene Expression\nE2\tIRF1\tGene Expression\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    reader = cs.io._tenx_mtx.read_tenx_mtx
    written = ["results.tsv"]

    def slowly(path: Path) -> ad.AnnData:
        (tmp_path / written[0]).write_text("c1\nc2\n")
        return reader(path)

    monkeypatch.setitem(cs.io.read.__globals__["_READERS"], "10x mtx", slowly)
    assert cs.read(tmp_path).shape == (1, 2)
    written[0] = "barcodes.tsv"
    with pytest.raises(DataError, match=rf"barcodes\.tsv {CHANGED}"):
        cs.read(tmp_path)


def test_a_sample_beside_it_in_the_folder_may_still_arrive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "matrix.mtx": "%%MatrixMarket matrix coordinate integer general\n2 1 1\n1 1 3\n",
        "barcodes.tsv": "c1\n", "features.tsv": "E1\tSTAT1\nE2\tIRF1\n",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"GSM1_{name}").write_text(text)
    reader = cs.io._tenx_mtx.read_tenx_mtx

    def slowly(path: Path) -> ad.AnnData:
        (tmp_path / "GSM2_matrix.mtx").write_text(texts["matrix.mtx"])
        return reader(path)

    monkeypatch.setitem(cs.io.read.__globals__["_READERS"], "10x mtx", slowly)
    assert cs.read(tmp_path / "GSM1_matrix.mtx").shape == (1, 2)


def test_scores_are_never_put_beside_other_expression(
    h5ad_file: Path, adata: ad.AnnData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced after it was scored, and while its copy is made."""
    target, other = tmp_path / "out.h5ad", tmp_path / "other.h5ad"
    adata.X = adata.X * 2
    adata.write_h5ad(other)
    with open_store(h5ad_file) as found:
        found.obsm["k_score"] = pd.DataFrame({"IFNG": np.zeros(6)}, index=found.obs_names)
        found.uns["k"] = {"method": "mlm"}
    copy = shutil.copyfile

    def replaced(source: Path, part: Path) -> None:
        other.replace(source)
        copy(source, part)

    monkeypatch.setattr(shutil, "copyfile", replaced)
    with pytest.raises(DataError, match=CHANGED):
        write_scored(found, h5ad_file, target, key="k")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.h5ad"]
