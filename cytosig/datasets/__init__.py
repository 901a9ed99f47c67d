"""A small real data set, and simulated ones whose truth is known."""

from __future__ import annotations

from cytosig.datasets.counts import simulate_counts
from cytosig.datasets.demo import oligodendroglioma
from cytosig.datasets.program import Program
from cytosig.datasets.simulate import SimulatedCohort, simulate_cohort
from cytosig.datasets.tissue import SimulatedTissue, simulate_tissue
from cytosig.datasets.tissue_panels import tissue_panel
from cytosig.datasets.tissue_planted import Planted

__all__ = [
    "Planted",
    "Program",
    "SimulatedCohort",
    "SimulatedTissue",
    "oligodendroglioma",
    "simulate_cohort",
    "simulate_counts",
    "simulate_tissue",
    "tissue_panel",
]
