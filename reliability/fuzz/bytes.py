"""Damage to bytes and to text, whatever the format."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Damage = Callable[[bytes, np.random.Generator], bytes]

_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1,
            2**63, 2**64 - 1]  # fmt: skip
_MARKS = (b"TREE", b"HEAP", b"SNOD", b"GCOL", b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"BTHD", b"BTLF",
          b"FADB", b"FAHD", b"EAHD", b"\x89HDF", b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06",
          b"\x93NUMPY", b"\x1f\x8b")  # fmt: skip
TOKENS = [
    b"", b"0", b"-0", b"-1", b"nan", b"NaN", b"inf", b"-inf", b"1e308", b"1e309", b"-1e-320",
    b"9" * 25, b"9" * 400, b"9" * 5000, b"0x" + b"f" * 6000, b"1_000", b"1,5", b"1.2.3", b"\x00",
    b"=cmd|' /C calc'!A0", b"+1", b"@x", b'"', b'""', b"'", b"\\", b"\t", b"\r", b"\r\n", b"\n\n",
    b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", "\u202e\u0000\u2028\ufeff".encode(),
    "\U0001f9ec".encode(), "\u0661\u0662".encode(), b"A" * 200_000, b" " * 5000, b"," * 3000,
    b"[" * 3000, b"{" * 2000,
    b"../../../../etc/passwd", b"/etc/passwd", b"http://127.0.0.1:9/x", b"true", b"null",
    b"1979-05-27",
    b"<script>alert(1)</script>", b"%n%s", b"__class__", b"a.b.c=1", b"[[a]]",
]  # fmt: skip


def _span(data: bytes, rng: np.random.Generator, most: int = 4096) -> tuple[int, int]:
    start = int(rng.integers(0, max(len(data), 1)))
    return start, min(len(data), start + int(rng.integers(1, 1 + min(most, max(len(data), 1)))))


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Anywhere, or near something that tells where things are."""
    if rng.random() < 0.6:
        mark = _MARKS[int(rng.integers(len(_MARKS)))]
        found = [m.start() for m in re.finditer(re.escape(mark), data)]
        if found:
            near = found[int(rng.integers(len(found)))] + int(rng.integers(0, 160))
            return min(near, len(data) - 1)
    return int(rng.integers(0, len(data)))


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    """One to eight bits."""
    new = bytearray(data)
    for _ in range(int(rng.integers(1, 9)) if data else 0):
        new[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(new)


def swell(data: bytes, rng: np.random.Generator) -> bytes:
    """A number of 1 to 8 bytes written over what is there."""
    if not data:
        return data
    size = int(rng.choice([1, 2, 4, 8]))
    number = _NUMBERS[int(rng.integers(len(_NUMBERS)))] % 2 ** (8 * size)
    place = _place(data, rng)
    order = "little" if rng.random() < 0.8 else "big"
    return data[:place] + number.to_bytes(size, order) + data[place + size :]


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    """The end is missing, or the beginning, or something between."""
    start, stop = _span(data, rng)
    return [data[:start], data[start:], data[:start] + data[stop:]][int(rng.integers(3))]


def repeat(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch again, and again."""
    start, stop = _span(data, rng, 512)
    return data[:stop] + data[start:stop] * int(rng.integers(1, 40)) + data[stop:]


def move(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of the file over another one."""
    (start, stop), (place, _) = _span(data, rng), _span(data, rng)
    return data[:place] + data[start:stop] + data[place + stop - start :]


def blank(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of zeros, or of noise."""
    start, stop = _span(data, rng)
    noise = rng.bytes(stop - start) if rng.random() < 0.5 else bytes(stop - start)
    return data[:start] + noise + data[stop:]


BYTES: list[Damage] = [flip, flip, swell, swell, cut, repeat, move, blank]


def token(data: bytes, rng: np.random.Generator) -> bytes:
    """A word or number in place of another."""
    words = list(re.finditer(rb"[^\s,;=\"'\[\]{}]+", data))
    if not words:
        return data
    word = words[int(rng.integers(len(words)))]
    new = TOKENS[int(rng.integers(len(TOKENS)))]
    keep = rng.random() < 0.15
    return data[: word.start()] + (word.group() + new if keep else new) + data[word.end() :]


def lines(data: bytes, rng: np.random.Generator) -> bytes:
    """A line twice, missing, elsewhere, or of another kind."""
    found = data.splitlines(keepends=True)
    if not found:
        return data
    a, b = (int(k) for k in rng.integers(0, len(found), 2))
    what = int(rng.integers(5))
    if what == 0:
        found.insert(b, found[a])
    elif what == 1:
        del found[a]
    elif what == 2:
        found[a], found[b] = found[b], found[a]
    elif what == 3:
        found[a] = found[a].rstrip(b"\r\n") + found[b]
    else:
        found.insert(a, TOKENS[int(rng.integers(len(TOKENS)))] + b"\n")
    return b"".join(found)


def separator(data: bytes, rng: np.random.Generator) -> bytes:
    """Another separator, here and there or everywhere."""
    old, new = (bytes([b",\t;= \n\"'[]{}"[int(k)]]) for k in rng.integers(0, 12, 2))
    return data.replace(old, new, int(rng.choice([1, 3, -1])))


def encoding(data: bytes, rng: np.random.Generator) -> bytes:
    """The same text as another program would save it."""
    text = data.decode("utf-8", "replace")
    name = ["utf-16", "utf-8-sig", "utf-16-le", "latin-1", "utf-32", "utf-7"][int(rng.integers(6))]
    return text.encode(name, "replace")


TEXT: list[Damage] = [
    token,
    token,
    token,
    lines,
    lines,
    separator,
    encoding,
    flip,
    cut,
    repeat,
    blank,
]


def several(data: bytes, rng: np.random.Generator, kinds: list[Damage], /) -> bytes:
    """One damage, sometimes a few."""
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        data = kinds[int(rng.integers(len(kinds)))](data, rng)
    return data


def packed(data: bytes, rng: np.random.Generator, kinds: list[Damage], /) -> bytes:
    """A gzip file: its stream damaged, or the text inside it, or packed otherwise."""
    try:
        inner = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return several(data, rng, BYTES)
    what = int(rng.integers(5))
    if what == 0:
        return several(data, rng, BYTES)
    inner = several(inner, rng, kinds)
    again = gzip.compress(inner, mtime=0)
    if what == 1:  # members one after the other
        half = len(inner) // 2
        return gzip.compress(inner[:half], mtime=0) + gzip.compress(inner[half:], mtime=0)
    if what == 2:
        return again + rng.bytes(20)
    if what == 3 and rng.random() < 0.3:
        return gzip.compress(again, mtime=0)
    return again
