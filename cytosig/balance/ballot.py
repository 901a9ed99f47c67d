"""Who votes in a balance, with what role, and how much: one vote an axis first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]

CONFIDENCE = {"high": 1.0, "medium": 0.75, "low": 0.5}
"""What a role counts, by how well the literature agrees on it."""
ROLE_SD = {"high": 0.1, "medium": 0.25, "low": 0.4}
"""Standard deviation of the prior of a role."""
LEAST_RELIABILITY = 0.05
"""A cytokine whose scores are all noise keeps this share of its vote, so that arms stay whole."""


@dataclass(frozen=True)
class Ballot:
    """Votes of the cytokines of one balance.

    Parameters
    ----------
    ids, axes
        Cytokines, and the axis of each.
    role, role_sd
        Prior mean and standard deviation of each role.
    vote
        Share of the vote of its axis times that axis' vote; … × cytokines, one row a sample where
        samples have votes of their own.
    anti, pro
        Sum of vote × |role| over the cytokines of each arm, … × 1; what an arm is divided by.
    """

    ids: tuple[str, ...]
    axes: tuple[str, ...]
    role: Array
    role_sd: Array
    vote: Array
    anti: Array
    pro: Array

    def pull(self, role: Array, /) -> Array:
        """What one unit of activity adds to the balance under these roles (… × cytokines).

        vote × role, over the sum of the arm that the role belongs to. The sums are those of the
        usual roles, so that a role that context changes moves its own cytokine alone.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = self.vote * np.where(
                role > 0, role / self.anti, np.where(role < 0, role / self.pro, 0.0)
            )
        return found

    def pull_at(self, k: int, role: float, /) -> Array:
        """What one unit of activity of the k-th cytokine adds under this role, one a sample."""
        roles = self.role.copy()
        roles[k] = role
        found: Array = self.pull(roles)[..., k]
        return found

    def of(self, sample: int, /) -> Ballot:
        """The votes of one sample."""
        return replace(self, vote=self.vote[sample], anti=self.anti[sample], pro=self.pro[sample])

    @property
    def has_both(self) -> bool:
        """Whether each arm has a cytokine."""
        return bool((self.role > 0).any() and (self.role < 0).any())


def cast(
    catalogue: Catalogue, ids: Sequence[str], reliability: Sequence[float] | Array, /
) -> Ballot:
    """The votes of these cytokines; ``reliability`` is … × cytokines.

    A cytokine counts v = confidence × reliability; an axis has the vote of its best member, shared
    out among its members in proportion to v, so that a pathway with many names has one voice.

    Examples
    --------
    >>> from cytosig.signatures import load
    >>> ballot = cast(load(), ["IL6", "OSM", "IFNG"], [1.0, 1.0, 1.0])
    >>> ballot.vote.round(3).tolist()  # STAT3 is shared, IFN-II is IFNG's own
    [0.571, 0.429, 1.0]
    """
    known = [catalogue.cytokines[id] for id in ids]
    axis_of = {member: axis.id for axis in catalogue.axes.values() for member in axis.members}
    axes = tuple(axis_of.get(id, id) for id in ids)
    trust = np.maximum(np.asarray(reliability, dtype=np.float64), LEAST_RELIABILITY)
    value = np.array([CONFIDENCE[c.role.confidence] for c in known]) * trust
    role = np.array([c.role.value for c in known])
    vote = np.zeros(value.shape)
    for axis in dict.fromkeys(axes):
        inside = np.array([name == axis for name in axes])
        own = value[..., inside]
        vote[..., inside] = own * own.max(axis=-1, keepdims=True) / _total(own)
    weight = vote * role
    return Ballot(
        tuple(ids),
        axes,
        role,
        np.array([ROLE_SD[c.role.confidence] for c in known]),
        vote,
        _total(weight[..., role > 0]),
        -_total(weight[..., role < 0]),
    )


def _total(values: Array) -> Array:
    """Sums over the last axis, each row by itself, so that no other row shows in the last place."""
    found: Array = np.ascontiguousarray(values).sum(axis=-1, keepdims=True)
    return found


def reliability(activity: Array, error: Array, /) -> Array:
    """Share of the variance of each activity over samples that is not noise of its genes.

    1 − mean SE² / variance, between 0 and 1; 0 where nothing varies.

    Parameters
    ----------
    activity, error
        Samples × cytokines.
    """
    used = ~np.isnan(activity).any(axis=1)
    variance = activity[used].var(axis=0, ddof=1)
    noise = (error[used] ** 2).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(variance > 0, 1 - noise / variance, 0.0)
    return np.clip(found, 0.0, 1.0)


def reliability_for(activity: Array, error: Array, members: NDArray[np.int64], /) -> Array:
    """Reliability as every sample is to use it, samples × cytokines.

    A sample that is itself in the reference is left out of it here. Its noise would otherwise
    raise the votes of the very cytokines that it happens to move, and its interval be too narrow.

    Parameters
    ----------
    activity, error
        Reference samples × cytokines.
    members
        Place of every sample in the reference, -1 for none.
    """
    whole = reliability(activity, error)
    found = np.tile(whole, (len(members), 1))
    for i, place in enumerate(members):
        if place >= 0:
            others = np.arange(len(activity)) != place
            found[i] = reliability(activity[others], error[others])
    return found
