"""From the methods asked for to what is done with every block of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.engine.linear import LinearJob
from cytosig.engine.lists import weight_matrix
from cytosig.engine.plan import make_plan
from cytosig.engine.ranked import OrdinalJob, RankJob
from cytosig.engine.sets import make_sets
from cytosig.engine.weighted import WeightedJob
from cytosig.engine.whole import Dense, WholeJob, check_size
from cytosig.methods import LinearMethod, RankMethod, WeightedMethod, WholeMethod
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from cytosig.engine.align import Aligned
    from cytosig.engine.centre import Zero
    from cytosig.engine.lists import Group, Lists
    from cytosig.engine.options import Options
    from cytosig.engine.outputs import Job
    from cytosig.engine.plan import Plan
    from cytosig.engine.sets import NamedSets
    from cytosig.methods import Method


@dataclass(frozen=True)
class GroupJobs:
    """The jobs of one group of observations, which share their signatures.

    Parameters
    ----------
    group
        The observations' signatures.
    rows
        Positions of the observations.
    named
        Their signatures as sets.
    jobs
        What is done with them.
    reasons
        Why a method cannot read each signature and axis, by method.
    """

    group: Group
    rows: NDArray[np.int64]
    named: NamedSets
    jobs: tuple[Job, ...]
    reasons: Mapping[str, list[str]]

    def unread(self, method: Method, /) -> list[str]:
        """Why the method cannot read each signature and axis; empty where it can."""
        return self.reasons[method.name]


def make_jobs(
    aligned: Aligned, lists: Lists, options: Options, zero: Zero, /
) -> tuple[tuple[GroupJobs, ...], tuple[Job, ...]]:
    """Everything to do, group by group, and what is done once for all groups.

    Raises
    ------
    DataError
        When a method cannot take the data, or signatures cannot be told apart by it.
    """
    dense = {}
    for method in options.methods:
        if isinstance(method, WholeMethod):
            check_size(method, aligned.rows.n_obs)
            moments = zero.moments(scale=options.scale) if method.centred else zero.raw
            dense[method.name] = Dense(method, moments, aligned.universe.keys, options.organism)
    task = _Task(aligned, options, zero, dense)
    groups = tuple(
        task.of_group(k, group, np.flatnonzero(lists.which == k))
        for k, group in enumerate(lists.groups)
    )
    return groups, tuple(dense.values())


@dataclass(frozen=True)
class _Task:
    """What all groups share."""

    aligned: Aligned
    options: Options
    zero: Zero
    dense: Mapping[str, Dense]

    def of_group(self, number: int, group: Group, rows: NDArray[np.int64], /) -> GroupJobs:
        """The jobs of one group."""
        options = self.options
        weights = weight_matrix(self.aligned, group.catalogue, group.ids)
        named = make_sets(weights, group.ids, group.catalogue)
        ranked = [m for m in options.methods if isinstance(m, RankMethod)]
        ranked = [m for m in ranked if not _by_order(m, options)]
        linear = [m for m in options.methods if isinstance(m, LinearMethod)]
        jobs: list[Job] = []
        if linear:
            plans = {m.name: _plan(m, weights, group, options) for m in linear}
            jobs.append(LinearJob(plans, self.zero.moments(scale=options.scale), number))
        if ranked:
            jobs.append(RankJob([(m, options.how(m)) for m in ranked], named, number))
        for method in options.methods:
            if method not in linear and method not in ranked:
                jobs.extend(self._other(method, named, number, rows))
        reasons = {m.name: m.unread(named.sets, options.how(m)) for m in options.methods}
        return GroupJobs(group, rows, named, tuple(jobs), reasons)

    def _other(
        self, method: Method, named: NamedSets, number: int, rows: NDArray[np.int64]
    ) -> Iterator[Job]:
        how, zero = self.options.how(method), self.zero
        if isinstance(method, RankMethod):
            yield OrdinalJob(method, how, named, zero.filled, number)
        elif isinstance(method, WeightedMethod):
            moments = zero.moments(scale=True) if method.standardised else zero.raw
            mean = zero.gene_mean if method.reads_means else moments.mean[0]
            yield WeightedJob(method, how, named, moments, mean, number)
        elif isinstance(method, WholeMethod):
            dense = self.dense[method.name]
            yield WholeJob(method, how, named, rows, dense, number, n_jobs=self.options.n_jobs)


def _by_order(method: RankMethod, options: Options) -> bool:
    """Whether it follows a peer that breaks ties by the order of genes."""
    return options.how(method).compat in method.ordinal


def _plan(
    method: LinearMethod, weights: NDArray[np.float64], group: Group, options: Options
) -> Plan:
    lam = options.lam if method.takes_lam else None
    try:
        return make_plan(weights, group.ids, group.catalogue.axes, method, lam=lam)
    except DataError as error:
        if group.name == GENERIC:
            raise
        raise DataError(f"Signatures of compartment {group.name}: {error}") from error
