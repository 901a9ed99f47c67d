"""False discovery rates in two levels: first families (cytokines), then their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.stats.groups import fdr

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def two_levels(p: ArrayLike, family: ArrayLike, /) -> Array:
    """The least level at which each test is found by families first, then inside the family.

    At level α, the R of m families are chosen whose Simes p passes Benjamini-Hochberg at α, and
    inside each of them the tests that pass it at α·R/m (Benjamini and Bogomolov, J. R. Stat.
    Soc. B 2014;76:297). That keeps the expected share of false discoveries, averaged over the
    chosen families, at or below α; where nothing is true, it is the chance of finding anything.

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
    edges = np.flatnonzero(np.diff(code[order])) + 1
    members = np.split(known[order], edges)
    inside = [fdr(values[tests]) for tests in members]
    # Simes' p of a family is the least adjusted p of its members
    whole = fdr([one.min() for one in inside])
    steps = np.sort(whole)  # level at which 1, 2, ... m families are chosen
    m = len(members)
    number = np.arange(1, m + 1)
    rank = np.searchsorted(steps, whole, side="left")
    for tests, one, first in zip(members, inside, rank, strict=True):
        levels = np.maximum(steps[None, first:], one[:, None] * m / number[None, first:])
        found[tests] = np.minimum(levels.min(axis=1), 1.0)
    return found
