"""Who votes in a balance, with what role, and how much: one vote an axis first."""

from __future__ import annotations

from dataclasses import dataclass
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
        Share of the vote of its axis times that axis' vote.
    anti, pro
        Sum of vote × |role| over the cytokines of each arm, what the arm is divided by; NaN for
        an arm without any.
    """

    ids: tuple[str, ...]
    axes: tuple[str, ...]
    role: Array
    role_sd: Array
    vote: Array
    anti: float
    pro: float

    def pull(self, role: Array, /) -> Array:
        """What one unit of activity adds to the balance under these roles (… × cytokines).

        vote × role, over the sum of the arm that the role belongs to. The sums are those of the
        usual roles, so that a role that context changes moves its own cytokine alone.
        """
        found: Array = self.vote * np.where(
            role > 0, role / self.anti, np.where(role < 0, role / self.pro, 0.0)
        )
        return found

    def pull_at(self, k: int, role: float, /) -> float:
        """What one unit of activity of the k-th cytokine adds under this role."""
        roles = self.role.copy()
        roles[k] = role
        return float(self.pull(roles)[k])

    @property
    def has_both(self) -> bool:
        """Whether each arm has a cytokine."""
        return self.anti > 0 and self.pro > 0


def cast(catalogue: Catalogue, ids: Sequence[str], /) -> Ballot:
    """The votes of these cytokines.

    A cytokine counts v, the confidence in its role; an axis has the vote of its best member,
    shared out among its members in proportion to v, so that a pathway with many names has one
    voice.

    Examples
    --------
    >>> from cytosig.signatures import load
    >>> ballot = cast(load(), ["IL6", "OSM", "IFNG"])
    >>> ballot.vote.round(3).tolist()  # STAT3 is shared, IFN-II is IFNG's own
    [0.571, 0.429, 1.0]
    """
    known = [catalogue.cytokines[id] for id in ids]
    axis_of = {member: axis.id for axis in catalogue.axes.values() for member in axis.members}
    axes = tuple(axis_of.get(id, id) for id in ids)
    value = np.array([CONFIDENCE[c.role.confidence] for c in known], dtype=np.float64)
    role = np.array([c.role.value for c in known], dtype=np.float64)
    vote = np.zeros(len(known))
    for axis in dict.fromkeys(axes):
        inside = np.array([name == axis for name in axes])
        vote[inside] = value[inside] * value[inside].max() / value[inside].sum()
    return Ballot(
        tuple(ids),
        axes,
        role,
        np.array([ROLE_SD[c.role.confidence] for c in known], dtype=np.float64),
        vote,
        float((vote * role)[role > 0].sum()) or np.nan,
        float(-(vote * role)[role < 0].sum()) or np.nan,
    )
