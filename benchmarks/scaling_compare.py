"""Are two HDF5 files the same? Values by their bytes, a slice at a time; for scaling_killed.py."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 8 * 2**20


def digest(path: Path, /) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(one: Path, other: Path, /) -> list[str]:
    """Names of what differs or stands in one file only; empty when the files say the same."""
    with h5py.File(one, "r") as a, h5py.File(other, "r") as b:
        names, others = _names(a), _names(b)
        unlike = [name for name in sorted(names & others) if not _same(a[name], b[name])]
        return sorted(names ^ others) + unlike


def _names(file: h5py.File) -> set[str]:
    found = {"/"}
    file.visit(found.add)
    return found


def _same(one: h5py.Group | h5py.Dataset, other: h5py.Group | h5py.Dataset) -> bool:
    if type(one) is not type(other) or not _same_attributes(one.attrs, other.attrs):
        return False
    if not isinstance(one, h5py.Dataset):
        return True
    if (one.shape, one.dtype, one.compression) != (other.shape, other.dtype, other.compression):
        return False
    if one.shape is None or not one.shape:
        return _bytes(one[()]) == _bytes(other[()])
    row = max(1, one.dtype.itemsize * int(np.prod(one.shape[1:])))
    step = max(1, _BYTES // row)
    starts = range(0, one.shape[0], step)
    return all(_bytes(one[i : i + step]) == _bytes(other[i : i + step]) for i in starts)


def _same_attributes(one: h5py.AttributeManager, other: h5py.AttributeManager) -> bool:
    return one.keys() == other.keys() and all(_bytes(one[k]) == _bytes(other[k]) for k in one)


def _bytes(value: object) -> tuple[str, object]:
    """Something to compare: bytes of numbers, the texts themselves."""
    array = np.asarray(value)
    return str(array.dtype), array.tolist() if array.dtype.hasobject else array.tobytes()
