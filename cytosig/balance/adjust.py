"""The balance with the content of immune cells and stroma held constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.balance.measures import Gauge

    Array = NDArray[np.float64]

CONTENT = ("immune_content", "stromal_content")
"""Programmes that stand for how much of a sample is immune cells and stroma."""
FEWEST = 10
"""Reference samples an adjustment needs."""


@dataclass(frozen=True)
class Adjustment:
    """A regression of the balance on content, over the reference.

    Parameters
    ----------
    names
        Programmes held constant.
    slope
        One a programme: change of the balance with one unit of it.
    root
        Lower triangle L with L·Lᵀ the covariance of the slopes' errors.
    away
        Samples × programmes, from the mean of the reference.
    reason
        Why there is none; empty where there is one.
    """

    names: tuple[str, ...]
    slope: Array
    root: Array
    away: Array
    reason: str = ""

    def shift(self, draws: Array | None = None, /) -> Array:
        """What is taken off the balance of every sample (or of each draw: draws × samples)."""
        if draws is None:
            found: Array = np.einsum("np,p->n", self.away, self.slope)
            return found
        slopes = self.slope + np.einsum("dp,qp->dq", draws, self.root)
        drawn: Array = np.einsum("np,dp->dn", self.away, slopes)
        return drawn


def fit_adjustment(gauge: Gauge, view: str, balance: Array, names: Sequence[str], /) -> Adjustment:
    """Regress the balance of the reference samples on these programmes, by least squares."""
    if not names:
        return _none(gauge, 0, "not asked for")
    taken = [gauge.take(name, view) for name in names]
    x = np.column_stack([one.reference for one in taken])
    known = ~np.isnan(x).any(axis=1) & ~np.isnan(balance)
    n, p = int(known.sum()), len(names)
    lost = [name for name, one in zip(names, x.T, strict=True) if np.isnan(one).all()]
    if lost:
        return _none(gauge, p, f"{', '.join(lost)} not measured")
    if n < max(FEWEST, p + 3):
        return _none(gauge, p, f"{n} reference samples, {max(FEWEST, p + 3)} are needed")
    mean = x[known].mean(axis=0)
    centred, y = x[known] - mean, balance[known] - balance[known].mean()
    gram = np.einsum("np,nq->pq", centred, centred)
    if np.linalg.matrix_rank(gram) < p:
        return _none(gauge, p, "the content does not vary over the reference")
    slope = np.linalg.solve(gram, np.einsum("np,n->p", centred, y))
    residual = y - np.einsum("np,p->n", centred, slope)
    variance = float((residual**2).sum()) / (n - p - 1)
    root: Array = np.sqrt(variance) * np.asarray(np.linalg.cholesky(np.linalg.inv(gram)))
    here = np.column_stack([one.samples for one in taken])
    return Adjustment(tuple(names), slope, root, here - mean)


def _none(gauge: Gauge, p: int, reason: str) -> Adjustment:
    nothing = np.zeros((gauge.samples.n_samples, p))
    return Adjustment((), np.zeros(p), np.zeros((p, p)), nothing, reason)
