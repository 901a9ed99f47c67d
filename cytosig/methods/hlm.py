"""Axis first, then member: other axes are regressed out, siblings only damped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.methods._linear import Design, LinearMethod, refuse_collinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_SIBLING_PENALTY = 3.0


def _mix(design: Design, /, *, lam: float | None) -> Array:
    """T of a signature: its row in the regression on itself, the other axes and its siblings.

    An axis stands in by the mean of its members at unit length. Siblings (the other members
    of its own axis, at unit length) carry the ridge penalty ``lam``, so that cytokines the
    transcriptome cannot tell apart do not cancel each other; nothing else is penalised.
    A signature without an axis is an axis of its own: without axes this is ``mlm``.
    """
    gram = design.centred_gram
    length = np.sqrt(np.diag(gram))
    unit = gram / np.outer(length, length)
    penalty = _SIBLING_PENALTY if lam is None else lam
    ids, groups = np.array(design.ids), np.array(design.groups)
    axes = np.array(list(dict.fromkeys(design.groups)))
    total = (axes[:, None] == groups).astype(float)  # without a penalty as good as the mean
    refuse_collinear(total @ unit @ total.T, tuple(axes))
    mix, every = np.empty_like(gram), np.eye(len(gram))
    for k, own in enumerate(groups):
        siblings = (groups == own) & (ids != ids[k])
        terms = np.vstack([every[k], total[axes != own], every[siblings]])
        damp = np.repeat([0.0, penalty], [len(axes), siblings.sum()])
        damped = terms @ unit @ terms.T + np.diag(damp)
        refuse_collinear(damped, (ids[k], *axes[axes != own], *ids[siblings]))
        mix[:, k] = np.linalg.inv(damped)[0] @ terms
    return np.asarray(mix / np.outer(length, length))


METHOD = LinearMethod(
    name="hlm",
    title="hierarchical linear model: other axes regressed out, siblings damped (default)",
    reference="this package, docs/methods.md",
    mix=_mix,
    takes_lam=True,
)
