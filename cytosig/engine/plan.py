"""What the kernel is asked to compute: outputs as mixtures of signature projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from cytosig.methods._linear import Design

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.methods import LinearMethod
    from cytosig.signatures.model import Axis

    Array = NDArray[np.float64]

_LEVELS = 16
_CANCELLED = 1e-12  # weights of an axis below which nothing is left of its members


@dataclass(frozen=True)
class Plan:
    """Weights T = W·mix of every output, and what the null needs to know of them.

    Parameters
    ----------
    columns
        Output names: signatures, then axes.
    n_signatures
        How many of them are signatures.
    weights
        Genes × signatures, CSR.
    mix
        Signatures × outputs.
    drift, power
        Σ_g T and central power sums A_2, A_3, A_4 over all genes.
    level, number, n_levels
        Non-zero weights grouped, scaled to Σ number·level² = 1.
    """

    columns: tuple[str, ...]
    n_signatures: int
    weights: sp.csr_matrix
    mix: Array
    drift: Array
    power: Array
    level: Array
    number: Array
    n_levels: NDArray[np.int64]


def make_plan(
    weights: Array,
    ids: Sequence[str],
    axes: Mapping[str, Axis],
    method: LinearMethod,
    /,
    *,
    lam: float | None = None,
) -> Plan:
    """Plan the scores of all signatures and axes by one method.

    Parameters
    ----------
    weights
        Genes × signatures, over the whole gene universe.
    ids
        Signature ids.
    axes
        Axes to score beside them; members without a signature here are left out.
    method, lam
        The method and its ridge penalty.
    """
    n_genes = len(weights)
    used = np.flatnonzero(weights.any(axis=1))
    dense = weights[used]
    own = sp.csr_matrix(dense)  # its products do not depend on BLAS's threads
    mix = method.mix(Design(dense, n_genes, tuple(ids), _groups(ids, axes)), lam=lam)
    names, members = axis_members(dense, ids, axes)
    if names:
        axis_design = Design(np.asarray(own @ members), n_genes, tuple(names))
        mix = np.hstack([mix, members @ method.mix(axis_design, lam=lam)])
    t = np.asarray(own @ mix)
    level, number, n_levels = _group_levels(t)
    return Plan(
        columns=(*ids, *names),
        n_signatures=len(ids),
        weights=sp.csr_matrix(weights),
        mix=np.ascontiguousarray(mix),
        drift=t.sum(axis=0),
        power=_central_powers(t, n_genes),
        level=level,
        number=number,
        n_levels=n_levels,
    )


def stack_plans(plans: Sequence[Plan], /) -> Plan:
    """One plan with the outputs of several on the same weights, in that order."""
    if len(plans) == 1:
        return plans[0]
    widest = max(plan.level.shape[1] for plan in plans)

    def wide(parts: list[Array]) -> Array:
        return np.vstack([np.pad(p, ((0, 0), (0, widest - p.shape[1]))) for p in parts])

    return Plan(
        columns=tuple(name for plan in plans for name in plan.columns),
        n_signatures=plans[0].n_signatures,
        weights=plans[0].weights,
        mix=np.ascontiguousarray(np.hstack([plan.mix for plan in plans])),
        drift=np.concatenate([plan.drift for plan in plans]),
        power=np.vstack([plan.power for plan in plans]),
        level=wide([plan.level for plan in plans]),
        number=wide([plan.number for plan in plans]),
        n_levels=np.concatenate([plan.n_levels for plan in plans]),
    )


def _groups(ids: Sequence[str], axes: Mapping[str, Axis]) -> tuple[str, ...]:
    """The axis of each signature; itself where it has none, though an axis be called alike."""
    axis_of = {member: axis.id for axis in axes.values() for member in axis.members}
    return tuple(axis_of.get(id, f"signature {id}" if id in axes else id) for id in ids)


def axis_members(
    weights: Array, ids: Sequence[str], axes: Mapping[str, Axis]
) -> tuple[list[str], Array]:
    """An axis' weights: the mean of its members' signatures, each at unit length.

    Axes without a member here, or whose members cancel each other out, are left out. Genes
    without a weight may be left out too.
    """
    length = np.linalg.norm(weights, axis=0)
    names, columns = [], []
    for axis in axes.values():
        inside = [i for i, id in enumerate(ids) if id in axis.members]
        column = np.zeros(len(ids))
        column[inside] = 1.0 / (len(inside) * length[inside])
        joint = np.einsum("gs,s->g", weights, column)  # too small for the threads of a product
        if np.abs(joint).max(initial=0.0) > _CANCELLED:
            names.append(axis.id)
            columns.append(column)
    return names, np.stack(columns, axis=1) if columns else np.zeros((len(ids), 0))


def _central_powers(t: Array, n_genes: int) -> Array:
    mean = t.sum(axis=0) / n_genes
    rest = n_genes - len(t)
    away = t - mean
    square = away * away
    powers = {2: square, 3: square * away, 4: square * square}  # numpy's ** is slow beyond 2
    sums = [power.sum(axis=0) + rest * (-mean) ** k for k, power in powers.items()]
    return np.stack(sums, axis=1)


def _group_levels(t: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    grouped = [_levels(column[column != 0]) for column in np.ascontiguousarray(t.T)]
    n_levels = np.array([len(level) for level, _ in grouped], dtype=np.int64)
    level = np.zeros((t.shape[1], int(n_levels.max(initial=1))))
    number = np.zeros_like(level)
    for q, (values, counts) in enumerate(grouped):
        level[q, : len(values)] = values
        number[q, : len(values)] = counts
    return level, number, n_levels


def _levels(t: Array) -> tuple[Array, Array]:
    """Distinct weights with their counts; many are grouped by size, root mean squares kept."""
    t = t / np.sqrt((t**2).sum())
    values, counts = np.unique(t, return_counts=True)
    if len(values) > 2 * _LEVELS:
        step = np.abs(t).max() / _LEVELS
        place = np.minimum((np.abs(t) / step).astype(int), _LEVELS - 1) * 2 + (t > 0)
        counts = np.bincount(place, minlength=2 * _LEVELS)
        squares = np.bincount(place, weights=t**2, minlength=2 * _LEVELS)
        sign = np.where(np.arange(2 * _LEVELS) % 2, 1.0, -1.0)
        keep = counts > 0
        values = (sign * np.sqrt(squares / np.maximum(counts, 1)))[keep]
        counts = counts[keep]
    return values.astype(np.float64), counts.astype(np.float64)
