"""HDF5 files that lead elsewhere, never end, or declare what they cannot hold."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from cytosig._errors import FileError
from cytosig.io import can_open, open_store, read
from cytosig.io._sound import check_hdf5

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData


def _external(file: h5py.File) -> None:
    file["uns/away"] = h5py.ExternalLink("secret.h5", "/")


def _root_elsewhere(file: h5py.File) -> None:
    del file["obs"]
    file["obs"] = h5py.ExternalLink("secret.h5", "/obs")


def _stored_elsewhere(file: h5py.File) -> None:
    file.create_dataset("uns/away", (4,), "u1", external=[("secret.bin", 0, 4)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("secret.h5", "x", shape=(4,))
    file.create_virtual_dataset("uns/away", layout)


def _circle(file: h5py.File) -> None:
    file["uns/cytosig/up"] = file["uns"]


def _soft_circle(file: h5py.File) -> None:
    file["uns/cytosig/up"] = h5py.SoftLink("/")


def _bomb(file: h5py.File) -> None:
    inner = file.create_group("uns/leaf")
    for level in range(40):
        outer = file.create_group(f"uns/level{level}")
        outer["a"], outer["b"] = inner, inner
        inner = outer


def _deep(file: h5py.File) -> None:
    node = file["uns"]
    for _ in range(500):
        node = node.create_group("a")


def _swollen(file: h5py.File) -> None:
    attrs = dict(file["obs/n"].attrs)
    del file["obs/n"]
    file.create_dataset("obs/n", (2**40,), "f8", chunks=(64,)).attrs.update(attrs)


def _crumbs(file: h5py.File) -> None:
    file.create_dataset("uns/crumbs", (2**25,), "?", chunks=(64,))


def _many_swollen(file: h5py.File) -> None:
    for k in range(40):
        file.create_dataset(f"uns/many{k}", (2**20,), "f8", chunks=(1024,))


def _shape(file: h5py.File) -> None:
    file["X"].attrs["shape"] = np.array([2**33, 4])


DAMAGE: list[tuple[Callable[[h5py.File], None], str]] = [
    (_external, r"/uns/away: a link to another file"),
    (_root_elsewhere, r"/obs: a link to another file"),
    (_stored_elsewhere, r"/uns/away: its values are in other files"),
    (_virtual, r"/uns/away: its values are in other files"),
    (_circle, r"/uns/cytosig/up: this group holds itself"),
    (_soft_circle, r"/uns/cytosig/up: this group holds itself"),
    (_bomb, "same groups again and again"),
    (_deep, "more than 64 deep"),
    (_swollen, r"/obs/n: the arrays up to here are to take 8\.8e\+12 bytes"),
    (
        _many_swollen,
        r"/uns/many\d+: the arrays up to here are to take .* bytes on disk cannot hold",
    ),
    (_crumbs, r"/uns/crumbs: 524,288 chunks, which the [\d,]+ bytes on disk cannot hold"),
    (_shape, r"/X: the shape of the sparse matrix is given as \[8589934592, 4\], but it has 6"),
]


@pytest.mark.parametrize(("damage", "text"), DAMAGE, ids=lambda d: getattr(d, "__name__", ""))
def test_refused_before_it_is_read(
    h5ad_file: Path, damage: Callable[[h5py.File], None], text: str
) -> None:
    with h5py.File(h5ad_file.with_name("secret.h5"), "w") as other:
        other["x"] = np.arange(4.0)
        other["obs/secret"] = np.arange(6.0)
    h5ad_file.with_name("secret.bin").write_bytes(b"1234")
    with h5py.File(h5ad_file, "r+") as file:
        damage(file)
    for call in (read, can_open):
        with pytest.raises(FileError, match=text) as told:
            call(h5ad_file)
        assert h5ad_file.name in str(told.value)


def test_a_chunk_larger_than_the_file_is_refused(h5ad_file: Path) -> None:
    """Its size on disk stands in the tree of chunks, and HDF5 takes memory for it first."""
    with h5py.File(h5ad_file, "r+") as file:
        values = file.create_dataset("uns/x", data=np.arange(64.0), chunks=(64,), compression=1)
        size = np.uint32(values.id.get_chunk_info(0).size).tobytes()
    content = h5ad_file.read_bytes()
    place = content.index(b"TREE\x01")
    while content[place + 24 : place + 28] != size:
        place = content.index(b"TREE\x01", place + 1)
    swollen = np.uint32(1_600_000_000).tobytes()
    h5ad_file.write_bytes(content[: place + 24] + swollen + content[place + 28 :])
    with pytest.raises(FileError, match=r"/uns/x: a chunk of 1,600,000,000 bytes"):
        read(h5ad_file)


def test_links_inside_the_file_are_followed(h5ad_file: Path) -> None:
    """As results are stored: the names of the observations a second time."""
    with h5py.File(h5ad_file, "r+") as file:
        file["obs/again"] = file["obs/n"]
        file["uns/soft"] = h5py.SoftLink("/obs/n")
    assert read(h5ad_file).uns["soft"].tolist() == list(range(6))
    with open_store(h5ad_file) as adata:
        assert adata.uns["soft"].tolist() == list(range(6))


def test_zeros_that_pack_well_are_no_bomb(h5ad_file: Path) -> None:
    """80 MB in 80 kB: gzip does that."""
    with h5py.File(h5ad_file, "r+") as file:
        file.create_dataset("uns/zeros", data=np.zeros(10**7), chunks=(10**6,), compression="gzip")
    assert h5ad_file.stat().st_size < 200_000
    assert read(h5ad_file).uns["zeros"].shape == (10**7,)


def test_a_refusal_ends_when_the_file_is_mended(h5ad_file: Path) -> None:
    whole = h5ad_file.read_bytes()
    with h5py.File(h5ad_file, "r+") as file:
        _external(file)
    with pytest.raises(FileError):
        read(h5ad_file)
    h5ad_file.write_bytes(whole)
    assert read(h5ad_file).n_obs == 6


@pytest.mark.parametrize("last", [0, 3])
def test_pointers_that_would_lose_values(h5ad_file: Path, last: int) -> None:
    """scipy takes the last pointer for the number of values and forgets the rest."""
    with h5py.File(h5ad_file, "r+") as file:
        file["X/indptr"][-1] = last
    with pytest.raises(FileError, match="row pointers, columns and values disagree"):
        read(h5ad_file)


def _global_heap(data: bytearray) -> None:
    place = data.index(b"GCOL")
    data[place + 16 : place + 32] = bytes(16)  # an entry without a length


def _global_heap_of_any_size(data: bytearray) -> None:
    """For this one HDF5 would take the memory first."""
    place = data.index(b"GCOL")
    data[place + 8 : place + 16] = (2**31).to_bytes(8, "little")


def _local_heap(data: bytearray) -> None:
    """A free entry that names itself as the next."""
    place = data.index(b"HEAP")
    start = int.from_bytes(data[place + 24 : place + 32], "little")
    data[place + 16 : place + 24] = bytes(8)
    data[start : start + 16] = (0).to_bytes(8, "little") + (16).to_bytes(8, "little")


def _local_heap_of_any_size(data: bytearray) -> None:
    _local_heap(data)
    place = data.index(b"HEAP")
    data[place + 8 : place + 16] = (2**62).to_bytes(8, "little")


@pytest.mark.parametrize(
    "damage",
    [_global_heap, _global_heap_of_any_size, _local_heap, _local_heap_of_any_size],
)
def test_heaps_without_end(h5ad_file: Path, damage: Callable[[bytearray], None]) -> None:
    """HDF5 2.0 itself would never come back from these, so it is asked in a process of its own."""
    data = bytearray(h5ad_file.read_bytes())
    damage(data)
    h5ad_file.write_bytes(data)
    code = "import sys, cytosig as cs; cs.read(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, h5ad_file], capture_output=True, timeout=60, check=False
    )
    assert b"FileError" in done.stderr
    assert b"a heap of names at byte" in done.stderr


@pytest.mark.parametrize("where", ["attribute", "dataset", "member"])
def test_values_of_a_length_of_their_own_are_texts_or_lists(tmp_path: Path, where: str) -> None:
    """HDF5 (2.0 too) ends the process on others, which one damaged byte makes of a text."""
    path, text = tmp_path / "x.h5", h5py.string_dtype()
    with h5py.File(path, "w") as file:
        node = file.create_group("uns")
        if where == "attribute":
            node.attrs["words"] = "of some length"
        else:
            kind = text if where == "dataset" else np.dtype([("n", "i4"), ("word", text)])
            node.create_dataset("words", (2,), kind)
    with h5py.File(path) as file:
        check_hdf5(file, path)
    content = path.read_bytes()
    as_stored = b"\x19\x01\x01\x00\x10\x00\x00\x00"  # of variable length, a text in UTF-8
    assert content.count(as_stored) == 1
    path.write_bytes(content.replace(as_stored, b"\x19\x0f" + as_stored[2:]))
    with (
        h5py.File(path) as file,
        pytest.raises(FileError, match=r"/uns.*words: values of variable length that are neither"),
    ):
        check_hdf5(file, path)


def test_lists_and_tables_of_texts_are_sound(tmp_path: Path) -> None:
    path, lists = tmp_path / "x.h5", h5py.vlen_dtype("i4")
    with h5py.File(path, "w") as file:
        file.create_dataset("lists", (3,), lists)
        file.create_dataset("table", (3,), [("word", h5py.string_dtype()), ("list", lists)])
        file.create_dataset("grid", (3,), np.dtype((h5py.string_dtype("ascii"), (2,))))
        node = file.create_group("node")
        node.attrs.create("table", np.zeros(2, "i4,f8"))
    with h5py.File(path) as file:
        check_hdf5(file, path)


@pytest.mark.parametrize("slot", ["_index", "column-order"])
@pytest.mark.parametrize("column", ["reference", ".", "/obs", "./."])
def test_no_table_is_a_column_of_itself(
    adata: AnnData, tmp_path: Path, slot: str, column: str
) -> None:
    """Read for ever, until h5py is left in a state in which no other thread can use it."""
    path = tmp_path / "x.h5ad"
    adata.write_h5ad(path)
    with h5py.File(path, "r+") as file:
        named = file["obs"].ref if column == "reference" else column
        file["obs"].attrs[slot] = named if slot == "_index" else [named]
    for reader in (read, lambda path: open_store(path).__enter__()):
        with pytest.raises(FileError, match=r"/obs: a table that says .* is a column of it"):
            reader(path)


def test_columns_may_be_called_as_paths_are(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        table = file.create_group("obs")
        table["a/b"], table["v1.2"] = [1], [2]
        table.attrs["_index"], table.attrs["column-order"] = "v1.2", ["a/b", "v1.2"]
        table.create_group("none").attrs.create("column-order", np.array([], "f8"))
    with h5py.File(path) as file:
        check_hdf5(file, path)
