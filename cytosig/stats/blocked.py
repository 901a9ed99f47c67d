"""Do groups differ within blocks? Permutation inside every block, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.stats.estimate import never_zero

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

_RANK = 1e-9
_ROUNDING = 1e-12


def blocked_permutation(values: ArrayLike, /) -> Array:
    """P that groups do not differ, of values that are exchangeable among the groups of a block.

    T_c = Σ_s (A_sc − Ā_s) has, over permutations inside each block, mean 0 and a covariance that
    is known: with K_s groups and mean square v_s in block s, v_s on the diagonal and
    −v_s/(K_s − 1) beside it. T'Σ⁺T is then χ² with the rank of Σ as degrees of freedom in the
    limit of many blocks; where every block has all K groups it is (K−1)/(K·V)·ΣT_c², V = Σv_s
    (Friedman's statistic, with values in place of ranks).

    Parameters
    ----------
    values
        Blocks × groups × features; NaN where a block has not that group.

    Returns
    -------
    P of every feature; NaN where fewer than two blocks have two groups, or nothing varies.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[1.0, 2.0, 3.0], [1.5, 2.5, 3.5], [0.0, 2.0, 3.0]])[:, :, None]
    >>> blocked_permutation(values).round(4)
    array([0.0581])
    """
    from scipy.special import gammaincc

    a = np.asarray(values, dtype=np.float64)
    there = ~np.isnan(a)
    k = there.sum(axis=1)  # blocks × features
    safe = np.maximum(k, 1)
    rest = np.where(there, a - (np.where(there, a, 0.0).sum(axis=1) / safe)[:, None], 0.0)
    rest[np.broadcast_to((k < 2)[:, None], rest.shape)] = 0.0
    rest[np.abs(rest) <= _ROUNDING * np.abs(a)] = 0.0
    square = (rest**2).sum(axis=1) / safe
    total = rest.sum(axis=0)  # groups × features
    beside = np.where(k > 1, square / np.maximum(k - 1, 1), 0.0)
    pairs = np.einsum("scf,sdf->sfcd", there, there, dtype=np.float64, optimize=True)
    covariance = -np.einsum("sf,sfcd->fcd", beside, pairs)
    own = np.einsum("sf,scf->fc", square, there.astype(np.float64))
    index = np.arange(a.shape[1])
    covariance[:, index, index] = own
    root, vectors = np.linalg.eigh(covariance)
    largest = root.max(axis=1, initial=0.0)
    used = root > _RANK * np.where(largest > 0, largest, 1.0)[:, None]
    turned = np.einsum("fcd,cf->fd", vectors, total)
    q = np.where(used, turned**2 / np.where(used, root, 1.0), 0.0).sum(axis=1)
    df = used.sum(axis=1)
    enough = (df > 0) & ((k > 1).sum(axis=0) > 1)
    return np.where(enough, never_zero(gammaincc(np.maximum(df, 1) / 2, q / 2)), np.nan)
