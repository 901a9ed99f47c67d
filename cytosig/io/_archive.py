"""Numpy's ``.npz`` files read strictly: checksums hold, and no array is larger than its bytes."""

from __future__ import annotations

import io
import math
import zipfile
from typing import IO, TYPE_CHECKING, Any, Literal

from cytosig._errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those that numpy writes


def read_arrays(path: Path, content: IO[bytes] | None = None, /) -> dict[str, NDArray[Any]]:
    """Every array of an ``.npz`` file, by name; nothing in it is ever unpickled.

    Parameters
    ----------
    path
        The file, or what to call it in messages.
    content
        Its bytes, where they are no file of their own.

    Raises
    ------
    FileError
        When it is missing, damaged or something else.
    """
    try:
        with zipfile.ZipFile(path if content is None else content) as archive:
            found = {
                i.filename.removesuffix(".npy"): _array(archive, i) for i in archive.infolist()
            }
            if len(found) < len(archive.infolist()):
                raise ValueError("an array is there twice")
            return found
    except OSError as exc:
        raise FileError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    except Exception as exc:  # zipfile, zlib and numpy raise almost anything on damage
        raise FileError(
            f"{path} cannot be read: it is damaged, or no file of arrays ({str(exc)[:200]})."
        ) from exc


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    import numpy as np

    if member.compress_type not in _PACKINGS:
        raise ValueError("packed in a way that numpy does not use")
    raw = archive.read(member)  # to its end, where the checksum is compared
    stream = io.BytesIO(raw)
    version = np.lib.format.read_magic(stream)
    header = "read_array_header_1_0" if version == (1, 0) else "read_array_header_2_0"
    shape, by_column, dtype = getattr(np.lib.format, header)(stream)
    start = stream.tell()
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise ValueError(f"{member.filename} does not hold the {dtype} values it declares")
    if dtype.kind == "U" and not _is_text(np.frombuffer(raw, dtype.str[0] + "u4", offset=start)):
        raise ValueError(f"{member.filename} holds characters that there are not")
    order: Literal["C", "F"] = "F" if by_column else "C"
    return np.ndarray(shape, dtype, buffer=raw, offset=start, order=order).copy(order)


def _is_text(codes: NDArray[np.uint32]) -> bool:
    """Whether these are numbers of characters; others end in an error far from here."""
    halves = (codes >= 0xD800) & (codes <= 0xDFFF)
    return bool((codes <= 0x10FFFF).all() and not halves.any())
