"""Gene means and standard deviations that observations are centred and scaled on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.engine.passes import add_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cytosig.engine.prepare import Rows

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What to subtract and divide by, for each group of observations.

    Parameters
    ----------
    mean, inverse_sd
        Batches × genes, or one row that serves all batches.
    """

    mean: NDArray[np.float64]
    inverse_sd: NDArray[np.float64]

    def group(self, batch: NDArray[np.int64], /) -> NDArray[np.int64]:
        """The row that serves each observation, from its batch."""
        return batch if len(self.mean) > 1 else np.zeros_like(batch)


def power_sums(y: Array, /) -> Array:
    """Σy, Σy², Σy³ and Σy⁴ of every row, rows × 4."""
    square = y * y
    sums = [part.sum(axis=1) for part in (y, square, square * y, square * square)]
    return np.stack(sums, axis=1)


def untouched(n_genes: int, /) -> Moments:
    """No centring, no scaling."""
    return fixed(np.zeros(n_genes), None)


def fixed(mean: NDArray[np.float64], sd: NDArray[np.float64] | None, /) -> Moments:
    """The same given moments for every observation."""
    inverse = np.ones_like(mean) if sd is None else _inverse(sd)
    return Moments(mean[None], inverse[None])


@dataclass(frozen=True)
class Measured:
    """Means and standard deviations of every gene in every group.

    Parameters
    ----------
    mean, sd
        Groups × genes.
    n_used
        Observations of each group they were taken on, those without a value left out.
    """

    mean: Array
    sd: Array
    n_used: NDArray[np.int64]

    def moments(self, *, scale: bool) -> Moments:
        """What to subtract, and with ``scale`` what to divide by.

        That is the standard deviation inside groups, pooled over them. Genes that do not vary
        are divided by the median of those that do.

        Raises
        ------
        DataError
            When ``scale`` is asked for and no group has two observations.
        """
        if not scale:
            return Moments(self.mean, np.ones_like(self.sd))
        weight = np.maximum(self.n_used - 1, 0)[:, None]
        if not weight.any() and self.n_used.any():
            raise DataError(
                "Genes can be put on unit variance only with at least two observations to centre on"
                " in one of the batches; each has one. Leave scale=True or method='zscore' out, or"
                " centre on more observations."
            )
        pooled = np.sqrt((weight * self.sd**2).sum(axis=0) / max(weight.sum(), 1))
        return Moments(self.mean, np.tile(_inverse(pooled), (len(self.mean), 1)))


def measure(
    rows: Rows,
    group: NDArray[np.int64],
    use: NDArray[np.bool_],
    /,
    *,
    n_jobs: int | None,
    tick: Callable[[int], None] | None = None,
) -> Measured:
    """Means and standard deviations (n − 1) over the observations in ``use``, for each group.

    Observations without any non-zero value are not scored and do not count here either.

    Parameters
    ----------
    rows
        The matrix.
    group
        Group of every observation, 0 ... n−1.
    use
        Observations the moments are taken on; every group has at least one.
    """
    n_groups = int(group.max()) + 1 if group.size else 1
    sums = add_up(rows, np.where(use, group, -1), n_groups, n_jobs=n_jobs, tick=tick)
    n = np.maximum(sums.found.n_used, 1).astype(np.float64)[:, None]  # only empty ones: 0 stays 0
    mean = sums.total() / n
    with np.errstate(invalid="ignore", over="ignore"):  # infinities are named by the caller
        return Measured(mean, _sd(sums.total(2), mean, n), sums.found.n_used)


def _sd(squares: Array, mean: Array, n: Array) -> Array:
    variance = np.maximum(squares - n * mean**2, 0.0) / np.maximum(n - 1, 1)
    variance[variance < 1e-12 * squares / n] = 0.0
    return np.asarray(np.sqrt(variance))


def _inverse(sd: NDArray[np.float64]) -> NDArray[np.float64]:
    usual = float(np.median(sd[sd > 0])) if (sd > 0).any() else 1.0
    return np.asarray(1.0 / np.where(sd > 0, sd, usual))
