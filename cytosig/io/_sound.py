"""What an HDF5 file declares, looked at before anything in it is read.

A link may lead to another file, a group may hold itself, and a few bytes may declare an array
larger than any memory: none of that is for a reader to find out.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Never

from cytosig._errors import FileError
from cytosig.io._texts import longest_text

if TYPE_CHECKING:
    from pathlib import Path

    import h5py  # type: ignore[import-untyped,unused-ignore]

ALWAYS = 64 * 2**20
"""Bytes of arrays that any store may declare."""
MOST_TIMES = 2000
"""Bytes declared for each byte on disk; gzip packs 1,032 into one at most."""
DEEPEST = 64
"""Groups in groups."""
TEXT_BYTES = 64
"""Memory of a short text of a length of its own."""
SOME_CHUNKS, BYTES_A_CHUNK = 10_000, 16
"""Chunks that any dataset may declare, and bytes on disk for each further one: its place."""
_VARIANT = 3
"""Byte of an encoded type of variable length that says of what: 0 a list, 1 a text."""
_OFTEN = 1000  # times that groups may be reached by another name


def check_hdf5(file: h5py.File, path: Path, /) -> None:
    """Refuse a file whose links leave it or go in a circle, or that declares what it cannot hold.

    Raises
    ------
    FileError
        Naming the object, and what to do.
    """
    _Walk(path).group(file.id, "", ())


def refuse(path: Path, name: str, why: str, /) -> Never:
    """Raise FileError on an object of a store."""
    shown = name.encode("utf-8", "backslashreplace").decode()[:200]
    raise FileError(f"{path}, {shown or '/'}: {why}")


def check_declared(n_bytes: int, on_disk: int, path: Path, name: str, /) -> None:
    """Refuse arrays that add up to more than the bytes on disk can hold."""
    if n_bytes > max(ALWAYS, MOST_TIMES * on_disk):
        refuse(
            path, name,
            f"the arrays up to here are to take {n_bytes:.3g} bytes, which the {on_disk:,} bytes on"
            " disk cannot hold; the file is damaged. Copy or write it again.",
        )  # fmt: skip


def check_lines(shape: Any, layout: object, n_pointers: int, path: Path, name: str, /) -> None:
    """Refuse a sparse matrix whose shape is not that of its row (or column) pointers."""
    sizes = [int(n) for n in shape]
    lines = sizes[1 if str(layout).startswith("csc") else 0] if len(sizes) == 2 else -1
    if min(sizes, default=-1) < 0 or lines != n_pointers - 1:
        refuse(
            path, name,
            f"the shape of the sparse matrix is given as {sizes}, but it has {n_pointers - 1} rows"
            " or columns stored; the file is damaged. Copy or write it again.",
        )  # fmt: skip


class _Walk:
    """Every way from the root to every object."""

    def __init__(self, path: Path, /) -> None:
        self._path, self._on_disk = path, path.stat().st_size
        self._declared = self._visits = 0
        self._seen: set[int] = set()

    def group(self, node: Any, name: str, above: tuple[int, ...], /) -> None:
        """A group and all that is in it."""
        import h5py

        here = int(h5py.h5o.get_info(node).addr)
        if here in above:
            self._refuse(name, "this group holds itself, by a link. Remove the link.")
        if len(above) >= DEEPEST:
            self._refuse(name, f"groups in groups, more than {DEEPEST} deep. Flatten them.")
        self._visits += 1
        if here not in self._seen:
            self._attributes(node, name)
        self._seen.add(here)
        if self._visits > 2 * len(self._seen) + _OFTEN:
            self._refuse(name, "links lead to the same groups again and again. Remove them.")
        for key in node:
            self._member(node, key, f"{name}/{key.decode('utf-8', 'replace')}", (*above, here))
        self._sparse(h5py.Group(node), name)
        self._frame(h5py.Group(node), name)

    def _member(self, node: Any, key: bytes, name: str, above: tuple[int, ...]) -> None:
        import h5py

        if node.links.get_info(key).type not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            self._refuse(
                name, "a link to another file, which is not followed. Copy what it leads to into"
                " this file (h5copy, or read and write it with h5py).",
            )  # fmt: skip
        child = h5py.h5o.open(node, key)
        if isinstance(child, h5py.h5g.GroupID):
            self.group(child, name, above)
        elif isinstance(child, h5py.h5d.DatasetID):
            self._dataset(child, name)

    def _dataset(self, dataset: Any, name: str) -> None:
        import h5py

        self._attributes(dataset, name)
        how = dataset.get_create_plist()
        if how.get_layout() == h5py.h5d.VIRTUAL or how.get_external_count():
            self._refuse(
                name, "its values are in other files or datasets (external or virtual storage),"
                " which are not opened. Copy them into this file (h5repack).",
            )  # fmt: skip
        kind = dataset.get_type()
        self._kind(kind, name)
        size = TEXT_BYTES if _is_variable(kind) else kind.get_size()
        self._declared += math.prod(dataset.shape or ()) * size
        check_declared(self._declared, self._on_disk, self._path, name)
        if how.get_layout() == h5py.h5d.CHUNKED:
            self._chunks(dataset, how.get_chunk(), name)
        if _is_variable(kind):
            self._texts(dataset, name)

    def _attributes(self, node: Any, name: str) -> None:
        import h5py

        for k in range(h5py.h5a.get_num_attrs(node)):
            attribute = h5py.h5a.open(node, index=k)
            self._kind(attribute.get_type(), f"{name}@{attribute.name.decode('utf-8', 'replace')}")

    def _kind(self, kind: Any, name: str) -> None:
        if not _is_known(kind):
            self._refuse(
                name, "values of variable length that are neither texts nor lists; the file is"
                " damaged. Copy or write it again.",
            )  # fmt: skip

    def _chunks(self, dataset: Any, chunk: tuple[int, ...], name: str) -> None:
        """HDF5 takes memory for every chunk, there or not, and for all the bytes it says it has."""
        declared = math.prod(-(-n // k) for n, k in zip(dataset.shape, chunk, strict=True))
        if declared > max(SOME_CHUNKS, self._on_disk // BYTES_A_CHUNK):
            self._refuse(
                name, f"{declared:,} chunks, which the {self._on_disk:,} bytes on disk cannot hold;"
                " the file is damaged. Copy or write it again.",
            )  # fmt: skip
        found: list[Any] = []
        limit = self._on_disk
        with suppress(OSError, RuntimeError):  # damaged: HDF5 says so when it reads
            dataset.chunk_iter(lambda chunk: found.append(chunk) if chunk.size > limit else None)
        if found:
            self._refuse(
                name, f"a chunk of {found[0].size:,} bytes, which the {limit:,} bytes on disk"
                " cannot hold; the file is damaged. Copy or write it again.",
            )  # fmt: skip

    def _texts(self, dataset: Any, name: str) -> None:
        longest = longest_text(dataset, self._path)
        if longest > self._on_disk:
            self._refuse(
                name, f"a text of {longest:,} bytes, which the {self._on_disk:,} bytes on disk"
                " cannot hold; the file is damaged. Copy or write it again.",
            )  # fmt: skip

    def _sparse(self, group: h5py.Group, name: str) -> None:
        shape = group.attrs.get("shape", group.attrs.get("h5sparse_shape"))
        if shape is None or "indptr" not in group:
            return
        layout = group.attrs.get("encoding-type", group.attrs.get("h5sparse_format", "csr"))
        check_lines(shape, layout, len(group["indptr"]), self._path, name)

    def _frame(self, group: h5py.Group, name: str) -> None:
        """A table of which a column is the table: anndata reads it until h5py gives way.

        Then h5py keeps its lock, for which every other thread that comes to it waits for ever.
        """
        import h5py
        import numpy as np

        named = [group.attrs[key] for key in ("_index", "column-order") if key in group.attrs]
        for column in (one for held in named for one in np.atleast_1d(held)):
            if not isinstance(column, h5py.Reference) and not _is_away(column):
                continue
            self._refuse(
                name, f"a table that says {str(column)[:40]!r} is a column of it; the file is"
                " damaged. Copy or write it again.",
            )  # fmt: skip

    def _refuse(self, name: str, why: str) -> Never:
        refuse(self._path, name, why)


def _is_away(column: object) -> bool:
    """Whether a name leads to the group itself, or out of it."""
    return str(column).startswith("/") or "." in str(column).split("/")


def _is_known(kind: Any) -> bool:
    """Whether HDF5 can read it: on others of variable length than these two it ends the process."""
    import h5py

    if isinstance(kind, h5py.h5t.TypeCompoundID):
        return all(_is_known(kind.get_member_type(k)) for k in range(kind.get_nmembers()))
    if isinstance(kind, h5py.h5t.TypeVlenID):
        is_list = kind.encode()[_VARIANT] & 0xF == 0  # texts are of another class in h5py
        return is_list and _is_known(kind.get_super())
    return not isinstance(kind, h5py.h5t.TypeArrayID) or _is_known(kind.get_super())


def _is_variable(kind: Any) -> bool:
    import h5py

    text = isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str()
    return text or isinstance(kind, h5py.h5t.TypeVlenID)
