"""What is to be computed: every touch once, and the touches that make each scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from cytosig.blockade.forms import shares_of
from cytosig.blockade.scenario import not_modelled, touches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.blockade.forms import Expression, Shares
    from cytosig.blockade.scenario import Scenario, Touch
    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Scenarios, brought down to what differs between them.

    Parameters
    ----------
    scenarios
        Singles first, then pairs.
    touched
        What each does to cytokines, by id.
    outside
        Targets of each that are in no form.
    shares
        What every touch does in every sample.
    acting
        Touches that change an activity: those of cytokines that vote, with known shares.
    cytokine
        Place of the cytokine of each of those in the ballot.
    mechanisms
        Distinct sets of acting touches, mechanisms × touches, ones.
    of
        Mechanism of every scenario; -1 where nothing acts.
    n_samples
        Samples.
    """

    scenarios: tuple[Scenario, ...]
    touched: tuple[Mapping[str, Touch], ...]
    outside: tuple[tuple[str, ...], ...]
    shares: Mapping[Touch, Shares]
    acting: tuple[Touch, ...]
    cytokine: NDArray[np.int64]
    mechanisms: sparse.csr_array
    of: NDArray[np.int64]
    n_samples: int

    @property
    def taken(self) -> Array:
        """Share of the signal that every acting touch takes, touches × samples."""
        return self._stacked([self.shares[touch].taken for touch in self.acting])

    @property
    def engaged(self) -> Array:
        """Share of the receptor that every acting touch sets off, touches × samples."""
        return self._stacked([self.shares[touch].engaged for touch in self.acting])

    def sums(self, values: Array, /) -> Array:
        """Sums over the touches of every mechanism (touches × …), in the cytokines' order."""
        found: Array = self.mechanisms @ values
        return found

    def by_scenario(self, values: Array, /) -> Array:
        """Values of mechanisms handed to their scenarios, NaN where nothing acts."""
        filled = np.concatenate([values, np.full((1, *values.shape[1:]), np.nan)])
        found: Array = filled[self.of]
        return found

    @property
    def pairs(self) -> NDArray[np.int64]:
        """Pair, first member and second member: places of scenarios, pairs × 3."""
        place = {one.name: s for s, one in enumerate(self.scenarios) if not one.members}
        found = [
            (s, *(place[name] for name in one.members))
            for s, one in enumerate(self.scenarios)
            if one.members
        ]
        return np.array(found, dtype=np.int64).reshape(len(found), 3)

    def beyond(self) -> sparse.csr_array:
        """Touches of every pair less those of its members, pairs × touches.

        Empty where the members touch different cytokines: nothing is beyond their sum. Members
        that act on nothing have no touches.
        """
        nothing = sparse.csr_array((1, self.mechanisms.shape[1]))
        every = sparse.csr_array(sparse.vstack([self.mechanisms, nothing]))
        pair, one, other = (every[self.of[column]] for column in self.pairs.T)
        found = sparse.csr_array(pair - one - other)
        found.eliminate_zeros()
        return found

    def _stacked(self, rows: Sequence[Array]) -> Array:
        return np.vstack(rows) if rows else np.zeros((0, self.n_samples))


def make_plan(
    scenarios: Sequence[Scenario],
    catalogue: Catalogue,
    expression: Expression,
    voting: Sequence[str],
    /,
) -> Plan:
    """Find out which forms every scenario touches, and what that takes."""
    alone = {one.name: touches(one, catalogue) for one in scenarios if not one.members}
    lacking = {one.name: not_modelled(one, catalogue) for one in scenarios if not one.members}
    order = {id: k for k, id in enumerate(catalogue.cytokines)}
    touched, outside = [], []
    for one in scenarios:
        names = one.members or (one.name,)
        both: dict[str, Touch] = {}
        for name in names:
            for id, touch in alone[name].items():
                both[id] = both[id] | touch if id in both else touch
        touched.append({id: both[id] for id in sorted(both, key=order.__getitem__)})
        outside.append(tuple(dict.fromkeys(gene for name in names for gene in lacking[name])))
    distinct = dict.fromkeys(touch for mine in touched for touch in mine.values())
    shares = {touch: shares_of(touch, catalogue, expression) for touch in distinct}
    place = {id: k for k, id in enumerate(voting)}
    acting = tuple(t for t in distinct if t.cytokine in place and shares[t].are_known)
    mechanisms, of = _mechanisms(touched, acting)
    return Plan(
        tuple(scenarios),
        tuple(touched),
        tuple(outside),
        shares,
        acting,
        np.array([place[touch.cytokine] for touch in acting], dtype=np.int64),
        mechanisms,
        of,
        len(expression.values),
    )


def _mechanisms(
    touched: Sequence[Mapping[str, Touch]], acting: Sequence[Touch]
) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Sets of acting touches, each once, and which of them every scenario is."""
    number = {touch: i for i, touch in enumerate(acting)}
    found: dict[tuple[int, ...], int] = {}
    of = []
    for mine in touched:
        key = tuple(number[touch] for touch in mine.values() if touch in number)
        of.append(found.setdefault(key, len(found)) if key else -1)
    start = np.cumsum([0, *map(len, found)])
    flat = [i for key in found for i in key]
    shape = (len(found), len(acting))
    matrix = sparse.csr_array((np.ones(len(flat)), flat, start), shape=shape)
    return matrix, np.array(of, dtype=np.int64)
