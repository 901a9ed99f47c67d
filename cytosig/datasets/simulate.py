"""A multi-patient single-cell cohort with planted cytokine responses, and its truth."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError
from cytosig.datasets import cohort
from cytosig.datasets.panel import build_panel
from cytosig.datasets.program import CELL_TYPES, PROGRAMS, Program, checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import scipy.sparse as sp
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

    from cytosig.datasets.cohort import Design
    from cytosig.datasets.panel import Panel
    from cytosig.signatures import Catalogue


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """A simulated cohort and what was planted in it.

    Parameters
    ----------
    adata
        Counts (float32 CSR of whole numbers); ``obs`` has the categoricals sample, donor,
        condition and cell_type; ``var_names`` are gene symbols.
    truth
        One row a program: cytokine, source, target, effect, condition_effect.
    activity
        Cells × planted cytokines: the shift (natural log, per unit weight) applied to the
        cell's response genes, sample effect included; 0 in cells that do not respond.
    expected
        Samples × genes: share of a sample's counts that each gene would have without noise, from
        what was planted and the cells drawn. What a measurement of the whole sample aims at.
    """

    adata: AnnData
    truth: pd.DataFrame
    activity: pd.DataFrame
    expected: pd.DataFrame


def simulate_cohort(
    *,
    n_samples: int = 8,
    cells_per_sample: int = 150,
    n_genes: int = 4000,
    cell_types: Sequence[str] = CELL_TYPES,
    programs: Sequence[Program] = PROGRAMS,
    conditions: tuple[str, str] = ("control", "treated"),
    paired: bool = False,
    sample_sd: float = 0.3,
    depth: float = 3000,
    rng: int | np.random.Generator = 0,
    signatures: Catalogue | None = None,
) -> SimulatedCohort:
    """Simulate single cells of several patients with planted cytokine responses.

    Parameters
    ----------
    n_samples, cells_per_sample, n_genes
        Size. The catalogue's signature, ligand and receptor genes come first, then filler
        genes ``BG0001`` ..., of which the first 30 per cell type are its markers.
    cell_types
        Names of the cell types, equally frequent but for the sample effect.
    programs
        What is planted; ``()`` plants nothing.
    conditions
        Two names, alternating over samples; ``condition_effect`` acts in the second.
    paired
        Each donor gives one sample of each condition; otherwise each sample has its own donor.
    sample_sd
        Standard deviation (natural log) of the sample effects: on each program, on each gene
        in each sample × cell type, and on cell type proportions. In a paired cohort half of
        the variance is shared by a donor's two samples.
    depth
        Mean counts a cell.
    rng
        Seed or generator; the same seed gives the same bytes.
    signatures
        Catalogue whose responses are planted; the curated one by default.

    Returns
    -------
    SimulatedCohort
        ``adata``, ``truth``, ``activity`` and ``expected``.

    Raises
    ------
    UsageError
        For a cytokine that has no response signature, an unknown cell type, too few genes, or
        a size that makes no sense.

    Notes
    -----
    Counts are gamma-Poisson with dispersion 0.2. On the natural-log scale a gene's mean is a
    baseline shared by all cells, plus its cell type's marker offset, plus activity × weight
    in target cells, where activity = effect + condition_effect (second condition) + sample
    effect. Genes of the planted cytokine's first ligand form are on in source cells and off
    elsewhere, and follow the sample effect and condition_effect too; those of its first
    receptor form are on in target cells and off elsewhere. Planted ligand and receptor genes
    take no part in any response, so that sources and receptors stay as planted.

    Examples
    --------
    >>> from cytosig.datasets import simulate_cohort
    >>> cohort = simulate_cohort(n_samples=4, cells_per_sample=20, n_genes=3000)
    >>> cohort.adata.shape
    (80, 3000)
    >>> cohort.truth.loc[0, ["cytokine", "source", "target"]].tolist()
    ['IFNG', 'T cell', 'malignant']
    """
    _check_sizes(n_samples, cells_per_sample, sample_sd, depth, paired=paired)
    types = _names("cell_types", cell_types)
    labels = _names("conditions", conditions, wanted=2)
    catalogue = _catalogue(signatures)
    planted = checked(programs, types, catalogue)
    panel = build_panel(catalogue, planted, len(types), n_genes)
    design = cohort.Design.make(n_samples, paired=paired)
    generator = np.random.default_rng(rng)
    drawn = _draw(generator, panel, design, planted, types, cells_per_sample, sample_sd, depth)
    return _assemble(drawn, panel, design, planted, types, labels)


def _catalogue(signatures: Catalogue | None) -> Catalogue:
    if signatures is not None:
        return signatures
    from cytosig.signatures import load

    return load()


def _check_sizes(
    n_samples: int, cells_per_sample: int, sample_sd: float, depth: float, *, paired: bool
) -> None:
    if n_samples < 1 or cells_per_sample < 1:
        raise UsageError(
            f"n_samples={n_samples}, cells_per_sample={cells_per_sample}: both must be 1 or more."
        )
    if paired and n_samples % 2:
        raise UsageError(f"n_samples={n_samples}: a paired cohort needs an even number.")
    if not (math.isfinite(sample_sd) and sample_sd >= 0):
        raise UsageError(f"sample_sd={sample_sd}: expected a number of 0 or more.")
    if not (math.isfinite(depth) and depth > 0):
        raise UsageError(f"depth={depth}: expected a number above 0.")


def _names(argument: str, names: Sequence[str], *, wanted: int = 0) -> tuple[str, ...]:
    found = tuple(names)
    whole = not isinstance(names, str) and len(found) > 0 and len(set(found)) == len(found)
    if not whole or (wanted and len(found) != wanted):
        number = f"{wanted}" if wanted else "one or more"
        raise UsageError(f"{argument}={names!r}: expected {number} different names.")
    return found


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the random draws gave, sample by sample."""

    counts: list[sp.csr_matrix]
    codes: list[NDArray[np.intp]]
    shifts: NDArray[np.float64]
    expected: NDArray[np.float64]


def _draw(
    rng: np.random.Generator,
    panel: Panel,
    design: Design,
    programs: tuple[Program, ...],
    types: tuple[str, ...],
    n_cells: int,
    sd: float,
    depth: float,
) -> _Drawn:
    means = cohort.type_means(rng, panel, programs, types)
    shifts, ligand = cohort.program_shifts(rng, design, programs, sd)
    shares = design.deviations(rng, (len(types),), sd)
    noise = design.deviations(rng, means.shape, sd)
    counts, codes, expected = [], [], []
    for sample in range(len(design.donor)):
        here = means + noise[sample]
        cohort.apply_programs(here, panel, programs, types, shifts[sample], ligand[sample])
        codes.append(cohort.draw_types(rng, n_cells, shares[sample]))
        counts.append(cohort.draw_counts(rng, here, codes[-1], depth))
        clean = means.copy()
        cohort.apply_programs(clean, panel, programs, types, shifts[sample], ligand[sample])
        expected.append(cohort.expected_shares(clean, codes[-1]))
    return _Drawn(counts, codes, shifts, np.stack(expected))


def _assemble(
    drawn: _Drawn,
    panel: Panel,
    design: Design,
    programs: tuple[Program, ...],
    types: tuple[str, ...],
    labels: tuple[str, ...],
) -> SimulatedCohort:
    import anndata as ad
    import pandas as pd
    import scipy.sparse as sp

    obs = _obs(drawn, design, types, labels)
    x = sp.csr_matrix(sp.vstack(drawn.counts, format="csr"))
    adata = ad.AnnData(x, obs=obs, var=pd.DataFrame(index=panel.genes))
    columns = [field.name for field in fields(Program)]
    truth = pd.DataFrame([asdict(p) for p in programs], columns=columns)
    samples = obs["sample"].cat.categories
    expected = pd.DataFrame(drawn.expected, index=samples.astype(str), columns=panel.genes)
    return SimulatedCohort(adata, truth, _activity(drawn, programs, types, obs), expected)


def _obs(
    drawn: _Drawn, design: Design, types: tuple[str, ...], labels: tuple[str, ...]
) -> pd.DataFrame:
    import pandas as pd

    n_cells = len(drawn.codes[0])
    sample = np.repeat(np.arange(len(drawn.codes)), n_cells)
    samples, donors = _ids("S", len(drawn.codes)), _ids("D", int(design.donor[-1]) + 1)
    cells = _ids("C", n_cells)
    return pd.DataFrame(
        {
            "sample": pd.Categorical.from_codes(sample, pd.Index(samples)),
            "donor": pd.Categorical.from_codes(design.donor[sample], pd.Index(donors)),
            "condition": pd.Categorical.from_codes(design.treated[sample], pd.Index(labels)),
            "cell_type": pd.Categorical.from_codes(np.concatenate(drawn.codes), pd.Index(types)),
        },
        index=[f"{s}_{c}" for s in samples for c in cells],
    )


def _ids(letter: str, n: int) -> list[str]:
    width = max(2, len(str(n)))
    return [f"{letter}{i:0{width}d}" for i in range(1, n + 1)]


def _activity(
    drawn: _Drawn, programs: tuple[Program, ...], types: tuple[str, ...], obs: pd.DataFrame
) -> pd.DataFrame:
    import pandas as pd

    codes = np.stack(drawn.codes)
    columns = {p.cytokine: np.zeros(codes.shape) for p in programs}
    for i, p in enumerate(programs):
        columns[p.cytokine] += (codes == types.index(p.target)) * drawn.shifts[:, i, None]
    return pd.DataFrame({id: v.ravel() for id, v in columns.items()}, index=obs.index)
