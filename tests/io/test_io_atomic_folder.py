"""A zarr folder is written wholly or not at all."""

from __future__ import annotations

import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cytosig
from cytosig._errors import FileError
from cytosig.io import atomic_folder
from cytosig.io._exchange import exchange

atomic_folder_module = importlib.import_module("cytosig.io.atomic_folder")  # hidden by its function


def _fill(part: Path, text: str) -> None:
    (part / "X" / "c").mkdir(parents=True)
    (part / "zarr.json").write_text(text)
    (part / "X" / "c" / "0").write_text(text)


def _held(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def older(tmp_path: Path) -> Path:
    _fill(tmp_path / "x.zarr", "old")
    (tmp_path / "x.zarr" / "more").write_text("old")
    return tmp_path / "x.zarr"


NEW = {"x.zarr/zarr.json": "new", "x.zarr/X/c/0": "new"}


def test_a_new_folder(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "x.zarr") as part:
        assert part.parent == tmp_path
        assert part.name.startswith(".x.zarr.")
        _fill(part, "new")
        assert not (tmp_path / "x.zarr").exists()
    assert _held(tmp_path) == NEW


def test_an_older_one_is_replaced_whole(older: Path, tmp_path: Path) -> None:
    with atomic_folder(older) as part:
        _fill(part, "new")
        assert _held(older)["more"] == "old"
    assert _held(tmp_path) == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["x.zarr"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError])
def test_any_exception_leaves_the_older_one(
    older: Path, tmp_path: Path, error: type[BaseException]
) -> None:
    before = _held(tmp_path)
    with pytest.raises(error), atomic_folder(older) as part:
        _fill(part, "half")
        raise error("in the middle")
    assert _held(tmp_path) == before


def test_disk_full(older: Path, tmp_path: Path) -> None:
    before = _held(tmp_path)
    with pytest.raises(FileError, match="No space left"), atomic_folder(older) as part:
        _fill(part, "half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert _held(tmp_path) == before


def test_the_older_one_comes_back_when_the_new_one_cannot_take_its_place(
    older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, original = _held(tmp_path), Path.rename
    monkeypatch.setattr(atomic_folder_module, "exchange", lambda *_: False)

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".tmp.zarr"):
            raise OSError(errno.EIO, "made up")
        return original(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(FileError, match="made up"), atomic_folder(older) as part:
        _fill(part, "new")
    assert _held(tmp_path) == before


def test_names_are_exchanged_in_one_step(older: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zarr"
    _fill(other, "new")
    if not exchange(other, older):
        pytest.skip("this file system cannot")
    assert _held(older) == {"zarr.json": "new", "X/c/0": "new"}
    assert _held(other)["more"] == "old"
    assert not exchange(tmp_path / "absent", older)


def _killed_between_two_steps(target: Path) -> None:
    """As on a system that cannot exchange names."""
    code = (
        "import os, sys, importlib; from pathlib import Path\n"
        "module = importlib.import_module('cytosig.io.atomic_folder')\n"
        "module.exchange = lambda *_: False\n"
        "original = Path.rename\n"
        "def rename(self, to):\n"
        "    os._exit(9) if '.tmp.' in self.name else original(self, to)\n"
        "Path.rename = rename\n"
        "with module.atomic_folder(sys.argv[1]) as part:\n"
        "    part.mkdir(); (part / 'zarr.json').write_text('new')\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == 9


def test_what_was_put_aside_comes_back(older: Path, tmp_path: Path) -> None:
    before = _held(older)
    _killed_between_two_steps(older)
    assert not older.exists()
    with pytest.raises(FileError, match=r"what it was is .*\.old\.zarr: rename that"):
        cytosig.read(older)
    with pytest.raises(RuntimeError), atomic_folder(older) as part:
        _fill(part, "half")
        raise RuntimeError("in the middle")
    assert _held(older) == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.zarr"]


def test_one_with_a_long_name_is_not_taken_for_another(older: Path, tmp_path: Path) -> None:
    """What surrounds their names does not fit, so both are known by shorter ones."""
    one, other = (tmp_path / f"{letter * 230}.zarr" for letter in "no")
    older.rename(one)
    before = _held(one)
    _killed_between_two_steps(one)
    with atomic_folder(other) as part:
        _fill(part, "new")
    with pytest.raises(RuntimeError), atomic_folder(one) as part:
        _fill(part, "half")
        raise RuntimeError("in the middle")
    assert _held(one) == before


def test_what_is_no_store_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "file.zarr").write_text("text")
    for name in ("mine.zarr", "file.zarr"):
        with (
            pytest.raises(FileError, match="is there already and no zarr store"),
            atomic_folder(tmp_path / name),
        ):
            pytest.fail("must not get here")


def test_no_folder_to_write_to(tmp_path: Path) -> None:
    with (
        pytest.raises(FileError, match="there is no folder"),
        atomic_folder(tmp_path / "absent" / "x.zarr"),
    ):
        pytest.fail("must not get here")


def test_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="made no folder"), atomic_folder(tmp_path / "x.zarr"):
        pass


def test_a_symbolic_link_is_followed(older: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.zarr"
    link.symlink_to(older)
    with atomic_folder(link) as part:
        _fill(part, "new")
    assert link.is_symlink()
    assert _held(older) == {"zarr.json": "new", "X/c/0": "new"}
