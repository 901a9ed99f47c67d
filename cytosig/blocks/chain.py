"""Rows of several matrices, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig.blocks.block import Block, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.blocks.block import Span
    from cytosig.blocks.sources import Source


class Chain:
    """Sources of rows with the same columns; no block of it is of two of them.

    Parameters
    ----------
    parts
        At least one.
    """

    def __init__(self, parts: Sequence[Source], /) -> None:
        self._parts = tuple(parts)
        self._edges = np.cumsum([0, *(part.shape[0] for part in parts)]).tolist()
        self.shape = (int(self._edges[-1]), parts[0].shape[1])
        self.usual = max(part.usual for part in parts)

    def spans(self, size: int | None = None, /) -> tuple[Span, ...]:
        """First and last + 1 row of every block; each part has its usual size when None."""
        found: list[Span] = []
        for first, part in zip(self._edges, self._parts, strict=False):
            n, step = part.shape[0], size or part.usual
            found += [(first + k, first + min(k + step, n)) for k in range(0, n, step)]
        return tuple(found)

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``, of however many parts."""
        blocks = []
        for first, part in zip(self._edges, self._parts, strict=False):
            lo, hi = max(start - first, 0), min(stop - first, part.shape[0])
            if lo < hi:
                blocks.append(part.read(lo, hi))
        if len(blocks) == 1:
            return replace(blocks[0], start=start, stop=stop)
        return joined(start, blocks)


class Reordered:
    """Rows of a source with its columns in another order.

    Parameters
    ----------
    source
        The rows.
    place
        Where each of its columns goes.
    """

    def __init__(self, source: Source, place: NDArray[np.int64], /) -> None:
        self._source, self._place = source, place.astype(np.int32)
        self.shape, self.usual = source.shape, source.usual

    def read(self, start: int, stop: int, /) -> Block:
        """The rows from ``start`` to before ``stop``."""
        block = self._source.read(start, stop)
        columns, values = self._place[block.indices], block.data.copy()  # sorted where they stand
        moved = replace(block, indices=columns, data=values).to_scipy(self.shape[1])
        moved.sort_indices()
        return Block.from_scipy(start, moved)
