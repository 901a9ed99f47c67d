"""False discovery rates in two levels: first families (cytokines), then their members.

At level α, the R of m families are chosen whose own p passes Benjamini-Hochberg at α, and inside
each of them the tests found by a procedure that keeps its false discovery rate at α·R/m (Benjamini
and Bogomolov, J. R. Stat. Soc. B 2014;76:297). That keeps the share of false discoveries,
averaged over the chosen families, at or below α on average; where nothing is true, α bounds the
chance of finding anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def two_levels(p: ArrayLike, family: ArrayLike, /) -> Array:
    """The least level at which each test is found by families first, then inside the family.

    A family's p is that of Simes, and inside it tests pass by Benjamini-Hochberg.

    Parameters
    ----------
    p
        One p a test; NaN is no test.
    family
        Label of each test's family.

    Returns
    -------
    Q of every test, between 0 and 1.

    Examples
    --------
    >>> two_levels([0.001, 0.2, 0.8, 0.9], ["IL6", "IL6", "TNF", "TNF"]).round(3).tolist()
    [0.004, 0.4, 0.9, 0.9]
    """
    values = np.asarray(p, dtype=np.float64)
    found = np.full(values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return found
    _, code = np.unique(np.asarray(family)[known], return_inverse=True)
    order = np.argsort(code, kind="stable")
    members = np.split(known[order], np.flatnonzero(np.diff(code[order])) + 1)
    inside = [_adjusted(values[tests]) for tests in members]
    # Simes' p of a family is the least adjusted p of its members
    levels = _least_levels(inside, [one.min() for one in inside])
    for tests, q in zip(members, levels, strict=True):
        found[tests] = q
    return found


def crossed(first: Array, second: Array, /) -> Array:
    """As :func:`two_levels`, for pairs that are true where both of their ends are.

    A family holds every pair of a first and a second end. It has a true pair where it has a true
    first and a true second end, so its p is the larger of the two Simes p. Inside it a pair is
    found where both ends pass Benjamini-Hochberg at half the level: the share of false pairs is at
    most that of false first ends plus that of false second ends.

    Parameters
    ----------
    first
        Families × first ends; NaN is no test.
    second
        Families × first ends × second ends: P of the second end, in the light of the first.

    Returns
    -------
    Q, families × first ends × second ends.

    Examples
    --------
    >>> first = np.array([[0.001, 0.6], [0.3, 0.7]])
    >>> second = np.array([[[0.5, 0.002]] * 2, [[0.4, 0.9]] * 2])
    >>> crossed(first, second).round(3)[0]
    array([[1.   , 0.016],
           [1.   , 1.   ]])
    """
    found = np.full(second.shape, np.nan)
    families, inside, whole = [], [], []
    for k, (one, other) in enumerate(zip(first, second, strict=True)):
        both = np.maximum(one[:, None], other)
        if np.isnan(both).all():
            continue
        mine, yours = _adjusted(one), _adjusted_ends(other)
        families.append(k)
        inside.append(np.minimum(2 * np.maximum(mine[:, None], yours), 1.0).ravel())
        whole.append(max(np.nanmin(mine), np.nanmin(yours)))
    for k, q in zip(families, _least_levels(inside, whole), strict=True):
        found[k] = q.reshape(found[k].shape)
    return found


def _adjusted(p: Array) -> Array:
    """P adjusted by Benjamini and Hochberg, NaN left out.

    As :func:`cytosig.stats.groups.fdr`, at a twentieth of its time: there are hundreds of families.
    """
    found = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    ranked = p[order] * (len(order) / np.arange(1, len(order) + 1))
    found[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return found


def _adjusted_ends(p: Array) -> Array:
    """Second ends adjusted among themselves; among all pairs where first ends matter to them."""
    rows = p[~np.isnan(p).all(axis=1)]
    if len(rows) and np.array_equal(rows, np.broadcast_to(rows[0], rows.shape), equal_nan=True):
        return np.where(np.isnan(p), np.nan, _adjusted(rows[0])[None, :])
    return _adjusted(p.ravel()).reshape(p.shape)


def _least_levels(inside: Sequence[Array], whole: Sequence[float]) -> list[Array]:
    """Least level at which each member is found.

    ``inside`` are the levels that the members need inside their family, ``whole`` the p of the
    families. With r of m families chosen at least at the r-th smallest adjusted p, a member needs
    the larger of that and of its own level times m/r; the best r counts.
    """
    adjusted = _adjusted(np.array(whole, dtype=np.float64))
    steps, m = np.sort(adjusted), len(whole)
    number = np.arange(1, m + 1)
    first = np.searchsorted(steps, adjusted, side="left")
    return [
        np.minimum(
            np.maximum(steps[None, start:], one[:, None] * m / number[None, start:]).min(axis=1),
            1.0,
        )
        for one, start in zip(inside, first, strict=True)
    ]
