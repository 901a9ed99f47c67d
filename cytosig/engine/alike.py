"""Whether parts that are to be one data set hold the same kind of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.blocks import RowBlocks
from cytosig.blocks.block import joined, runs
from cytosig.engine.recognise import recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cytosig.blocks.sources import Rows
    from cytosig.engine.recognise import Values

_LOOKED_AT = 200  # rows of each part
_SAME_TOTAL = 0.05
_SCALE = {"counts": "not logged", "linear": "not logged", "log1p": "logged", "log2": "logged"}


def check_alike(rows: Rows, sizes: Sequence[int], names: Sequence[str], /) -> None:
    """Refuse parts on different scales, told from some rows of each.

    Parameters
    ----------
    rows
        All parts, one after the other.
    sizes, names
        Rows of each part, and what it is called.

    Raises
    ------
    DataError
        When some are counts and some logarithms or contrasts, or the logarithms are of different
        totals.
    """
    known: list[tuple[str, Values]] = []
    start = 0
    for size, name in zip(sizes, names, strict=True):
        n = min(size, _LOOKED_AT)
        picked = np.unique(np.linspace(start, start + size - 1, n).astype(np.int64)) if n else None
        start += size
        if picked is None:
            continue
        block = joined(0, [rows.read(*span) for span in runs(picked)])
        if block.data.any():
            known.append((name, recognise(RowBlocks(block.to_scipy(rows.shape[1])))))
    for name, values in known[1:]:
        _compare(*known[0], name, values)


def _compare(first: str, theirs: Values, name: str, mine: Values) -> None:
    do = "score them one by one, or bring them to one scale."
    if _SCALE.get(mine.kind) != _SCALE.get(theirs.kind):
        raise DataError(
            f"{first} holds {theirs.kind} ({theirs.reason}) and {name} {mine.kind} ({mine.reason}):"
            f" {do}"
        )
    if mine.total is None or theirs.total is None:
        return
    if abs(mine.total - theirs.total) > _SAME_TOTAL * theirs.total:
        raise DataError(
            f"Observations add up to {theirs.total:.4g} before the logarithm in {first} and to"
            f" {mine.total:.4g} in {name}: {do}"
        )
