"""Signatures and axes as sets of raised and lowered genes, for methods that do not weigh genes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.plan import axis_members
from cytosig.methods import Sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class NamedSets:
    """Sets with their names, signatures before axes."""

    columns: tuple[str, ...]
    n_signatures: int
    sets: Sets


def make_sets(weights: Array, ids: Sequence[str], catalogue: Catalogue, /) -> NamedSets:
    """The sets of all signatures and axes.

    An axis raises the genes that its members raise on the whole, by the mean of their signatures
    at unit length, as the linear methods weigh it.

    Parameters
    ----------
    weights
        Genes × signatures, over the whole gene universe.
    ids
        Signature ids.
    catalogue
        Where they and their axes come from.
    """
    used = np.flatnonzero(weights.any(axis=1))
    dense = weights[used]
    names, members = axis_members(dense, ids, catalogue.axes)
    joint = np.einsum("gs,sa->ga", dense, members)  # too small for the threads of a product
    joint[np.abs(joint) < 1e-12] = 0.0  # members that cancel each other out
    every = np.hstack([dense, joint])
    raised, lowered = np.zeros((2, len(weights), every.shape[1]), dtype=np.bool_)
    raised[used], lowered[used] = every > 0, every < 0
    listed = np.array([_listed(catalogue, [id]) for id in ids]).reshape(-1, 2)
    of_axes = [_listed(catalogue, [id for id in ids if id in catalogue.axes[n].members])
               for n in names]  # fmt: skip
    n_listed = np.vstack([listed, np.array(of_axes, dtype=np.int64).reshape(-1, 2)])
    return NamedSets((*ids, *names), len(ids), Sets(raised, lowered, n_listed))


def _listed(catalogue: Catalogue, ids: Sequence[str]) -> tuple[int, int]:
    """Genes that the signatures together raise and lower, present or not."""
    total: dict[str, float] = {}
    for id in ids:
        weights = catalogue.signatures[id].weights
        length = np.sqrt(sum(w * w for w in weights.values())) if len(ids) > 1 else 1.0
        for gene, weight in weights.items():
            total[gene] = total.get(gene, 0.0) + weight / length
    return sum(w > 1e-12 for w in total.values()), sum(w < -1e-12 for w in total.values())
