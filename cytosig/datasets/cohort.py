"""The model behind a simulated cohort: who the samples are, what each cell expresses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from cytosig.datasets.panel import Panel
    from cytosig.datasets.program import Program

BASE_SD = 1.2
MARKER_RAISE = 2.5
LIGAND_OFF, LIGAND_ON = -4.0, 1.0
RECEPTOR_OFF, RECEPTOR_ON = -3.0, 1.0
LIBRARY_SD = 0.25
DISPERSION = 0.2
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Design:
    """Donor and condition of every sample, as codes."""

    donor: NDArray[np.intp]
    treated: NDArray[np.intp]
    paired: bool

    @classmethod
    def make(cls, n_samples: int, /, *, paired: bool) -> Design:
        """Conditions alternate over samples; paired donors give two samples in a row."""
        sample = np.arange(n_samples)
        return cls(sample // 2 if paired else sample, sample % 2, paired)

    def deviations(
        self, rng: np.random.Generator, shape: tuple[int, ...], sd: float, /
    ) -> NDArray[np.float64]:
        """Normal effects, samples × ``shape``; half of the variance is the donor's if paired."""
        own = rng.normal(0.0, sd, size=(len(self.donor), *shape))
        if not self.paired:
            return own
        shared = rng.normal(0.0, sd, size=(int(self.donor[-1]) + 1, *shape))
        mixed: NDArray[np.float64] = (own + shared[self.donor]) * math.sqrt(0.5)
        return mixed


def type_means(
    rng: np.random.Generator,
    panel: Panel,
    programs: Sequence[Program],
    cell_types: Sequence[str],
    /,
) -> NDArray[np.float64]:
    """Log means, cell types × genes, before any response and any sample effect."""
    base = rng.normal(0.0, BASE_SD, size=len(panel.genes))
    means = np.tile(base, (len(cell_types), 1))
    for row, columns in enumerate(panel.markers):
        means[row, columns] += MARKER_RAISE
    for columns in panel.receptors:
        means[:, columns] = RECEPTOR_OFF
    for columns in panel.ligands:
        means[:, columns] = LIGAND_OFF
    for p, columns in zip(programs, panel.receptors, strict=True):
        means[cell_types.index(p.target), columns] = RECEPTOR_ON
    for p, columns in zip(programs, panel.ligands, strict=True):
        means[cell_types.index(p.source), columns] = LIGAND_ON
    return means


def program_shifts(
    rng: np.random.Generator, design: Design, programs: Sequence[Program], sd: float, /
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Samples × programs: the whole response shift, and the part the ligand shares."""
    extra = np.array([p.condition_effect for p in programs], dtype=float)
    effect = np.array([p.effect for p in programs], dtype=float)
    ligand = design.deviations(rng, (len(programs),), sd) + design.treated[:, None] * extra
    return effect + ligand, ligand


def apply_programs(
    means: NDArray[np.float64],
    panel: Panel,
    programs: Sequence[Program],
    cell_types: Sequence[str],
    response: NDArray[np.float64],
    ligand: NDArray[np.float64],
    /,
) -> None:
    """Add one sample's responses and ligand shifts to its log means, in place."""
    for i, p in enumerate(programs):
        means[cell_types.index(p.target)] += response[i] * panel.responses[i]
        means[cell_types.index(p.source), panel.ligands[i]] += ligand[i]


def draw_types(
    rng: np.random.Generator, n_cells: int, log_shares: NDArray[np.float64], /
) -> NDArray[np.intp]:
    """Cell type codes of one sample, in random order."""
    shares = np.exp(log_shares)
    counts = rng.multinomial(n_cells, shares / shares.sum())
    codes: NDArray[np.intp] = rng.permutation(np.repeat(np.arange(len(shares)), counts))
    return codes


def expected_shares(
    log_means: NDArray[np.float64], codes: NDArray[np.intp], /
) -> NDArray[np.float64]:
    """Expected share of each gene in the pooled counts of cells of these types."""
    shares = np.exp(log_means)
    shares /= shares.sum(axis=1, keepdims=True)
    cells = np.bincount(codes, minlength=len(log_means)) / len(codes)
    found: NDArray[np.float64] = np.einsum("t,tg->g", cells, shares)
    return found


def draw_counts(
    rng: np.random.Generator,
    log_means: NDArray[np.float64],
    codes: NDArray[np.intp],
    depth: float | NDArray[np.float64],
    dispersion: float = DISPERSION,
    /,
) -> sp.csr_matrix:
    """Gamma-Poisson counts of one sample's cells, float32 CSR.

    A cell of size L, log-normal with mean ``depth`` (one number, or one a cell), has mean
    L·softmax(log means) and variance mean + dispersion·mean².
    """
    import scipy.sparse as sp

    shares = np.exp(log_means)
    shares /= shares.sum(axis=1, keepdims=True)
    sizes = depth * rng.lognormal(-(LIBRARY_SD**2) / 2, LIBRARY_SD, size=len(codes))
    blocks = []
    for start in range(0, len(codes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        mean = sizes[rows, None] * shares[codes[rows]]
        rate = rng.standard_gamma(1 / dispersion, size=mean.shape)
        rate *= mean * dispersion
        blocks.append(sp.csr_matrix(rng.poisson(rate).astype(np.float32)))
    return sp.csr_matrix(sp.vstack(blocks, format="csr"))
