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
LONGEST = 2**24
"""Bytes of a line; a million numbers take fewer."""


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
        lines = cast("BinaryIO", _Lines(stream))
        text = io.TextIOWrapper(lines, encoding=encoding, newline="")
        try:
            yield text
        except UnicodeError as exc:
            raise FileError(
                f"{path} is not {encoding} text ({exc}). Save it as 'CSV UTF-8'."
            ) from exc
        except _LongLineError as exc:
            raise FileError(
                f"{path} has a line of more than {LONGEST:,} bytes: it is damaged, or larger"
                " than a table of text can well be. Store it as h5ad."
            ) from exc


class _LongLineError(Exception):
    """A line that would fill the memory: gzip packs a thousand characters into one."""


class _Lines(io.BufferedIOBase):
    """Bytes that end a line every now and then."""

    def __init__(self, stream: BinaryIO, /) -> None:
        self._stream, self._length = stream, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Some bytes; the reader of lines asks for a few thousand."""
        part: bytes = self._stream.read1(size)  # type: ignore[attr-defined]
        end = max(part.rfind(b"\n"), part.rfind(b"\r"))
        self._length = self._length + len(part) if end < 0 else len(part) - end - 1
        if self._length > LONGEST:
            raise _LongLineError
        return part


def _encoding(path: Path) -> str:
    with open_binary(path) as stream:
        head = stream.read(2)
    return "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
