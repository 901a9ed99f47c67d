"""Texts of variable length in HDF5: each says how long it is, and memory is taken for that.

One damaged number there has the library ask for gigabytes before it finds that they are not there.
The numbers stand in the dataset itself, sixteen bytes a text: length, heap, place in the heap.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SIZE = 16  # bytes of an entry; its length comes first


def longest_text(dataset: Any, path: Path, /) -> int:
    """Bytes of the longest text that a dataset says it holds; 0 where that cannot be told."""
    import numpy as np

    longest = 0
    for entries in _entries(dataset, path):
        whole = entries[: len(entries) // _SIZE * _SIZE]
        lengths = np.frombuffer(whole, "<u4").reshape(-1, _SIZE // 4)[:, 0]
        longest = max(longest, int(lengths.max(initial=0)))
    return longest


def _entries(dataset: Any, path: Path) -> Iterator[bytes]:
    import h5py

    if h5py.h5i.get_file_id(dataset).get_create_plist().get_sizes() != (8, 8):
        return  # of addresses and lengths; other files are rare, and have other entries
    how, on_disk = dataset.get_create_plist(), path.stat().st_size
    if how.get_layout() == h5py.h5d.CONTIGUOUS:
        size, start = min(dataset.get_storage_size(), on_disk), dataset.get_offset()
        if size and start is not None:
            with path.open("rb") as file:
                file.seek(start)
                yield file.read(size)
    elif how.get_layout() == h5py.h5d.CHUNKED:
        with suppress(OSError, RuntimeError, ValueError):  # damaged: HDF5 says so when it reads
            for mask, chunks in _chunks(dataset, on_disk).items():
                yield _unpacked(dataset, how, mask, chunks)


def _chunks(dataset: Any, on_disk: int) -> dict[int, list[tuple[int, ...]]]:
    """Where chunks begin, by the filters that were left out when they were written.

    HDF5 leaves out shuffling where it cannot shuffle, which texts it cannot, and a compression
    that would have gained nothing.
    """
    found: dict[int, list[tuple[int, ...]]] = {}

    def note(chunk: Any) -> None:
        if chunk.size <= on_disk:
            found.setdefault(int(chunk.filter_mask), []).append(chunk.chunk_offset)

    dataset.chunk_iter(note)
    return found


def _unpacked(dataset: Any, how: Any, mask: int, chunks: list[tuple[int, ...]]) -> bytes:
    """The entries of chunks as plain bytes, whatever they are compressed with.

    HDF5 gives texts or nothing, so its chunks are put as they are into a dataset of plain bytes.
    """
    import h5py
    import numpy as np

    alike = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    alike.set_chunk(how.get_chunk())
    for k in range(how.get_nfilters()):
        code, flags, values, _ = how.get_filter(k)
        if not mask >> k & 1:
            alike.set_filter(code, flags, values)
    with h5py.File("entries", "w", driver="core", backing_store=False) as file:
        kind = h5py.h5t.py_create(np.dtype(f"V{_SIZE}"))
        plain = h5py.h5d.create(file.id, b"entries", kind, dataset.get_space(), alike)
        for place in chunks:
            plain.write_direct_chunk(place, dataset.read_direct_chunk(place)[1])
        return bytes(h5py.Dataset(plain)[...].tobytes())
