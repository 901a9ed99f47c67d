"""What kind of numbers a matrix holds, told from the numbers alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig.engine.nonfinite import no_number
from cytosig.engine.passes import collect
from cytosig.engine.prepare import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks import Block, RowBlocks

Kind = Literal["counts", "linear", "log1p", "log2", "contrasts"]
_LARGEST_LOG = 50.0  # log2 of the largest plausible count is below this; counts and TPM are not
_LARGEST_LN_CP10K = 10.5  # ln(1e4 + 1) = 9.2
_SPREAD = 0.02
_BASE = {"log1p": math.e, "log2": 2.0}


@dataclass(frozen=True, slots=True)
class Values:
    """What the values are and the sentence that says why.

    Parameters
    ----------
    kind, reason
        The verdict and what it rests on.
    base
        Of log(x + 1); None where the values are something else.
    total
        What every row adds up to once the logarithm is undone; None where rows differ.
    """

    kind: Kind
    reason: str
    base: float | None = None
    total: float | None = None


def recognise(rows: RowBlocks, /, *, n_jobs: int | None = None) -> Values:
    """Tell raw counts, linear values, logarithms and contrasts apart.

    Parameters
    ----------
    rows
        The matrix; a spread of at most 200 rows is looked at, and all of it only when those
        look like counts.
    n_jobs
        Threads; all cores when None.

    Returns
    -------
    Values
        ``counts`` (non-negative whole numbers), ``linear`` (non-negative, too large for
        logarithms: TPM, CPM, FPKM), ``log1p`` and ``log2`` (logged, natural or base 2), or
        ``contrasts`` (both signs around zero: log fold changes, scaled values).
    """
    block = rows.sample()
    data = block.data[np.isfinite(block.data)].astype(np.float64)
    if data.size == 0 or not data.any():
        return Values("log1p", "no non-zero value among the rows looked at", math.e)
    low, high = float(data.min()), float(data.max())
    if low < 0:
        return _with_negatives(block, rows.shape[1], low, high)
    if np.array_equal(data, np.round(data)) and high > 1 and all_whole(rows, n_jobs):
        return Values("counts", f"non-negative whole numbers up to {high:g}")
    if high > _LARGEST_LOG:
        return Values("linear", f"non-negative values up to {high:g}, too large for logarithms")
    return _logged(block, high)


def all_whole(rows: RowBlocks, n_jobs: int | None, /) -> bool:
    """Whether all values are non-negative whole numbers."""
    return all(collect(Rows.as_stored(rows), _whole, n_jobs=n_jobs))


def _whole(block: Block) -> bool:
    finite = block.data[np.isfinite(block.data)]
    return bool((finite == np.round(finite)).all() and (finite >= 0).all())


def _logged(block: Block, high: float) -> Values:
    undone: dict[Kind, Any] = {"log1p": np.expm1, "log2": lambda x: np.exp2(x) - 1}
    for kind, undo in undone.items():
        totals = np.add.reduceat(
            np.append(undo(block.data.astype(np.float64)), 0.0), block.indptr[:-1]
        )[np.diff(block.indptr) > 0]
        totals = totals[np.isfinite(totals)]  # what is not finite is named later
        if totals.size > 1 and totals.std() < _SPREAD * totals.mean():
            reason = f"undoing {kind} gives rows of equal sum ({totals.mean():.4g})"
            return Values(kind, reason, _BASE[kind], float(totals.mean()))
    if high > _LARGEST_LN_CP10K:
        return Values("log2", f"non-negative values up to {high:.3g}: read as log2(x + 1)", 2.0)
    reason = f"non-negative values up to {high:.3g}: read as natural log(x + 1)"
    return Values("log1p", reason, math.e)


def _with_negatives(block: Block, n_genes: int, low: float, high: float) -> Values:
    """Logged expression has a floor that many genes share; contrasts centre on zero."""
    dense = block.to_scipy(n_genes).toarray().astype(np.float64)
    dense = np.where(no_number(dense), 0.0, dense)
    n_lowest = (dense == dense.min(axis=1, keepdims=True)).sum(axis=1)
    floor = (n_lowest - 1) / n_genes
    centred = np.abs(np.median(dense, axis=1)) <= 0.35 * dense.std(axis=1)
    mostly_zero = np.median((dense == 0).mean(axis=1)) > 0.5
    has_floor = np.median(floor) > 0.005 and n_genes > 20 and not mostly_zero
    if not has_floor and (centred.mean() >= 0.8 or _scaled(dense)):
        return Values("contrasts", f"values from {low:.3g} to {high:.3g} centred on zero")
    return Values("log2", f"values from {low:.3g} to {high:.3g}, not centred: read as log2")


def _scaled(dense: NDArray[np.float64]) -> bool:
    """Genes centred on zero over the rows, as scaling them leaves them."""
    if len(dense) < 10:
        return False
    spread = dense.std(axis=0)
    near = np.abs(dense.mean(axis=0)) <= 3 * spread / np.sqrt(len(dense))
    return bool(near.mean() >= 0.8)
