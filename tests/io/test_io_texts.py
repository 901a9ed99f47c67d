"""A text that says it is longer than its file is refused before memory is taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from cytosig._errors import FileError
from cytosig.io._sound import check_hdf5
from cytosig.io._texts import longest_text

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["IL6", "", "an IFN-γ of some length", "TNF"]
LONGEST = len("an IFN-γ of some length".encode())
LAYOUTS = {
    "contiguous": {}, "chunks": {"chunks": (3,)}, "gzip": {"chunks": (3,), "compression": "gzip"},
    "shuffled": {"chunks": (3,), "compression": "gzip", "shuffle": True},
    "lzf": {"chunks": (4,), "compression": "lzf"},
}  # fmt: skip


def _file(path: Path, layout: str, head: int = 0) -> Path:
    with h5py.File(path, "w", userblock_size=head) as file:
        file.create_dataset("words", data=WORDS, dtype=h5py.string_dtype(), **LAYOUTS[layout])
    return path


@pytest.mark.parametrize("head", [0, 512])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_longest_is_found(tmp_path: Path, layout: str, head: int) -> None:
    path = _file(tmp_path / "x.h5", layout, head)
    with h5py.File(path) as file:
        assert longest_text(file["words"].id, path) == LONGEST
        check_hdf5(file, path)


@pytest.mark.parametrize("chunk", [1, 3, 300])
@pytest.mark.parametrize("packed", ["gzip", "lzf"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_whatever_filters_hdf5_left_out(
    tmp_path: Path, packed: str, chunk: int, shuffle: bool
) -> None:
    """Texts cannot be shuffled, and a chunk of one is not compressed, which is noted in it."""
    words = ["G" * (k * 37 % 101) for k in range(300)]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset(
            "words", data=words, dtype=h5py.string_dtype(), chunks=(chunk,), compression=packed,
            shuffle=shuffle,
        )  # fmt: skip
    with h5py.File(tmp_path / "x.h5") as file:
        assert longest_text(file["words"].id, tmp_path / "x.h5") == max(map(len, words))
        check_hdf5(file, tmp_path / "x.h5")


@pytest.mark.parametrize("layout", ["contiguous", "chunks"])
def test_one_longer_than_the_file_is_refused(tmp_path: Path, layout: str) -> None:
    path = _file(tmp_path / "x.h5", layout)
    entry = np.uint32(LONGEST).tobytes()
    content = path.read_bytes()
    place = next(
        k for k in range(0, len(content) - 16, 4)
        if content[k : k + 4] == entry and content[k + 12 : k + 16] != b"\0" * 4
        and int.from_bytes(content[k + 4 : k + 12], "little") in _heaps(content)
    )  # fmt: skip
    path.write_bytes(content[:place] + np.uint32(1_500_000_000).tobytes() + content[place + 4 :])
    with (
        h5py.File(path) as file,
        pytest.raises(FileError, match=r"/words: a text of 1,500,000,000 bytes"),
    ):
        check_hdf5(file, path)


def _heaps(content: bytes) -> list[int]:
    return [k for k in range(0, len(content), 8) if content[k : k + 4] == b"GCOL"]
