"""One-dimensional HDF5 arrays written as they come, their chunks compressed in threads."""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    import h5py
    from numpy.typing import NDArray

LEVEL = 4
"""h5py's, and so anndata's, level for gzip."""
_PENDING = 16


def packing(name: str, /) -> dict[str, object]:
    """What h5py and anndata are told for this compression."""
    if name == "none":
        return {}
    if name != "zstd":
        return {"compression": name}
    try:
        import hdf5plugin
    except ImportError:
        raise SystemExit("--compression zstd needs hdf5plugin: pip install hdf5plugin") from None
    return {"compression": hdf5plugin.Zstd()}


class Column:
    """An array of a sparse matrix that grows.

    Chunks are those h5py chooses for ``expected`` elements. Gzip is made here, in the threads of
    ``pool``, and stored as it is; every other compression is left to h5py.
    """

    def __init__(
        self,
        group: h5py.Group,
        name: str,
        dtype: type,
        expected: int,
        compression: str,
        pool: Executor,
    ) -> None:
        options = {"maxshape": (None,), "chunks": True, **packing(compression)}
        self._held = group.create_dataset(name, (expected,), dtype, **options)
        self._chunk: int = self._held.chunks[0]
        self._threads = pool if compression == "gzip" else None
        self._rest = np.empty(0, dtype=dtype)
        self._pending: deque[tuple[int, Future[bytes]]] = deque()
        self._start = 0

    def add(self, values: NDArray[np.generic], /) -> None:
        """Append; whole chunks are written, the rest waits."""
        values = np.concatenate([self._rest, values])
        whole = len(values) - len(values) % self._chunk
        for first in range(0, whole, self._chunk):
            self._put(values[first : first + self._chunk])
        self._rest = values[whole:].copy()

    def close(self) -> int:
        """Write what is left; the array's length."""
        size = self._start + len(self._rest)
        if len(self._rest):
            padded = np.zeros(self._chunk, dtype=self._rest.dtype)
            padded[: len(self._rest)] = self._rest
            self._put(padded)
        while self._pending:
            self._store()
        self._held.resize((size,))
        return size

    def _put(self, chunk: NDArray[np.generic], /) -> None:
        stop = self._start + self._chunk
        if stop > len(self._held):
            self._held.resize((stop,))
        if self._threads is None:
            self._held[self._start : stop] = chunk
        else:
            made = self._threads.submit(zlib.compress, chunk.tobytes(), LEVEL)
            self._pending.append((self._start, made))
            if len(self._pending) > _PENDING:
                self._store()
        self._start = stop

    def _store(self) -> None:
        start, made = self._pending.popleft()
        self._held.id.write_direct_chunk((start,), made.result())
