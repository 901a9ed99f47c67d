"""One damaged case from a seed: bytes, text, or what a format says about itself."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import warnings
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reliability.fuzz import bytes as b
from reliability.fuzz import hdf5

if TYPE_CHECKING:
    from reliability.fuzz.case import Case

_OUT = (("X", "/etc"), ("obs", ".."), ("uns/away", "/proc/self"), ("X/c", "../.."), ("obs", "obs"))


def damaged(case: Case, rng: np.random.Generator, /) -> Case:
    """The case with one thing wrong, sometimes a few."""
    if any(name.endswith((".zarr", "zarr.json", ".zarray")) for name in case.files):
        return _store(case, rng)
    names = [name for name in case.files if name not in case.kept]
    name = names[int(rng.integers(len(names)))]
    if case.kept:  # of a run that was cut off: what a disk may do, not what a hand may
        new = b.several(case.files[name], rng, b.BYTES + b.TEXT)
    else:
        new = _file(case.files[name], rng)
    files = {**case.files, name: new}
    if len(names) > 1 and rng.random() < 0.1:
        del files[name]
    return replace(case, files=files)


def _file(data: bytes, rng: np.random.Generator) -> bytes:
    if data.startswith(b"\x89HDF") and rng.random() < 0.5:
        return hdf5.changed(data, rng)
    if data.startswith(b"PK") and rng.random() < 0.75:
        return _archive(data, rng)
    if data.startswith(b"\x1f\x8b"):
        return b.packed(data, rng, b.TEXT)
    text = not data.startswith((b"\x89HDF", b"PK")) and b"\x00" not in data
    return b.several(data, rng, b.TEXT if text else b.BYTES)


# --- zip files of numpy arrays -----------------------------------------------------------------


class Opens:
    """What a pickle could do to whoever loads it: here it opens a file that gives it away."""

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, ("let_in", "w")


def _archive(data: bytes, rng: np.random.Generator) -> bytes:
    """Members damaged and packed again with right checksums."""
    stream, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(data))
    names = source.namelist()
    chosen = names[int(rng.integers(len(names)))]
    method = int(rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))
    with zipfile.ZipFile(stream, "w", method) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice is meant
        for name in names:
            content = source.read(name)
            if name != chosen:
                target.writestr(zipfile.ZipInfo(name), content)
                continue
            what = int(rng.integers(8))
            if what == 0:
                continue
            if what == 1:
                target.writestr(zipfile.ZipInfo("../" + name), content)
            target.writestr(zipfile.ZipInfo(name), _array(content, rng))
            if what == 2:
                target.writestr(zipfile.ZipInfo(name), b.several(content, rng, b.BYTES))
    return stream.getvalue()


def _array(content: bytes, rng: np.random.Generator) -> bytes:
    """An .npy file: its bytes, its header, or its values."""
    what = int(rng.integers(5))
    if what == 0:
        return b.several(content, rng, b.BYTES)
    old = np.load(io.BytesIO(content))
    if what == 1:
        return _headed(old, rng)
    odd: list[Any] = [
        np.nan, -1.0, np.inf, -np.inf, 1e308, 0, 2**62, "", "x" * 1000, b"\xff", True,
        old[:0] if old.ndim else 0,
        np.repeat(old, 2), np.zeros((3, 3)), old.astype("U") if old.dtype.kind != "U" else 5, 1j,
        np.array(["2020-01-01"], "M8[D]"), np.zeros(2, [("a", "i4")]), old.reshape(-1)[::-1],
    ]  # fmt: skip
    value = odd[int(rng.integers(len(odd)))]
    if what > 2 and old.ndim and old.size and old.dtype.kind == "f":
        new = old.copy()
        new.flat[int(rng.integers(old.size))] = odd[int(rng.integers(5))]
        value = new
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=False)
    return stream.getvalue()


def _headed(old: np.ndarray, rng: np.random.Generator) -> bytes:
    """A header that says something else than what follows."""
    shape = [(2**40,), (2**62, 2**62), (-1,), (10**9, 3), (), (2**33,), (True,), "x"]
    descr = ["|O", "<f8", "<U1000000000", "|V8", "<M8[ns]", ">f2", "nonsense", [("a", "|O")], "|S0"]
    pick = int(rng.integers(3))
    head = {
        "descr": descr[int(rng.integers(len(descr)))] if pick != 1 else old.dtype.str,
        "fortran_order": False,
        "shape": shape[int(rng.integers(len(shape)))] if pick != 0 else old.shape,
    }
    text = repr(head).encode()
    if rng.random() < 0.15:
        text = [b"[" * 5000, b"{'descr': __import__('os')}", b"{" + b"-" * 3000 + b"1}", b"\x00"][
            int(rng.integers(4))
        ]
    text += b" " * (64 - (len(text) + 11) % 64) + b"\n"
    body = pickle.dumps(Opens()) if "O" in repr(head["descr"]) else old.tobytes()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(4, "little")[:2] + text + body


# --- zarr folders ------------------------------------------------------------------------------


def _store(case: Case, rng: np.random.Generator) -> Case:
    """A folder of files: what one says, one missing or elsewhere, or a link out of the folder."""
    files = dict(case.files)
    metas = [name for name in files if name.rsplit("/", 1)[-1].startswith((".z", "zarr.json"))]
    what = rng.random()
    if what < 0.55:
        name = metas[int(rng.integers(len(metas)))]
        if rng.random() < 0.4:  # the one that says it all
            name = next((n for n in metas if n.count("/") == 1 and b"metadata" in files[n]), name)
        files[name] = _json(files[name], rng)
        if rng.random() < 0.6:
            _forget_copies(files)
    elif what < 0.75:
        name = list(files)[int(rng.integers(len(files)))]
        files[name] = b.several(files[name], rng, b.BYTES)
    elif what < 0.83:
        del files[list(files)[int(rng.integers(len(files)))]]
    elif what < 0.88:
        one, two = (list(files)[int(k)] for k in rng.integers(0, len(files), 2))
        files[one], files[two] = files[two], files[one]
    elif what < 0.92:
        files = _unpickled(files, metas)
    else:
        place, target = _OUT[int(rng.integers(len(_OUT)))]
        files = {k: v for k, v in files.items() if not k.startswith(f"{case.root}/{place}/")}
        return replace(case, files=files, links=((f"{case.root}/{place}", target),))
    return replace(case, files=files)


def _forget_copies(files: dict[str, bytes]) -> None:
    """Each array and group speaks for itself alone."""
    for name in list(files):
        if name.endswith(".zmetadata"):
            del files[name]
        elif name.count("/") == 1 and name.endswith("zarr.json") and b"consolidated" in files[name]:
            with contextlib.suppress(ValueError, AttributeError):
                said = json.loads(files[name])
                said.pop("consolidated_metadata", None)
                files[name] = json.dumps(said).encode()


def _unpickled(files: dict[str, bytes], metas: list[str]) -> dict[str, bytes]:
    """Names of observations that are to be unpickled."""
    for name in metas:
        said = json.loads(files[name])
        if name.endswith(".zmetadata"):
            entries = [v for k, v in said["metadata"].items() if k.endswith(".zarray")]
        else:
            entries = [said] if name.endswith(".zarray") else []
        for entry in entries:
            if entry.get("dtype") == "|O":
                entry["filters"], entry["compressor"] = [{"id": "pickle", "protocol": 5}], None
        files[name] = json.dumps(said).encode()
        if entries and len(entries) == 1 and entries[0].get("dtype") == "|O":
            folder = name.rsplit("/", 1)[0]
            for other in [k for k in files if k.startswith(folder + "/") and "/." not in k]:
                files[other] = pickle.dumps(Opens())
    return files


def _json(data: bytes, rng: np.random.Generator) -> bytes:
    if rng.random() < 0.3:
        return b.several(data, rng, b.TEXT)
    said = json.loads(data)
    for _ in range(int(rng.integers(1, 3))):
        _change(said, rng)
    return json.dumps(said).encode("utf-8", "surrogatepass")


def _change(said: Any, rng: np.random.Generator) -> None:
    """One value somewhere inside."""
    node = said
    for _ in range(12):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = keys[int(rng.integers(len(keys)))]
        if isinstance(node[key], dict | list) and node[key] and rng.random() < 0.9:
            node = node[key]
            continue
        odd = [None, 0, -1, 2**31, 2**40, 2**62, 1.5, "", "..", "../../x", "/etc/passwd", "NaN",
               [], {}, [2**40], [0], [-1, 90], True, "<f8", "|O", "float64", "zstd", "x" * 5000,
               {"id": "pickle"}, {"name": "gzip"}, "csc_matrix", "dataframe", [[1]],
               "\x00"]  # fmt: skip
        if isinstance(node, dict) and rng.random() < 0.3:
            if rng.random() < 0.5:
                node[f"../{key}"] = node[key]
            del node[key]
        else:
            node[key] = odd[int(rng.integers(len(odd)))]
        return
