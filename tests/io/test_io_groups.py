"""Heaps of groups that are there are told from those that deleted groups left behind."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from cytosig._errors import FileError
from cytosig.io._groups import live_heaps
from cytosig.io._heaps import check_heaps

if TYPE_CHECKING:
    from pathlib import Path


def _file(path: Path, n_groups: int, head: int = 0, **how: object) -> Path:
    """So many groups in groups, names enough for trees of several leaves, attributes, arrays."""
    with h5py.File(path, "w", userblock_size=head, **how) as file:
        group = file
        for k in range(n_groups):
            group = (file if k % 3 == 0 else group).create_group(f"group number {k}")
            for j in range(12):
                group.attrs[f"about {j}"] = "words " * j
            group["values"] = np.arange(k)
    return path


def _live(path: Path, head: int = 0) -> set[int] | None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return live_heaps(held, head)


@pytest.mark.parametrize("n_groups", [0, 1, 40, 300])
@pytest.mark.parametrize("head", [0, 512])
def test_every_group_has_one(tmp_path: Path, n_groups: int, head: int) -> None:
    path = _file(tmp_path / "x.h5", n_groups, head)
    found = _live(path, head)
    assert found is not None
    assert len(found) == n_groups + 1, "and the root"
    content = path.read_bytes()
    assert {content[place : place + 4] for place in found} == {b"HEAP"}


def test_groups_of_another_kind_cannot_be_told(tmp_path: Path) -> None:
    assert _live(_file(tmp_path / "x.h5", 3, libver="latest")) is None


def _endless(path: Path, place: int) -> None:
    """A heap whose free entry names itself as the next."""
    content = bytearray(path.read_bytes())
    start = int.from_bytes(content[place + 24 : place + 32], "little")
    content[place + 16 : place + 24] = bytes(8)
    content[start : start + 8] = bytes(8)
    path.write_bytes(content)


def test_what_a_deleted_group_left_is_no_damage(tmp_path: Path) -> None:
    path = _file(tmp_path / "x.h5", 9)
    before = _live(path)
    with h5py.File(path, "r+") as file:
        del file["group number 3"]
    after = _live(path)
    assert before is not None
    assert after is not None
    content = path.read_bytes()
    left = [place for place in before - after if content[place : place + 4] == b"HEAP"]
    assert left, "the room of a deleted group is not blanked"
    _endless(path, left[0])
    check_heaps(path)
    with h5py.File(path) as file:
        assert "group number 4" not in file
        assert len(file["group number 6/group number 7"].attrs) == 12
    _endless(path, max(after))
    with pytest.raises(FileError, match=f"a heap of names at byte {max(after):,} has no end"):
        check_heaps(path)


@pytest.mark.parametrize("seed", range(6))
def test_files_that_were_changed_many_times_are_sound(tmp_path: Path, seed: int) -> None:
    rng, path = np.random.default_rng(seed), tmp_path / "x.h5"
    h5py.File(path, "w").close()
    for _ in range(12):
        with h5py.File(path, "r+") as file:
            name = f"g{rng.integers(4)}"
            if name in file:
                del file[name]
            else:
                words = ["x" * int(n) for n in rng.integers(0, 300, 20)]
                file.create_group(name)["words"] = words
                file[name].attrs["encoding-type"] = "dict"
        check_heaps(path)
