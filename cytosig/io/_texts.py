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
            yield _unpacked(dataset, how, on_disk)


def _unpacked(dataset: Any, how: Any, on_disk: int) -> bytes:
    """The entries of every chunk as plain bytes, whatever they are compressed with.

    HDF5 gives texts or nothing, so its chunks are put as they are into a dataset of plain bytes.
    """
    import h5py
    import numpy as np

    alike = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    alike.set_chunk(how.get_chunk())
    for k in range(how.get_nfilters()):
        code, flags, values, _ = how.get_filter(k)
        alike.set_filter(code, flags, values)
    with h5py.File("entries", "w", driver="core", backing_store=False) as file:
        kind = h5py.h5t.py_create(np.dtype(f"V{_SIZE}"))
        plain = h5py.h5d.create(file.id, b"entries", kind, dataset.get_space(), alike)
        for k in range(dataset.get_num_chunks()):
            chunk = dataset.get_chunk_info(k)
            if chunk.size <= on_disk:
                mask, packed = dataset.read_direct_chunk(chunk.chunk_offset)
                plain.write_direct_chunk(chunk.chunk_offset, packed, mask)
        return bytes(h5py.Dataset(plain)[...].tobytes())
