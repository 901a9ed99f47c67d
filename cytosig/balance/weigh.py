"""The balance itself: activities, votes, arms and intervals of samples against a reference."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.balance.ballot import Ballot, cast
from cytosig.balance.sets import GeneSets, measured_in
from cytosig.balance.shrink import Shrinkage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.balance.draws import Draws
    from cytosig.balance.measures import Gauge
    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]

FEWEST_REFERENCE = 3
FEWEST_GENES = 5
FLOOR = 0.5
"""Share of each arm's votes that must be measured."""


@dataclass(frozen=True)
class Weighed:
    """Activities and votes of samples in one view.

    Parameters
    ----------
    catalogue
        Whose signatures and roles.
    sets
        Signatures of the cytokines that vote.
    coverage
        Share of the weight that is measured, of every cytokine with a signature.
    ballot
        Their votes.
    shrinkage
        What the reference says of each; None to take activities as they are measured.
    z
        Samples × genes, standardised.
    reference, reference_balance
        Activities of the reference, samples × cytokines, and its balance.
    activity, error
        Samples × cytokines as measured, and the standard error over genes.
    used
        The activities that are weighed, drawn towards the reference.
    empty
        Samples without values in this view.
    arms
        Share of the votes of the arms against and for the tumour that is measured.
    """

    catalogue: Catalogue
    sets: GeneSets
    coverage: dict[str, float]
    ballot: Ballot
    shrinkage: Shrinkage | None
    z: Array
    reference: Array
    reference_balance: Array
    activity: Array
    error: Array
    used: Array
    empty: NDArray[np.bool_]
    arms: tuple[float, float]

    @property
    def contributions(self) -> Array:
        """What every cytokine adds to the balance, samples × cytokines."""
        found: Array = self.used * self.ballot.pull(self.ballot.role)
        return found

    def without(self, ids: Sequence[str], roles: Array | None = None, /) -> Array:
        """Balance of every sample with these cytokines left out and the others' votes cast anew.

        ``roles`` are those in context (samples × cytokines), the usual ones when None.
        """
        kept = [k for k, id in enumerate(self.ballot.ids) if id not in ids]
        ballot = cast(self.catalogue, [self.ballot.ids[k] for k in kept])
        if not ballot.has_both:
            return np.full(len(self.used), np.nan)
        role = ballot.role if roles is None else roles[:, kept]
        return row_sums(self.used[:, kept] * ballot.pull(role))


@dataclass(frozen=True)
class Interval:
    """A number of every sample with its interval; ``above`` is the share of draws above 0."""

    value: Array
    low: Array
    high: Array
    se: Array
    above: Array


@dataclass(frozen=True)
class Drawn:
    """Intervals from draws of genes and roles, samples each.

    ``se_genes`` and ``se_roles`` are the parts that come from the one and from the other.
    """

    balance: Interval
    anti: Interval
    pro: Interval
    intensity: Interval
    adjusted: Interval
    context: Interval
    se_genes: Array
    se_roles: Array


def weigh(
    catalogue: Catalogue,
    gauge: Gauge,
    view: str,
    /,
    *,
    min_coverage: float,
    shrink: bool = True,
    where: str,
) -> Weighed:
    """Measure every cytokine that has a role and a signature, and cast the votes.

    Raises
    ------
    DataError
        When the reference has too few samples, or no cytokine can be measured.
    """
    _, stored, here = gauge.standard(view)
    n_reference = gauge.n_reference(view)
    if n_reference < FEWEST_REFERENCE:
        empty = f" with any count, of {len(stored)}" if n_reference < len(stored) else ""
        raise DataError(
            f"{where}: the reference has {n_reference} sample(s){empty}, at least"
            f" {FEWEST_REFERENCE} are needed. Pass reference= (from cytosig.tl.fit_reference on a"
            " cohort) or control=."
        )
    if np.isnan(stored).all():
        raise DataError(f"{where}: no gene varies over the reference; its samples are all alike.")
    ids = [id for id in catalogue.signatures if id in catalogue.cytokines]
    weights = {id: catalogue.signatures[id].weights for id in ids}
    measured = measured_in(stored, here)
    every = GeneSets.of(weights, gauge.reference.genes, measured)
    enough = (every.share >= min_coverage) & (np.diff(every.start) >= FEWEST_GENES)
    voting = [id for id, ok in zip(ids, enough, strict=True) if ok]
    if not voting:
        raise DataError(f"{where}: no cytokine with a role has enough of its genes measured.")
    sets = every.only(voting)
    (reference, noise), (activity, error) = sets.means(stored), sets.means(here)
    learnt = Shrinkage.over(reference, noise)
    ballot = cast(catalogue, voting)
    known = learnt.means(reference, noise) if shrink else reference
    return Weighed(
        catalogue=catalogue,
        sets=sets,
        coverage=dict(zip(ids, every.share.tolist(), strict=True)),
        ballot=ballot,
        shrinkage=learnt if shrink else None,
        z=here,
        reference=reference,
        reference_balance=row_sums(known * ballot.pull(ballot.role)),
        activity=activity,
        error=error,
        used=learnt.means(activity, error) if shrink else activity,
        empty=np.array(np.isnan(here).all(axis=1), dtype=bool),
        arms=_arms(catalogue, ids, voting),
    )


def _arms(catalogue: Catalogue, ids: Sequence[str], voting: Sequence[str]) -> tuple[float, float]:
    """Share of the votes of each arm that the measured cytokines have."""
    ballot = cast(catalogue, ids)
    weight = ballot.vote * ballot.role
    there = np.array([id in voting for id in ids])
    shares = [
        float(weight[arm & there].sum() / weight[arm].sum()) if arm.any() else 0.0
        for arm in (weight > 0, weight < 0)
    ]
    return shares[0], shares[1]


def row_sums(values: Array, /) -> Array:
    """Sums of rows without rounding between the terms, so that no order shows."""
    return np.array([fsum(row) for row in values])


def arms_of(weighed: Weighed, /) -> tuple[Array, Array]:
    """Arm against the tumour and arm for it, by the usual roles."""
    parts, role = weighed.contributions, weighed.ballot.role
    return row_sums(parts[:, role > 0]), -row_sums(parts[:, role < 0])


def draw(
    weighed: Weighed,
    draws: Draws,
    held: Array,
    off: tuple[Array, Array],
    /,
    *,
    level: float,
) -> Drawn:
    """Intervals of every sample over draws of genes and roles.

    Parameters
    ----------
    held
        Samples × cytokines, roles in context.
    off
        What adjusting takes off, by sample and by draw × sample.
    level
        Of the intervals.
    """
    ballot, n = weighed.ballot, len(weighed.activity)
    roles = draws.roles_of(ballot.ids, ballot.role, ballot.role_sd)
    usual, pulls = ballot.pull(ballot.role), ballot.pull(roles)
    sampler = Sampler(weighed, draws)
    names = ("balance", "anti", "pro", "intensity", "adjusted", "context")
    found = {name: np.full((n, 4), np.nan) for name in names}
    se_genes, se_roles = np.full(n, np.nan), np.full(n, np.nan)
    for i in np.flatnonzero(~weighed.empty & ballot.has_both):
        acts = sampler.activities(int(i))
        parts = acts * pulls
        anti = np.where(roles > 0, parts, 0.0).sum(axis=1)
        pro = -np.where(roles < 0, parts, 0.0).sum(axis=1)
        shifted = draws.roles_of(ballot.ids, held[i], ballot.role_sd)
        drawn = {
            "balance": anti - pro,
            "anti": anti,
            "pro": pro,
            "intensity": (anti + pro) / 2,
            "adjusted": anti - pro - off[1][:, i],
            "context": (acts * ballot.pull(shifted)).sum(axis=1),
        }
        for name, values in drawn.items():
            found[name][i] = _summary(values, level)
        se_genes[i] = (acts * usual).sum(axis=1).std(ddof=1)
        se_roles[i] = (weighed.used[i] * pulls).sum(axis=1).std(ddof=1)
    anti, pro = arms_of(weighed)
    balance = row_sums(weighed.contributions)
    values = {
        "balance": balance,
        "anti": anti,
        "pro": pro,
        "intensity": (anti + pro) / 2,
        "adjusted": balance - off[0],
        "context": row_sums(weighed.used * ballot.pull(held)),
    }
    made = {
        name: Interval(np.where(weighed.empty, np.nan, values[name]), *found[name].T)
        for name in names
    }
    return Drawn(**made, se_genes=se_genes, se_roles=se_roles)


class Sampler:
    """Draws the activities of one sample after the other.

    Parameters
    ----------
    weighed, draws
        What was measured, and where chance comes from.
    """

    def __init__(self, weighed: Weighed, draws: Draws, /) -> None:
        places = draws.places(weighed.ballot.ids)
        learnt = weighed.shrinkage
        self._weighed, self._times = weighed, draws.genes
        self._totals = weighed.sets.totals(draws.genes)
        self._outlying = draws.outlying[:, places]
        self._between = None if learnt is None else learnt.between(draws, places)

    def activities(self, i: int, /) -> Array:
        """Activities of a sample in every draw, draws × cytokines."""
        weighed = self._weighed
        genes = weighed.sets.drawn(weighed.z[i], self._times, self._totals)
        if weighed.shrinkage is None or self._between is None:
            return genes
        mine = (weighed.activity[i], weighed.error[i], genes)
        return weighed.shrinkage.drawn(*mine, self._between, self._outlying)


def _summary(values: Array, level: float) -> tuple[float, float, float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high), float(values.std(ddof=1)), float((values > 0).mean())
