"""Damage to what an HDF5 file says: types, shapes, attributes, and links that lead elsewhere."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[h5py.File, str, np.random.Generator], None]

HUGE = (2**20, 2**28, 2**33, 2**40, 2**58)


def changed(data: bytes, rng: np.random.Generator, /) -> bytes:
    """The file with one to three things changed in it."""
    stream = io.BytesIO(data)
    with h5py.File(stream, "r+") as file:
        for _ in range(int(rng.integers(1, 4))):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name = names[int(rng.integers(len(names)))]
            try:
                _CHANGES[int(rng.integers(len(_CHANGES)))](file, name, rng)
            except (TypeError, ValueError, KeyError, OSError, RuntimeError):
                continue  # not every change fits every object
    return stream.getvalue()


def _pick(values: tuple[Any, ...] | list[Any], rng: np.random.Generator) -> Any:
    return values[int(rng.integers(len(values)))]


def _replace(file: h5py.File, name: str, **how: Any) -> None:
    attrs = dict(file[name].attrs)
    del file[name]
    made = file.create_dataset(name, **how)
    made.attrs.update(attrs)


def swell(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """A dataset that says it is large and holds nothing."""
    old = file[name]
    if not isinstance(old, h5py.Dataset):
        return
    shape = tuple(int(_pick(HUGE, rng)) if k == 0 or rng.random() < 0.3 else n
                  for k, n in enumerate(old.shape or (1,)))  # fmt: skip
    chunks = tuple(min(n, 64) for n in shape)
    _replace(file, name, shape=shape, dtype=old.dtype, chunks=chunks,
             compression=_pick(["gzip", None], rng))  # fmt: skip


def shape(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """Other values of a shape attribute, or of any other that holds numbers."""
    holders = [n for n in _all(file) if "shape" in file[n].attrs] or [name]
    node = file[_pick(holders, rng)]
    new = [
        int(_pick((0, 1, -1, 3, 8, 90, *HUGE), rng))
        for _ in range(int(_pick((1, 2, 2, 2, 3), rng)))
    ]
    node.attrs["shape"] = np.array(new, dtype=np.int64)


def _all(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names


def values(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """Some values of an array of numbers."""
    node = file[name]
    if isinstance(node, h5py.Dataset) and node.dtype.kind in "iufb" and node.ndim:
        if not 0 < node.size < 10**6:
            return
        found = node[()]
        for _ in range(int(rng.integers(1, 4))):
            place = tuple(int(rng.integers(n)) for n in found.shape)
            odd = (0, 1, -1, 90, 2**31 - 1, -(2**31), np.nan, np.inf, -np.inf, 1e300, 1e-320, 0.5)
            with np.errstate(all="ignore"):
                found[place] = np.array(_pick(odd, rng)).astype(found.dtype)
        node[...] = found


def kind(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """The same place with something of another type."""
    odd = (
        np.float16(1), np.arange(8, dtype=">i2"), np.array(["a"], object), np.zeros((8, 90, 2)),
        np.arange(8, dtype=np.complex128), np.zeros(8, [("a", "f4"), ("b", "S3")]), np.bool_(True),
        np.zeros(0), h5py.Empty("f4"), np.array([b"\xff\xfe"] * 8), np.full(8, 2**63, np.uint64),
        b"\x00" * 8, "x" * 70_000,
    )  # fmt: skip
    attrs = dict(file[name].attrs)
    del file[name]
    if rng.random() < 0.1:
        file[name] = np.dtype("f8")  # a stored type
    else:
        value = _pick(odd, rng)
        text = isinstance(value, np.ndarray) and value.dtype == object
        file.create_dataset(name, data=value, dtype=h5py.string_dtype() if text else None)
    if rng.random() < 0.7:
        file[name].attrs.update(attrs)


def attribute(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """An attribute missing, or saying something else."""
    node = file[name] if rng.random() < 0.8 else file
    keys = list(node.attrs)
    if not keys:
        return
    key = _pick(keys, rng)
    if rng.random() < 0.25:
        del node.attrs[key]
        return
    words = ("", "array", "dict", "dataframe", "categorical", "csr_matrix", "csc_matrix", "raw",
             "anndata", "string-array", "nullable-integer", "awkward-array", "rec-array", "null",
             "0.1.0", "99.0", "..", "../X", "/X", "X", "index", "\x00", "a" * 60_000)  # fmt: skip
    value = _pick([*words, -1, 2**62, np.nan, h5py.Empty("S1"), np.array([b"\xff"]), node.ref,
                   np.array(["age", "age", "none"], object), np.zeros((0,))], rng)  # fmt: skip
    node.attrs[key] = value


def missing(file: h5py.File, name: str, _: np.random.Generator) -> None:
    """Something is not there."""
    del file[name]


def elsewhere(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """A link to another place or another file, or values that another file holds."""
    what = int(rng.integers(7))
    group = file[name] if isinstance(file[name], h5py.Group) else file[name].parent
    place = name if rng.random() < 0.6 else f"{group.name}/link".lstrip("/")
    if place in file and what != 6:
        del file[place]
    if what == 0:
        file[place] = h5py.ExternalLink(_pick(["/etc/passwd", "secret.h5", "in.h5ad"], rng), "/")
    elif what == 1:
        file[place] = h5py.SoftLink(_pick(["/nowhere", "/", "/obs", f"/{place}", ".", ".."], rng))
    elif what == 2:
        file[place] = group if group.name != "/" else file["obs"]
    elif what == 3:
        files = [("/etc/passwd", 0, 8 * 8)]
        file.create_dataset(place, shape=(8,), dtype="f8", external=files)
    elif what == 4:
        layout = h5py.VirtualLayout((8,), "f8")
        layout[:] = h5py.VirtualSource(_pick(["secret.h5", "."], rng), "x", shape=(8,))
        file.create_virtual_dataset(place, layout)
    elif what == 5:
        _bomb(file, place)
    else:
        file[f"{group.name}/a/../b"] = 1


def _bomb(file: h5py.File, place: str) -> None:
    """Every level holds the next one twice."""
    inner = file.create_group(place)
    for level in range(40):
        outer = file.create_group(f"__{level}")
        outer["a"], outer["b"] = inner, inner
        inner = outer
    file["uns/bomb"] = inner


def deep(file: h5py.File, _: str, rng: np.random.Generator) -> None:
    """Groups in groups in groups."""
    node = file.require_group("uns")
    for _ in range(int(_pick((50, 400, 1500), rng))):
        node = node.create_group("a")
        if rng.random() < 0.9:
            node.attrs.update({"encoding-type": "dict", "encoding-version": "0.1.0"})


def rename(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    """Another name, or one that another file system would not take."""
    new = _pick(["..", "a\nb", "\u202ex", "é" * 200, "=1+1", " ", "x", "obs", "X"], rng)
    file.move(name, f"{file[name].parent.name.rstrip('/')}/{new}")


_CHANGES: list[Change] = [
    swell, swell, shape, shape, values, values, values, kind, kind, attribute, attribute, attribute,
    missing, elsewhere, elsewhere, deep, rename,
]  # fmt: skip
