"""The methods as their papers and R packages define them, in plain numpy and scipy, slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Columns = Sequence[NDArray[np.intp]]

ALPHA = 0.25
AUC_SHARE = 0.05


def singscore(values: NDArray, columns: Columns, /) -> Floats:
    """Mean rank of the genes, ascending, between its smallest and largest; centred."""
    n_all = values.shape[1]
    ranks = rankdata(values, method="average", axis=1)
    found = []
    for members in columns:
        n = len(members)
        lowest, highest = (n + 1) / 2, (2 * n_all - n + 1) / 2
        found.append((ranks[:, members].mean(axis=1) - lowest) / (highest - lowest) - 0.5)
    return np.stack(found, axis=1)


def ssgsea(values: NDArray, columns: Columns, /) -> Floats:
    """Sum over positions of the weighted share of members seen minus the share of others."""
    n_all = values.shape[1]
    ranks = rankdata(values, method="average", axis=1)
    found = []
    for members in columns:
        r = ranks[:, members]
        inside = (r ** (1 + ALPHA)).sum(axis=1) / (r**ALPHA).sum(axis=1)
        outside = (n_all * (n_all + 1) / 2 - r.sum(axis=1)) / (n_all - len(members))
        found.append(inside - outside)
    return np.stack(found, axis=1)


def aucell(values: NDArray, columns: Columns, runs: int, rng: np.random.Generator, /) -> Floats:
    """Mean of ``runs`` runs of AUCell's AUC, ties broken at random.

    A random order of the genes, then a stable sort, breaks ties at random. The runs come in
    pairs, an order and its reverse, whose errors partly cancel.
    """
    codes = _codes(values)
    total = np.zeros((len(values), len(columns)))
    for _ in range(runs // 2):
        order = rng.permutation(values.shape[1])
        for shuffled in (order, order[::-1]):
            total += _auc(_ranks(codes, shuffled), columns)
    return total / (runs // 2 * 2)


def _codes(values: NDArray, /) -> NDArray[np.uint16]:
    """For each cell, small whole numbers in descending order of its values, equal where tied."""
    return np.stack([np.unique(-row, return_inverse=True)[1] for row in values]).astype(np.uint16)


def _ranks(codes: NDArray[np.uint16], order: NDArray[np.intp], /) -> NDArray[np.int32]:
    """Descending ranks from 1, ties in the order given."""
    sorted_genes = order[np.argsort(codes[:, order], axis=1, kind="stable")]
    ranks = np.empty(codes.shape, dtype=np.int32)
    places = np.arange(1, codes.shape[1] + 1, dtype=np.int32)
    np.put_along_axis(ranks, sorted_genes, np.broadcast_to(places, codes.shape), axis=1)
    return ranks


def _auc(ranks: NDArray[np.int32], columns: Columns, /) -> Floats:
    """Area under the recovery curve up to the top 5 %, over its largest, as in AUCell's R code."""
    top = int(np.ceil(AUC_SHARE * ranks.shape[1]))
    found = []
    for members in columns:
        ideal = np.arange(1, len(members) + 1)
        ideal = ideal[ideal < top]
        largest = (np.diff(np.append(ideal, top)) * np.arange(1, len(ideal) + 1)).sum()
        found.append(np.maximum(top - ranks[:, members], 0).sum(axis=1) / largest)
    return np.stack(found, axis=1)


def expected_aucell(values: NDArray, columns: Columns, /) -> Floats:
    """The same AUC with each tied gene's area averaged over the ranks of its ties."""
    n_all = values.shape[1]
    top = int(np.ceil(AUC_SHARE * n_all))
    area = np.concatenate([[0], np.cumsum(np.maximum(top - np.arange(1, n_all + 1), 0.0))])
    last = rankdata(-values, method="max", axis=1).astype(int)
    first = rankdata(-values, method="min", axis=1).astype(int)
    gain = (area[last] - area[first - 1]) / (last - first + 1)
    largest = [sum(top - i for i in range(1, min(len(c), top - 1) + 1)) for c in columns]
    return np.stack([gain[:, c].sum(axis=1) / m for c, m in zip(columns, largest, strict=True)], 1)
