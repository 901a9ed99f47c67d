"""Files of numpy arrays: read to the last byte, or refused."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cytosig._errors import FileError
from cytosig.io import read_arrays


class Opens:
    """What an object array could do to its reader."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(Path("let_in").absolute()), "w")


def _npy(shape: object, descr: object, body: bytes) -> bytes:
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (64 - (len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


def _archive(path: Path, packing: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = {
        "plain": np.arange(6.0).reshape(2, 3), "turned": np.asfortranarray(np.eye(3, 2)),
        "words": np.array(["IL6", "é"]), "none": np.zeros((0, 4)), "one": np.array("x"),
        "no words": np.array([], dtype=str),
    }  # fmt: skip
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", **arrays)
        found = read_arrays(tmp_path / "x.npz")
        assert list(found) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
            assert found[name].flags.f_contiguous == array.flags.f_contiguous


@pytest.mark.parametrize(
    ("shape", "descr"),
    [((2**40,), "<f8"), ((2**62, 2**62), "<f8"), ((-3,), "<f8"), ((2,), "<f8"), ((3,), "<U9999999"),
     ("x", "<f8"), ((3,), "nonsense")],
)  # fmt: skip
def test_a_header_must_fit_its_bytes(tmp_path: Path, shape: object, descr: object) -> None:
    path = _archive(tmp_path / "x.npz", a=_npy(shape, descr, bytes(24)))
    with pytest.raises(FileError, match=r"x\.npz cannot be read"):
        read_arrays(path)


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = _archive(tmp_path / "x.npz", a=_npy((1,), "|O", pickle.dumps(Opens())))
    with pytest.raises(FileError, match="declares"):
        read_arrays(path)
    assert not (tmp_path / "let_in").exists()


def test_a_header_that_would_hide_damage(tmp_path: Path) -> None:
    """numpy stops at the end it is told of, and so never compares the checksum."""
    np.savez(tmp_path / "x.npz", a=np.arange(100_000.0))
    data = (tmp_path / "x.npz").read_bytes()
    data = data.replace(b"(100000,)", b"(10,)    ")
    assert np.load(io.BytesIO(data))["a"].shape == (10,)
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(FileError, match="Bad CRC"):
        read_arrays(tmp_path / "x.npz")


@pytest.mark.parametrize("codes", [[0x110000], [0xD800], [2**32 - 1]])
def test_characters_that_there_are_not(tmp_path: Path, codes: list[int]) -> None:
    body = np.array(codes, np.uint32).tobytes()
    path = _archive(tmp_path / "x.npz", a=_npy((1,), "<U1", body))
    with pytest.raises(FileError, match="characters that there are not"):
        read_arrays(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"text\n"])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(FileError, match=r"x\.npz cannot be read"):
        read_arrays(tmp_path / "x.npz")
    with pytest.raises(FileError, match="No such file"):
        read_arrays(tmp_path / "y.npz")


def test_a_name_twice_and_another_packing(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.arange(3))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", stream.getvalue())
        archive.writestr("a", stream.getvalue())
    with pytest.raises(FileError, match="twice"):
        read_arrays(tmp_path / "x.npz")
    path = _archive(tmp_path / "y.npz", zipfile.ZIP_BZIP2, a=stream.getvalue())
    with pytest.raises(FileError, match="numpy does not use"):
        read_arrays(path)
