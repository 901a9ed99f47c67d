"""Where HDF5's old groups keep the names in them, read from the file's own bytes.

A group that was deleted leaves its heap of names behind, in room that is used again. Only heaps of
groups that are there say anything of a file, and no library tells which these are without reading
them: so groups are followed here, from the root, through headers, trees and leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

_CONTINUED, _SYMBOLS = 0x10, 0x11  # messages of an object's header
_MOST = 2_000_000  # steps; no file needs so many, a crafted one might


class _TooFar(Exception):  # noqa: N818 - a signal, not an error
    """The file leads on and on."""


def live_heaps(held: mmap.mmap, base: int, /) -> set[int] | None:
    """Places of the local heaps of all groups there are; None where that cannot be told."""
    version = held[base + 8] if base + 104 <= len(held) else 255
    if version > 1 or held[base + 13 : base + 15] != b"\x08\x08":
        return None
    try:
        return set(_Groups(held, base).heaps(read_number(held, base + 64 + 4 * version)))
    except _TooFar:
        return None


def read_number(held: mmap.mmap, place: int, size: int = 8, /) -> int:
    """A number of that many bytes, as HDF5 writes it."""
    return int.from_bytes(held[place : place + size], "little")


class _Groups:
    def __init__(self, held: mmap.mmap, base: int, /) -> None:
        self._held, self._base = held, base
        self._seen: set[int] = set()
        self._steps = 0

    def heaps(self, root: int, /) -> Iterator[int]:
        """The heap of every group below an object."""
        left = [root]
        while left:
            for tree, heap in self._symbols(self._place(left.pop())):
                yield self._place(heap)
                left += self._members(self._place(tree))

    def _place(self, address: int) -> int:
        return self._base + address

    def _is_new(self, place: int) -> bool:
        self._step()
        if place in self._seen or not 0 < place <= len(self._held) - 16:
            return False
        self._seen.add(place)
        return True

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST:
            raise _TooFar

    def _symbols(self, header: int) -> Iterator[tuple[int, int]]:
        """Tree and heap of an object, if it is a group of the old kind."""
        held = self._held
        if not self._is_new(header) or held[header] != 1:
            return
        blocks = [(header + 16, read_number(held, header + 8, 4))]
        while blocks:
            place, size = blocks.pop()
            stop = min(place + size, len(held))
            while place + 24 <= stop:
                self._step()
                kind, length = read_number(held, place, 2), read_number(held, place + 2, 2)
                one, other = read_number(held, place + 8), read_number(held, place + 16)
                if kind == _SYMBOLS:
                    yield one, other
                elif kind == _CONTINUED and self._is_new(self._place(one)):
                    blocks.append((self._place(one), other))
                place += 8 + length

    def _members(self, tree: int) -> Iterator[int]:
        """Headers of what is in a group, from the leaves of its tree."""
        held, left = self._held, [tree]
        while left:
            node = left.pop()
            if not self._is_new(node):
                continue
            mark, count = held[node : node + 4], read_number(held, node + 6, 2)
            for k in range(count if mark in (b"TREE", b"SNOD") else 0):
                self._step()
                if mark == b"TREE":
                    left.append(self._place(read_number(held, node + 32 + 16 * k)))
                else:
                    yield read_number(held, node + 16 + 40 * k)
