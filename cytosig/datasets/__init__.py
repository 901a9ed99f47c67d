"""A small real data set, and simulated ones whose truth is known."""

from __future__ import annotations

from cytosig.datasets.counts import simulate_counts
from cytosig.datasets.demo import oligodendroglioma
from cytosig.datasets.program import Program
from cytosig.datasets.simulate import SimulatedCohort, simulate_cohort

__all__ = [
    "Program",
    "SimulatedCohort",
    "oligodendroglioma",
    "simulate_cohort",
    "simulate_counts",
]
