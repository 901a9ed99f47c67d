"""Open plain or gzipped files by content, and put stream damage in plain words."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from cytosig._errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Open ``path``, unpacked if it is gzip by content; damage becomes FileError."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                    yield cast("BinaryIO", stream)
            else:
                yield raw
    except EOFError as exc:
        raise FileError(
            f"{path} is cut short: its gzip stream ends too early. Copy or download it again."
        ) from exc
    except (gzip.BadGzipFile, zlib.error) as exc:
        raise FileError(f"{path} is a damaged gzip file ({exc}). Make it again.") from exc
    except OSError as exc:
        raise FileError(f"{path} cannot be read: {exc.strerror or exc}.") from exc


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open ``path`` as text, unpacked, without a byte-order mark, line ends untouched."""
    with open_binary(path) as stream:
        encoding = _encoding(path)
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            yield text
        except UnicodeError as exc:
            raise FileError(
                f"{path} is not {encoding} text ({exc}). Save it as 'CSV UTF-8'."
            ) from exc


def _encoding(path: Path) -> str:
    with open_binary(path) as stream:
        head = stream.read(2)
    return "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
