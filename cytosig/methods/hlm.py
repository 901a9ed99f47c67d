"""Axis first, then member: other axes are regressed out, siblings only damped.

The estimate is Σ T(g)·(x(g) − x̄), x being one observation less its centre and x̄ its mean over the
G genes. For signature k with centred weights w_k, T is the first row of::

    (X'X + λD)⁻¹ X'

    X = [ w_k,  mean of u over the members of every other axis,  u_j of every sibling j ]

where u is a signature at unit length, siblings are the other members of k's axis, and D is 1 on
the diagonal for siblings and 0 elsewhere. λ is ``lam``, 3 when not given: 0 is the full
regression, without end siblings ignore each other. A signature without an axis is an axis of its
own; without axes this is ``mlm``, which also scores the axes themselves.

Its z is put on the null that shuffles gene labels, whose mean and variance are known without
shuffling: z = √(G − 1) · Pearson(T, x) over all G genes; p is two-sided, by saddlepoint. See
docs/methods.md for what follows from the formula and why it is the default.
"""

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
