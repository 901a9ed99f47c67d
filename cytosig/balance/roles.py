"""Roles in context: what the rules that hold make of them, and what undecided ones might."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance.decide import HOLDS, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cytosig.balance.ballot import Ballot
    from cytosig.balance.decide import Decision
    from cytosig.signatures import ContextRule

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Roles:
    """Roles of every cytokine in every sample, samples × cytokines.

    ``held`` under the rules that hold. ``least_pull`` and ``most_pull``: the smallest and largest
    pull (:meth:`~cytosig.balance.ballot.Ballot.pull`) if any of the undecided rules held as well.
    """

    held: Array
    least_pull: Array
    most_pull: Array


def role_under(usual: float, rules: Iterable[ContextRule], /) -> float:
    """A role under the rules that hold.

    An override replaces it: of several the better grade, of equal grades their mean. Else all
    multipliers apply, and the result is cut to -1 to 1.

    Examples
    --------
    >>> from cytosig.signatures import load_context
    >>> rules = {rule.id: rule for rule in load_context()}
    >>> usual = [role_under(role, [rules["CR03"]]) for role in (-0.5, -0.9)]  # 1.3 times, cut
    >>> usual
    [-0.65, -1.0]
    """
    overrides = [(r.grade, r.value) for r in rules if r.operation == "override"]
    if overrides:
        best = min(grade for grade, _ in overrides)
        values = [value for grade, value in overrides if grade == best and value is not None]
        return sum(values) / len(values)
    found = usual
    for rule in rules:
        if rule.operation == "multiplier" and rule.value is not None:
            found *= rule.value
    return max(-1.0, min(1.0, found))


def roles_in_context(ballot: Ballot, decisions: Sequence[Decision], n_samples: int, /) -> Roles:
    """Roles of the cytokines of a ballot in every sample."""
    shape = (n_samples, len(ballot.ids))
    held = np.tile(ballot.role, (n_samples, 1))
    least, most = np.empty(shape), np.empty(shape)
    for k, id in enumerate(ballot.ids):
        mine = [d for d in decisions if d.rule.cytokine == id and d.rule.operation != "flag"]
        states = np.array([d.state for d in mine]).reshape(len(mine), n_samples)
        patterns, which = np.unique(states, axis=1, return_inverse=True)
        for i in range(patterns.shape[1]):
            here = which.ravel() == i
            roles = _possible(float(ballot.role[k]), [d.rule for d in mine], patterns[:, i])
            pulls = [ballot.pull_at(k, role) for role in roles]
            held[here, k] = roles[0]
            least[here, k], most[here, k] = min(pulls), max(pulls)
    return Roles(held, least, most)


def _possible(usual: float, rules: Sequence[ContextRule], pattern: NDArray[np.int8]) -> list[float]:
    """Roles if none, or any, of the undecided rules held beside those that do."""
    certain = [rule for rule, state in zip(rules, pattern, strict=True) if state == HOLDS]
    perhaps = [rule for rule, state in zip(rules, pattern, strict=True) if state == UNDECIDED]
    subsets = chain.from_iterable(combinations(perhaps, n) for n in range(len(perhaps) + 1))
    return [role_under(usual, [*certain, *more]) for more in subsets]
