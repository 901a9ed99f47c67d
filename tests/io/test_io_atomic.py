"""A file is written wholly or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cytosig._errors import FileError, UsageError
from cytosig.io import atomic_path, check_output, clear_leftovers


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_success_replaces_and_keeps_the_mode(tmp_path):
    target = tmp_path / "x.csv.gz"
    target.write_text("old")
    target.chmod(0o640)
    with atomic_path(target) as part:
        assert part.parent == tmp_path
        assert part.name.startswith(".x.csv.gz.")
        assert part.name.endswith(".tmp.csv.gz")
        part.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["x.csv.gz"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError])
def test_any_exception_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "x.tsv"
    target.write_bytes(b"old\x00bytes")
    with pytest.raises(error), atomic_path(target) as part:
        part.write_text("half")
        raise error("in the middle")
    assert target.read_bytes() == b"old\x00bytes"
    assert names(tmp_path) == ["x.tsv"]


def test_disk_full(tmp_path):
    target = tmp_path / "x.tsv"
    target.write_text("old")
    with pytest.raises(FileError, match="No space left"), atomic_path(target) as part:
        part.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert target.read_text() == "old"
    assert names(tmp_path) == ["x.tsv"]


def test_killed_while_writing(tmp_path):
    target = tmp_path / "x.tsv"
    target.write_text("old")
    code = (
        "import os, sys; from cytosig.io import atomic_path\n"
        "with atomic_path(sys.argv[1]) as part:\n"
        "    part.write_text('half'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == 9
    assert target.read_text() == "old"


@pytest.mark.parametrize("given", ["absent/x.tsv", "x.tsv/y.tsv"])
def test_no_folder(tmp_path, given):
    (tmp_path / "x.tsv").touch()
    with pytest.raises(FileError, match="there is no folder"), atomic_path(tmp_path / given):
        pytest.fail("must not get here")


def test_target_is_a_folder(tmp_path):
    with pytest.raises(FileError, match="is a folder"), atomic_path(tmp_path):
        pytest.fail("must not get here")


def test_target_is_a_device():
    with pytest.raises(FileError, match="device or a pipe"), atomic_path("/dev/null"):
        pytest.fail("must not get here")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(("locked", "message"), [("", "not writable"), ("x", "write-protected")])
def test_no_permission(tmp_path, monkeypatch, locked, message):
    (tmp_path / "x").touch()
    denied = tmp_path / locked
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != denied)
    with pytest.raises(FileError, match=message), atomic_path(tmp_path / "x"):
        pytest.fail("must not get here")


def test_nothing_written(tmp_path):
    with pytest.raises(FileError, match="made no file"), atomic_path(tmp_path / "x"):
        pass


def test_symbolic_link_is_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_path(tmp_path / "link") as part:
        part.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_long_name(tmp_path):
    target = tmp_path / ("n" * 250 + ".csv")
    with atomic_path(target) as part:
        part.write_text("x")
    assert names(tmp_path) == [target.name]


def test_output_is_an_input(tmp_path, monkeypatch):
    source = tmp_path / "in.h5ad"
    source.touch()
    (tmp_path / "soft.h5ad").symlink_to(source)
    (tmp_path / "hard.h5ad").hardlink_to(source)
    monkeypatch.chdir(tmp_path)
    for output in (source, "in.h5ad", "./in.h5ad", "soft.h5ad", "hard.h5ad"):
        with pytest.raises(UsageError, match="Give the output another name"):
            check_output(output, inputs=["other.csv", source])
    check_output("out.h5ad", inputs=[source])


def test_output_inside_an_input_folder(tmp_path):
    tenx, store = tmp_path / "tenx", tmp_path / "x.zarr"
    tenx.mkdir()
    store.mkdir()
    (store / "zarr.json").touch()
    check_output(tenx / "scores.tsv", inputs=[tenx])
    for output in (tenx / "a_matrix.mtx.gz", tenx / "barcodes.tsv", tenx):
        with pytest.raises(UsageError):
            check_output(output, inputs=[tenx])
    with pytest.raises(UsageError):
        check_output(store / "scores.tsv", inputs=[store])


ELSEWHERE = "00000000-1-01234567"


def _killed(target: Path) -> Path:
    """What a process leaves that is killed while it writes."""
    code = (
        "import os, sys; from cytosig.io import atomic_path\n"
        "with atomic_path(sys.argv[1]) as part:\n"
        "    part.write_text('half'); print(part, flush=True); os._exit(9)"
    )
    call = [sys.executable, "-c", code, str(target)]
    return Path(subprocess.run(call, check=False, capture_output=True, text=True).stdout.strip())


def test_the_next_to_write_removes_what_a_killed_process_left_and_nothing_else(tmp_path):
    target = tmp_path / "x.tsv"
    left = _killed(target)
    assert left.read_text() == "half"
    elsewhere = tmp_path / f".x.tsv.{ELSEWHERE}.tmp.tsv"
    elsewhere.write_text("another machine may be writing this")
    with atomic_path(target) as part, atomic_path(target) as other:  # this process is alive
        part.write_text("one")
        other.write_text("two")
    assert target.read_text() == "one"
    assert names(tmp_path) == [elsewhere.name, "x.tsv"]


def test_leftovers_of_killed_runs_are_cleared_and_nothing_else(tmp_path):
    target = tmp_path / "out.h5ad"
    mine = [tmp_path / f".out.h5ad.{ELSEWHERE}.tmp.{kind}" for kind in ("h5ad", "zarr")]
    mine[0].write_text("half")
    mine[1].mkdir()
    (mine[1] / "zarr.json").write_text("{}")
    others = [
        f".out2.h5ad.{ELSEWHERE}.tmp.h5ad", ".out.h5ad.run", ".out.h5ad.mine.tmp.h5ad", "x.tmp",
    ]  # fmt: skip
    for name in others:
        (tmp_path / name).write_text("keep")
    with atomic_path(target) as part:
        part.write_text("alive")
        clear_leftovers(target)
    assert names(tmp_path) == sorted([*others, "out.h5ad"])


def test_a_full_disk_is_told_of_whichever_file_the_system_names(tmp_path):
    source = tmp_path / "elsewhere" / "in.h5ad"
    target = tmp_path / "out" / "x.h5ad"
    target.parent.mkdir()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source), None, str(target))
    told = r"x\.h5ad could not be written: No space left"
    with pytest.raises(FileError, match=told), atomic_path(target):
        raise full
    assert names(target.parent) == []
