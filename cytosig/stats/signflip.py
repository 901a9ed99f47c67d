"""Sign flips: what a mean over samples could have been, had every sample's sign been chance.

Under the null that the differences of the samples are symmetric around 0, every choice of signs
is as likely as the one seen (Fisher 1935). Up to 14 samples all of them are counted; beyond, the
tail of Σ ±|d| comes from its saddlepoint (Lugannani and Rice, Adv. Appl. Probab. 1980;12:475;
Robinson, Ann. Stat. 1982;10:841), since K(t) = Σ log cosh(t·d) is known in closed form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

MOST_EXACT = 14
_ROUNDING = 1e-10
_HALVINGS = 60
_COLUMNS = 256


def sign_flip(differences: ArrayLike, /) -> tuple[Array, Array]:
    """One-sided p of every column's mean being above 0, and the least p it could have had.

    Parameters
    ----------
    differences
        Samples × features; NaN where a sample has none.

    Returns
    -------
    p, floor
        The share of sign choices whose sum is at least the one seen, and 2^-n for n samples with
        a value. NaN where no sample has one.

    Raises
    ------
    DataError
        When a difference is infinite.

    Examples
    --------
    >>> p, floor = sign_flip([[1.0, 1.0], [2.0, -1.0], [3.0, 0.5]])
    >>> p.tolist(), floor.tolist()
    ([0.125, 0.5], [0.125, 0.125])
    """
    d = np.asarray(differences, dtype=np.float64)
    d = d[:, None] if d.ndim == 1 else d
    if np.isinf(d).any():
        message = f"{int(np.isinf(d).sum())} differences are infinite: make them finite or NaN."
        raise DataError(message)
    n = (~np.isnan(d)).sum(axis=0)
    floor = np.where(n > 0, 0.5 ** n.astype(np.float64), np.nan)
    p = np.full(d.shape[1], np.nan)
    few = n <= MOST_EXACT
    for chosen, tail in ((few, _counted), (~few, _saddlepoint)):
        for size in np.unique(n[chosen & (n > 0)]):
            here = np.flatnonzero(chosen & (n == size))
            # the values that are there, in the samples' order
            order = np.argsort(np.isnan(d[:, here]), axis=0, kind="stable")[:size]
            p[here] = tail(np.take_along_axis(d[:, here], order, axis=0))
    return p, floor


def _counted(d: Array) -> Array:
    """Share of all sign choices whose sum is at least the one seen."""
    n, k = d.shape
    # half of the choices: the others are their negatives
    signs = 1.0 - 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
    near = _ROUNDING * np.abs(d).sum(axis=0)
    found = np.empty(k)
    for start in range(0, k, _COLUMNS):
        part = slice(start, start + _COLUMNS)
        sums = signs @ d[:, part]
        seen = d[:, part].sum(axis=0) - near[part]
        found[part] = ((sums >= seen).mean(axis=0) + (sums <= -seen).mean(axis=0)) / 2
    return found


def _saddlepoint(d: Array) -> Array:
    """Upper tail of Σ ±|d| at the sum seen."""
    from scipy.special import log_ndtr, ndtr

    size = np.abs(d).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    a = np.abs(d) / size
    x, most = d.sum(axis=0) / size, a.sum(axis=0)
    sd = np.sqrt((a**2).sum(axis=0))
    end = most - np.abs(x) <= _ROUNDING * most  # all signs alike: one choice of 2^n, or all
    middle = np.abs(x) <= 1e-6 * sd
    usual = ~end & ~middle & (sd > 0)
    p = np.where(sd > 0, 0.5, 1.0)
    p[end] = np.where(x[end] > 0, 0.5 ** (a[:, end] > 0).sum(axis=0), 1.0)
    if usual.any():
        t = _solved(a[:, usual], x[usual])
        cgf = _log_cosh(t * a[:, usual]).sum(axis=0)
        curve = (a[:, usual] ** 2 / np.cosh(np.minimum(np.abs(t * a[:, usual]), 300)) ** 2).sum(0)
        w = np.sign(t) * np.sqrt(np.maximum(2 * (t * x[usual] - cgf), 0))
        u = t * np.sqrt(curve)
        density = np.exp(-0.5 * w**2) / np.sqrt(2 * np.pi)
        tail = ndtr(-w) + density * (1 / u - 1 / w)
        # far out the two terms cancel; Barndorff-Nielsen's form does not
        far = np.exp(log_ndtr(-(w + np.log(u / w) / w)))
        p[usual] = np.clip(np.where(tail > 1e-12, tail, far), 0.5 ** len(d), 1.0)
    return p


def _solved(a: Array, x: Array) -> Array:
    """The t with Σ a·tanh(t·a) = x, by bisection in t/(1 + |t|), which keeps to (-1, 1)."""
    low, high = np.full(x.shape, -1.0), np.full(x.shape, 1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        t = middle / (1 - np.abs(middle))
        below = (a * np.tanh(t * a)).sum(axis=0) < x
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    middle = (low + high) / 2
    found: Array = middle / (1 - np.abs(middle))
    return found


def _log_cosh(x: Array) -> Array:
    size = np.abs(x)
    found: Array = size + np.log1p(np.exp(-2 * size)) - np.log(2)
    return found
