"""What a zarr folder declares, looked at before anything in it is read."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import FileError
from cytosig.io._sound import (
    ALWAYS,
    DEEPEST,
    MOST_TIMES,
    TEXT_BYTES,
    check_declared,
    check_lines,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARRAY, _ATTRS, _ALL, _V3 = ".zarray", ".zattrs", ".zmetadata", "zarr.json"
_COPIES = "consolidated_metadata"
_META = {_ARRAY, _ATTRS, _ALL, _V3, ".zgroup"}
_MOST_CHUNKS = 100_000  # that need not be there

Json = dict[str, Any]


def check_zarr(path: Path, /) -> None:
    """Refuse a store that leads out of its folder, runs code, or declares what it cannot hold.

    Raises
    ------
    FileError
        Naming the array or the file, and what to do.
    """
    folder = _Folder(path)
    for file in _files(path, path):
        folder.n_files += 1
        if file.name in _META:
            folder.take(file)
    folder.own.check(folder)
    folder.compare()


def _files(folder: Path, root: Path, depth: int = 0) -> Iterator[Path]:
    """Every file, and no link."""
    if depth > DEEPEST:
        refuse(root, str(folder.relative_to(root)), "folders in folders without end. Flatten them.")
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                refuse(
                    root, os.path.relpath(entry.path, root),
                    "a symbolic link, which is not followed. Copy the store with what its links"
                    " lead to (cp -rL).",
                )  # fmt: skip
            if entry.is_dir():
                yield from _files(Path(entry.path), root, depth + 1)
            else:
                yield Path(entry.path)


@dataclass
class _Nodes:
    """What metadata files say, or the copies of them: by place and the name of the file."""

    said: dict[tuple[str, str], Json] = field(default_factory=dict)

    @property
    def arrays(self) -> dict[str, Json]:
        """Metadata of arrays, by place."""
        return {
            place: said
            for (place, kind), said in self.said.items()
            if kind == _ARRAY or (kind == _V3 and said.get("node_type") == "array")
        }

    @property
    def attrs(self) -> dict[str, Json]:
        """Attributes of arrays and groups, by place."""
        return {
            place: said if kind == _ATTRS else _object(said.get("attributes", {}))
            for (place, kind), said in self.said.items()
            if kind in (_ATTRS, _V3)
        }

    @property
    def essence(self) -> dict[str, tuple[object, object, Json]]:
        """Shape and chunks (None of a group), and attributes, by place."""
        arrays, attrs = self.arrays, self.attrs
        places = dict.fromkeys(place for place, _ in self.said)
        shapes = {place: (said["shape"], _chunks(said)) for place, said in arrays.items()}
        return {p: (*shapes.get(p, (None, None)), attrs.get(p, {})) for p in places}

    def check(self, folder: _Folder, /) -> None:
        """Each array by itself, and all together."""
        total, arrays = 0, self.arrays
        for place, said in arrays.items():
            total += _declared(said, folder, place)
            check_declared(total, 0 if total <= ALWAYS else folder.on_disk, folder.path, place)
        for place, said in self.attrs.items():
            pointers = arrays.get(f"{place}/indptr".removeprefix("/"))
            if pointers is not None and "shape" in said:
                n = math.prod(pointers["shape"])
                check_lines(said["shape"], said.get("encoding-type"), n, folder.path, place)


class _Folder:
    """What is said in a folder, file by file and in one place."""

    def __init__(self, path: Path, /) -> None:
        self.path, self.n_files = path, 0
        self.own, self.gathered = _Nodes(), _Nodes()

    def compare(self) -> None:
        """Refuse a copy of all metadata that tells of other arrays or attributes than are there.

        How each is packed may be said in other words by another version of zarr.
        """
        own, copied = self.own.essence, self.gathered.essence
        for place, said in copied.items():
            if own.get(place) != said:
                refuse(
                    self.path, place, "what is said here is not what the metadata of the whole"
                    " store say. Gather them anew (zarr.consolidate_metadata), or write the store"
                    " again.",
                )  # fmt: skip

    @property
    def on_disk(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in _files(self.path, self.path))

    def take(self, file: Path, /) -> None:
        """One metadata file."""
        said = _object(read_json(file))
        if not _is_metadata(file.name, said):
            raise FileError(f"{file} is damaged: no metadata of zarr. Copy or write it again.")
        place = "" if file.parent == self.path else file.parent.relative_to(self.path).as_posix()
        if file.name == _ALL:
            for key, inner in _object(said.get("metadata", {})).items():
                parent, _, kind = key.rpartition("/")
                self._gather(parent, kind, inner)
            return
        copies = _object(said.pop(_COPIES, None) or {})
        self.own.said[place, file.name] = said
        for key, inner in _object(copies.get("metadata", {})).items():
            self._gather(key, _V3, inner)

    def _gather(self, place: str, kind: str, said: object) -> None:
        if place and any(part in ("", ".", "..") for part in place.replace("\\", "/").split("/")):
            refuse(self.path, place, "a name that leads out of the folder. Write the store again.")
        copied = {key: value for key, value in _object(said).items() if key != _COPIES}
        self.gathered.said[place, kind] = copied


def read_json(file: Path, /) -> Any:
    """A metadata file.

    Raises
    ------
    FileError
        When it is no JSON.
    """
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as exc:
        raise FileError(f"{file} is damaged ({exc}). Copy or write it again.") from exc


def _is_metadata(name: str, said: Json) -> bool:
    """Whether a file says it is of the format that its name is of; zarr takes others for absent."""
    if name == _V3:
        return said.get("zarr_format") == 3 and said.get("node_type") in ("array", "group")
    return name in (_ATTRS, _ALL) or said.get("zarr_format") == 2


def _object(said: object) -> Json:
    if not isinstance(said, dict):
        raise ValueError(f"metadata: expected an object, found {str(said)[:50]!r}")
    return said


def _declared(said: Json, folder: _Folder, place: str) -> int:
    """Bytes in memory; refuses chunks without end, and what is decoded by running it."""
    codecs = [*(said.get("filters") or []), said.get("compressor"), *(said.get("codecs") or [])]
    if any("pickle" in str(codec) for codec in codecs):
        refuse(
            folder.path, place, "is pickled: reading it would run whatever it holds. Ask for the"
            " store without pickle.",
        )  # fmt: skip
    shape, chunks = _sizes(said["shape"]), _sizes(_chunks(said))
    if len(chunks) != len(shape) or 0 in chunks:
        refuse(folder.path, place, "its chunks do not fit its shape. Copy or write it again.")
    size = _itemsize(said.get("dtype", said.get("data_type")))
    pairs = list(zip(shape, chunks, strict=True))
    n_chunks = math.prod(-(-n // chunk) for n, chunk in pairs)
    if n_chunks > max(_MOST_CHUNKS, MOST_TIMES * folder.n_files):
        refuse(
            folder.path, place, f"it declares {n_chunks:.3g} chunks, and the store has"
            f" {folder.n_files:,} files; it is damaged. Copy or write it again.",
        )  # fmt: skip
    chunk = math.prod(chunks) * size
    check_declared(chunk, 0 if chunk <= ALWAYS else folder.on_disk, folder.path, place)
    return math.prod(shape) * size


def _sizes(found: object) -> list[int]:
    if not isinstance(found, list) or not all(type(n) is int and n >= 0 for n in found):
        raise ValueError(f"a shape of {str(found)[:50]}")
    return found


def _chunks(said: Json) -> object:
    if "chunks" in said:
        return said["chunks"]
    grid = said.get("chunk_grid") or {}
    return grid.get("configuration", {}).get("chunk_shape", [max(1, n) for n in said["shape"]])


def _itemsize(kind: object) -> int:
    """Bytes of a value; zarr itself judges kinds that numpy does not know."""
    if isinstance(kind, dict):
        return max(1, int(kind.get("configuration", {}).get("length_bytes", 8)))
    if kind in ("|O", "string", "variable_length_bytes"):
        return TEXT_BYTES
    import numpy as np

    try:
        return np.dtype(kind).itemsize  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return 8
