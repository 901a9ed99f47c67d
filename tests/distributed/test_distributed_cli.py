"""``cytosig score --scheduler``: the same files as without it, written by the same command."""

from __future__ import annotations

import json
import socket
import warnings
from typing import TYPE_CHECKING

import anndata as ad
import h5py
import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig.cli import _cluster, run
from cytosig.engine.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from distributed import Client

    Cli = Callable[..., None]


@pytest.fixture
def cli(client: Client) -> Cli:
    """Score on the cluster, in blocks of 9 rows."""

    def call(*words: object, scheduler: str = client.scheduler.address) -> None:
        how = ["--scheduler", scheduler, "--chunk-size", "9", "-q"]
        assert run(["score", *map(str, words), *how]) == 0

    return call


def _assert_equal(found: ad.AnnData, expected: ad.AnnData) -> None:
    slots = [slot for slot in expected.obsm if slot.startswith("cytosig")]
    assert len(slots) >= 6
    for slot in slots:
        assert found.obsm[slot].to_numpy().tobytes() == expected.obsm[slot].to_numpy().tobytes()


def _here(path: Path, **how: object) -> ad.AnnData:
    adata = ad.read_h5ad(path)
    cs.tl.score(adata, **how)
    return adata


def test_one_file(cli: Cli, files: list[Path], tmp_path: Path, capsys) -> None:
    cli(files[0], "-o", tmp_path / "out.h5ad", "--method", "hlm,ucell", "--batch", "donor")
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    _assert_equal(found, _here(files[0], method=["hlm", "ucell"], batch_key="donor"))
    assert (found.X != ad.read_h5ad(files[0]).X).nnz == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.h5ad"]
    out, err = capsys.readouterr()
    assert out.startswith("level\tname")
    assert err == ""


def test_each_of_two_files(cli: Cli, files: list[Path], tmp_path: Path, client: Client) -> None:
    known = tmp_path / "scheduler.json"
    known.write_text(json.dumps({"address": client.scheduler.address}))
    cli(*files, "-o", tmp_path / "out", "--scores-only", scheduler=str(known))
    for path in files:
        _assert_equal(ad.read_h5ad(tmp_path / "out" / path.name), _here(path))


def test_two_files_as_one(cli: Cli, files: list[Path], cells: ad.AnnData, tmp_path: Path) -> None:
    cli(*files, "--join", "-o", tmp_path / "out.h5ad")
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    _assert_equal(found, cs.tl.score(cells, copy=True))
    assert list(found.obs_names) == list(cells.obs_names)


def test_a_layer_of_a_zarr_store(cli: Cli, cells: ad.AnnData, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    stored = ad.AnnData(obs=cells.obs, var=cells.var, layers={"counts": cells.X.toarray()})
    with warnings.catch_warnings(action="ignore"):  # anndata's, on most of zarr's versions
        stored.write_zarr(tmp_path / "in.zarr")
    cli(tmp_path / "in.zarr", "-o", tmp_path / "out.zarr", "--layer", "counts")
    _assert_equal(ad.read_zarr(tmp_path / "out.zarr"), cs.tl.score(cells, copy=True))


def _refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    assert run(["score", *map(str, words)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    return " ".join(err.split())


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ("localhost:1", 2, "expected tcp://HOST:PORT"),
        ("absent.json", 1, "absent.json cannot be read"),
        ("empty.json", 1, "names no scheduler"),
    ],
)
def test_what_is_no_address(tmp_path, monkeypatch, capsys, given, code, text) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.json").write_text("{}")
    said = _refused(capsys, code, "in.h5ad", "-o", "out.h5ad", "--scheduler", given)
    assert text in said


def test_nobody_there(tmp_path, monkeypatch, capsys) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # not listening
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setattr(_cluster, "_PATIENCE", 1)
        out = tmp_path / "out.h5ad"
        said = _refused(capsys, 2, "in.h5ad", "-o", out, "--scheduler", address)
    assert f"--scheduler {address}: nobody answers within 1 s" in said


def test_not_installed(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(_cluster, "find_spec", lambda name: None)
    out = tmp_path / "out.h5ad"
    said = _refused(capsys, 2, "in.h5ad", "-o", out, "--scheduler", "tcp://127.0.0.1:1")
    assert 'pip install "cytosig-toolkit[distributed]"' in said


def test_another_version(client, files, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(_cluster, "_own_version", lambda: "0.0.1")
    where = ["--scheduler", client.scheduler.address]
    said = _refused(capsys, 2, files[0], "-o", tmp_path / "out.h5ad", *where)
    assert "Here cytosig-toolkit is 0.0.1, and the worker tcp://" in said
    assert "install the same version for all" in said


def test_what_workers_cannot_read(client, cells, files, tmp_path, capsys) -> None:
    where = ["--scheduler", client.scheduler.address, "-q"]
    table, by_columns, out = tmp_path / "t.csv", tmp_path / "csc.h5ad", tmp_path / "out.h5ad"
    table.write_text("gene,a,b\nSTAT1,1,2\nIRF1,4,5\nCD74,7,8\nACTB,1,1\n")
    said = _refused(capsys, 2, table, "-o", out, *where)
    assert "read .h5ad and .zarr stores of today's layout only" in said
    ad.AnnData(sp.csc_matrix(cells.X), obs=cells.obs, var=cells.var).write_h5ad(by_columns)
    said = _refused(capsys, 2, by_columns, "-o", out, *where)
    assert "csc.h5ad, X is stored by columns (CSC)" in said


def test_an_error_of_a_worker_is_told_as_one_of_ours(client, files, tmp_path, capsys) -> None:
    broken = tmp_path / "in.h5ad"
    broken.write_bytes(files[0].read_bytes())
    with h5py.File(broken, "r+") as file:
        file["X/indices"][-1] = 10**6
    where = ["--scheduler", client.scheduler.address, "--chunk-size", "9", "-q"]
    said = _refused(capsys, 1, broken, "-o", tmp_path / "out.h5ad", *where)
    assert "the file is damaged" in said
    assert "Traceback" not in said


def test_a_run_that_was_cut_off_goes_on(cli, files, tmp_path, monkeypatch) -> None:
    out, left, original, put = tmp_path / "out.h5ad", tmp_path / ".out.h5ad.run", Tables.put, []

    def cut_off(self: Tables, rows: slice, found: object) -> None:
        put.append(rows)
        if len(put) == 4:
            raise KeyboardInterrupt
        original(self, rows, found)

    monkeypatch.setattr(Tables, "put", cut_off)
    with pytest.raises(AssertionError, match="130"):
        cli(files[0], "-o", out)
    assert left.is_dir()
    put[:] = [None] * 10
    cli(files[0], "-o", out, "--resume")
    assert len(put) == 10 + 5  # eight blocks of nine rows, three of which are there
    _assert_equal(ad.read_h5ad(out), _here(files[0]))
    assert not left.exists()
