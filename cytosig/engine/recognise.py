"""What kind of numbers a matrix holds, told from the numbers alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig.engine.nonfinite import no_number, refuse_negative
from cytosig.engine.passes import collect
from cytosig.engine.prepare import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.blocks import Block, RowBlocks
    from cytosig.engine.nonfinite import Names

Kind = Literal["counts", "linear", "log1p", "log2", "contrasts"]
_LARGEST_LOG = 50.0  # log2 of the largest plausible count is below this; counts and TPM are not
_LARGEST_LN_CP10K = 10.5  # ln(1e4 + 1) = 9.2
_SPREAD = 0.02  # of the totals of rows, relative to their mean
_SAME = 1e-3  # the same, where nothing had to be undone
_PEAK = 20  # largest value of linear expression, in means of all values, zeros too
_FEW = 0.01  # negative ones among the values other than 0: no contrasts
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


def recognise(
    rows: RowBlocks,
    /,
    *,
    n_jobs: int | None = None,
    names: Names | None = None,
    strict: bool = True,
) -> Values:
    """Tell raw counts, linear values, logarithms and contrasts apart.

    Parameters
    ----------
    rows
        The matrix; a spread of at most 200 rows is looked at, and all of it unless those add up to
        one total, as they are or once a logarithm is undone.
    n_jobs
        Threads; all cores when None.
    names
        Of observations and of columns, for errors.
    strict
        Refuse negative values among what is otherwise counts, or too large for logarithms; they
        are taken for logarithms all the same when False.

    Returns
    -------
    Values
        ``counts`` (non-negative whole numbers), ``linear`` (non-negative, too large for
        logarithms or of one total: TPM, CPM, FPKM), ``log1p`` and ``log2`` (logged, natural or
        base 2), or ``contrasts`` (both signs around zero: log fold changes, scaled values).

    Raises
    ------
    DataError
        When ``strict`` refuses.
    """
    block = rows.sample()
    seen = _Extent.of(block)
    if seen.low >= 0 and seen.high <= _LARGEST_LOG and not seen.whole:
        told = _of_one_total(block, rows.shape[1])
        if told is not None:
            return told
    seen = _Extent.of_all(rows, n_jobs)
    if not seen.n:
        return Values("log1p", "no non-zero value", math.e)
    if seen.low < 0:
        told, strays = _with_negatives(rows, seen)
        if strict and strays:
            refuse_negative(rows, seen.n_negative, seen.high, names)
        return told
    if seen.whole and seen.high > 1:
        return Values("counts", f"non-negative whole numbers up to {seen.high:g}")
    if seen.high > _LARGEST_LOG:
        reason = f"non-negative values up to {seen.high:g}, too large for logarithms"
        return Values("linear", reason)
    return _guessed(seen.high)


@dataclass(frozen=True, slots=True)
class _Extent:
    """Of the values other than 0 that are finite."""

    n: int = 0
    n_negative: int = 0
    low: float = 0.0
    high: float = 0.0
    whole: bool = True

    @property
    def two_sided(self) -> bool:
        """Not intensities of which a background was taken off."""
        return self.n_negative > 0.25 * self.n and self.high < -100 * self.low

    @classmethod
    def of(cls, block: Block, /) -> _Extent:
        values = block.data[np.isfinite(block.data)]
        values = values[values != 0]
        if not values.size:
            return cls()
        low, n_negative = float(values.min()), 0
        if low < 0:
            n_negative = int((values < 0).sum())
        whole = np.array_equal(values, np.round(values))
        return cls(values.size, n_negative, low, float(values.max()), whole)

    @classmethod
    def of_all(cls, rows: RowBlocks, n_jobs: int | None, /) -> _Extent:
        parts = [part for part in collect(Rows.as_stored(rows), cls.of, n_jobs=n_jobs) if part.n]
        return cls(
            sum(part.n for part in parts),
            sum(part.n_negative for part in parts),
            min((part.low for part in parts), default=0.0),
            max((part.high for part in parts), default=0.0),
            all(part.whole for part in parts),
        )


def all_whole(rows: RowBlocks, n_jobs: int | None, /) -> bool:
    """Whether all values are non-negative whole numbers."""
    return all(collect(Rows.as_stored(rows), _whole, n_jobs=n_jobs))


def _whole(block: Block) -> bool:
    finite = block.data[np.isfinite(block.data)]
    return bool((finite == np.round(finite)).all() and (finite >= 0).all())


def _of_one_total(block: Block, n_genes: int) -> Values | None:
    """What rows are that all add up to the same, as they are or once a logarithm is undone."""
    x = block.data.astype(np.float64)
    undone: dict[Kind, Any] = {"log1p": np.expm1(x), "log2": np.exp2(x) - 1}
    sums = {kind: _spread(values, block) for kind, values in undone.items()}
    spread, mean = _spread(x, block)
    # After quantile normalisation they do in every way; levels of logarithms are close together.
    sharper = spread < _SAME and 10 * spread < min(other for other, _ in sums.values())
    if sharper and x.max() > _PEAK * mean / n_genes:
        return Values("linear", f"rows of equal sum ({mean:.4g})")
    for kind, (spread, mean) in sums.items():
        if spread < _SPREAD:
            reason = f"undoing {kind} gives rows of equal sum ({mean:.4g})"
            return Values(kind, reason, _BASE[kind], mean)
    return None


def _spread(values: NDArray[np.float64], block: Block) -> tuple[float, float]:
    """Relative deviation of the totals of rows, infinite where it says nothing, and their mean."""
    totals = np.add.reduceat(np.append(values, 0.0), block.indptr[:-1])
    totals = totals[np.diff(block.indptr) > 0]
    totals = totals[np.isfinite(totals) & (totals > 0)]  # what is not finite is named later
    if totals.size < 2:
        return math.inf, math.nan
    return float(totals.std() / totals.mean()), float(totals.mean())


def _guessed(high: float) -> Values:
    if high > _LARGEST_LN_CP10K:
        return Values("log2", f"non-negative values up to {high:.3g}: read as log2(x + 1)", 2.0)
    reason = f"non-negative values up to {high:.3g}: read as natural log(x + 1)"
    return Values("log1p", reason, math.e)


def _with_negatives(rows: RowBlocks, seen: _Extent) -> tuple[Values, bool]:
    """Logged expression has a floor that many genes share; contrasts centre on zero.

    Also whether they are neither, by their size or for being few among whole numbers.
    """
    n_genes = rows.shape[1]
    dense = rows.sample().to_scipy(n_genes).toarray().astype(np.float64)
    dense = np.where(no_number(dense), 0.0, dense)
    n_lowest = (dense == dense.min(axis=1, keepdims=True)).sum(axis=1)
    floor = (n_lowest - 1) / n_genes
    centred = np.abs(np.median(dense, axis=1)) <= 0.35 * dense.std(axis=1)
    mostly_zero = np.median((dense == 0).mean(axis=1)) > 0.5
    has_floor = np.median(floor) > 0.005 and n_genes > 20 and not mostly_zero
    few = seen.n_negative < _FEW * seen.n
    balanced = centred.mean() >= 0.8 and (seen.high <= _LARGEST_LOG or seen.two_sided)
    if not has_floor and not few and (balanced or _scaled(dense)):
        reason = f"values from {seen.low:.3g} to {seen.high:.3g} centred on zero"
        return Values("contrasts", reason), False
    reason = f"values from {seen.low:.3g} to {seen.high:.3g}, not centred: read as log2"
    return Values("log2", reason), seen.high > _LARGEST_LOG or (few and seen.whole)


def _scaled(dense: NDArray[np.float64]) -> bool:
    """Genes centred on zero over the rows, as scaling them leaves them."""
    if len(dense) < 10:
        return False
    spread = dense.std(axis=0)
    near = np.abs(dense.mean(axis=0)) <= 3 * spread / np.sqrt(len(dense))
    return bool(near.mean() >= 0.8)
