"""Folders of tables: all of one run, never over an input, and what a full disk makes of them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cytosig._errors import FileError, UsageError
from cytosig.cli import _table_file, run
from cytosig.cli._files import Outputs, alone_in
from cytosig.cli._table_file import check_frame_path, check_places, write_folder
from cytosig.engine.room import Folder

if TYPE_CHECKING:
    from pathlib import Path

NEW = {name: pd.DataFrame({"cytokine": ["IL6"], "p": [0.5]}) for name in ("links", "links_change")}
NOWHERE = {"out": None, "tables_as": None}


def _held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_tables_take_their_places_together(tmp_path, monkeypatch):
    for name in NEW:
        (tmp_path / f"{name}.tsv").write_text("older")
    before, put = _held(tmp_path), _table_file._put

    def full(table: pd.DataFrame, part: Path, path: Path) -> None:
        put(table, part, path)
        if path.name == "links_change.tsv":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))

    monkeypatch.setattr(_table_file, "_put", full)
    with pytest.raises(FileError, match=r"could not be written: No space left on device"):
        write_folder(NEW, tmp_path, "tsv")
    assert _held(tmp_path) == before
    monkeypatch.setattr(_table_file, "_put", put)
    write_folder(NEW, tmp_path, "tsv")
    assert set(_held(tmp_path)) == set(before)
    assert set(_held(tmp_path).values()) == {"cytokine\tp\nIL6\t0.5\n"}


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_one_run_writes_into_a_folder_at_a_time(tmp_path):
    text = (
        "import sys, pathlib; from cytosig.cli._files import alone_in\n"
        "with alone_in(pathlib.Path(sys.argv[1])): print('mine', flush=True); sys.stdin.read()"
    )
    call = [sys.executable, "-c", text, str(tmp_path)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(FileError, match="Another run is writing"):
            write_folder(NEW, tmp_path, "tsv")
        assert [path.name for path in tmp_path.iterdir()] == [".cytosig.run"]
        other.communicate()
    write_folder(NEW, tmp_path, "tsv")
    assert set(_held(tmp_path)) == {f"{name}.tsv" for name in NEW}


def test_what_a_run_that_was_cut_off_keeps_there_stays(tmp_path):
    room = Folder(tmp_path / ".cytosig.run")
    room.open({"data": 1})
    room.finished((0, 5), 7)
    room._release()
    with alone_in(tmp_path):
        pass
    assert Folder(tmp_path / ".cytosig.run").begun


@pytest.mark.parametrize(
    ("name", "refused"), [("balance.tsv", True), ("balance_axes.tsv", True), ("mine.tsv", False)]
)
def test_no_table_takes_the_place_of_an_input(tmp_path, name, refused):
    (tmp_path / "bulk.tsv").write_text("an input")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / name).symlink_to(tmp_path / "bulk.tsv")
    places = {**NOWHERE, "tables": tmp_path / "tables"}
    told = pytest.raises(UsageError, match="is the input") if refused else nullcontext()
    with told:
        check_places("balance", {}, places, inputs=[tmp_path / "bulk.tsv"])


@pytest.mark.parametrize(
    ("out", "further", "refused"),
    [
        ("a.tsv", "a.tsv", "Two outputs are the same file"),
        ("a.tsv", "./sub/../a.tsv", "Two outputs are the same file"),
        ("a.tsv", "tt/balance.tsv", "a table of --tables"),
        ("tt/balance_axes.tsv", None, "a table of --tables"),
        ("tt/mine.tsv", "tt/balance.npz", None),
        ("balance.tsv", "links.npz", None),
        ("tt", None, "for tables, a folder"),
        ("a.tsv", "tt", "for tables, a folder"),
    ],
)
def test_no_output_takes_the_place_of_another(tmp_path, out, further, refused):
    (tmp_path / "sub").mkdir()
    (tmp_path / "tt").mkdir()
    places = {**NOWHERE, "out": tmp_path / out, "tables": tmp_path / "tt"}
    more = () if further is None else (tmp_path / further,)
    told = pytest.raises(UsageError, match=refused) if refused else nullcontext()
    with told:
        check_places("balance", {}, places, inputs=[], further=more)


@pytest.mark.parametrize("name", [".h5ad", "..h5ad", ".tsv", ".TSV.gz", ".zarr", "...csv"])
def test_a_suffix_is_no_name(tmp_path, name, capsys):
    (tmp_path / "in.csv").write_text("an input")
    words = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / name)]
    assert run([*words, "--tsv", str(tmp_path / "tt")]) == 2
    assert "is a suffix without a name; write" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    for end in (".tsv", "..json"):
        with pytest.raises(UsageError, match="suffix without a name"):
            check_frame_path(tmp_path / end, inputs=[])


@pytest.mark.parametrize(
    ("out", "tables", "code"),
    [
        ("tt/x.h5ad", "tt/x.h5ad", 2),
        ("tt/x.zarr", "tt/x.zarr/more", 2),
        ("absent/x.h5ad", "tt/more", 1),
    ],
)
def test_no_folder_is_made_for_a_run_that_is_refused(tmp_path, out, tables, code, capsys):
    (tmp_path / "tt").mkdir()
    words = ["-o", str(tmp_path / out), "--tsv", str(tmp_path / tables)]
    assert run(["score", str(tmp_path / "in.csv"), *words]) == code
    assert "Rename one" in (said := capsys.readouterr().err) or "there is no folder" in said
    assert [path.name for path in tmp_path.rglob("*")] == ["tt"]


def test_a_file_is_no_folder_for_tables(tmp_path):
    (tmp_path / "tt").write_text("a file")
    with pytest.raises(FileError, match="is a file; give the name of a folder"):
        check_places("links", {}, {**NOWHERE, "tables": tmp_path / "tt"}, inputs=[])


@pytest.mark.parametrize("tables", ["new", "new/tables"])
def test_a_file_may_be_beside_the_tables(tmp_path, tables):
    Outputs(main=tmp_path / "new" / "x.h5ad", tables=tmp_path / tables).prepare()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (tmp_path / tables).is_dir()


def test_a_result_is_not_written_once_its_input_has_changed(tmp_path):
    """Nor are tables, of which nothing is copied."""

    def changed(cause: BaseException | None = None) -> None:
        raise UsageError("as if it had changed")

    outputs = Outputs(main=tmp_path / "out.h5ad", tables=tmp_path)
    with pytest.raises(UsageError, match="as if"):
        outputs.write(None, "cytosig", check=changed)
    assert not list(tmp_path.iterdir())
