"""Single cells of several patients in which it is known who makes what and who answers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError
from cytosig.datasets import tissue_model as model
from cytosig.datasets.cohort import draw_counts, draw_types
from cytosig.datasets.tissue_planted import Planted, checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import scipy.sparse as sp
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

    from cytosig.signatures import Catalogue

TISSUE_TYPES: Mapping[str, float] = MappingProxyType(
    {
        "T cell": 0.28,
        "malignant": 0.25,
        "macrophage": 0.2,
        "fibroblast": 0.13,
        "endothelial": 0.08,
        "dendritic": 0.06,
    }
)
_DEPTHS: Mapping[str, float] = MappingProxyType(
    {"T cell": 2500.0, "malignant": 8000.0, "fibroblast": 6000.0, "endothelial": 4000.0}
)
_DEPTH = 5000.0
_MOST_QUIET = 1000.0


@dataclass(frozen=True, eq=False)
class SimulatedTissue:
    """A simulated tissue and what was planted in it.

    Parameters
    ----------
    adata
        Counts (float32 CSR of whole numbers); ``obs`` has the categoricals sample, donor,
        cell_type and, where asked for, condition; ``var_names`` are gene symbols.
    truth
        One row a planted cytokine: the fields of :class:`Planted`, genes written out.
    expected
        Cell types × genes: counts per million without any effect of a patient, in the first
        condition.
    """

    adata: AnnData
    truth: pd.DataFrame
    expected: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Spread:
    """Standard deviations, natural log, and the dispersion of counts."""

    patient_sd: float
    patient_type_sd: float
    activity_sd: float
    coupling_sd: float
    lineage_sd: float
    composition_sd: float
    dispersion: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name}={value}: expected a number of 0 or more.")
        if not self.dispersion:
            raise UsageError("dispersion=0: expected a number above 0, 0.001 for almost none.")


@dataclass(frozen=True, slots=True)
class _Tissue:
    """What is simulated: cell types with their shares and depths, genes and planted cytokines."""

    types: list[str]
    log_shares: NDArray[np.float64]
    depths: NDArray[np.float64]
    genes: model.Genes
    planted: tuple[Planted, ...]


def simulate_tissue(
    *,
    n_samples: int = 8,
    cells_per_sample: int = 600,
    n_genes: int = 3000,
    cell_types: Mapping[str, float] = TISSUE_TYPES,
    depth: float | Mapping[str, float] | None = None,
    planted: Sequence[Planted] = (),
    conditions: tuple[str, str] | None = None,
    patient_sd: float = 0.4,
    patient_type_sd: float = 0.4,
    activity_sd: float = 0.15,
    coupling_sd: float = 0.0,
    lineage_sd: float = 0.0,
    composition_sd: float = 0.4,
    quiet_cpm: tuple[float, float] = (5.0, 60.0),
    dispersion: float = 0.2,
    rng: int | np.random.Generator = 0,
    signatures: Catalogue | None = None,
) -> SimulatedTissue:
    """Simulate single cells of several patients for questions of who talks to whom.

    With the defaults cell types do not differ in anything but depth and number: whatever is found
    there is false. All standard deviations are on the natural log.

    Parameters
    ----------
    n_samples, cells_per_sample, n_genes
        Size; one sample a patient. All genes the catalogue names come first, then those only
        ``planted`` names, then filler genes ``BG0001`` ...
    cell_types
        Names of the cell types and their shares, which need not add up to 1.
    depth
        Mean counts a cell, one number or one a cell type. The default differs between the default
        cell types, 2,500 for T cells to 8,000 for malignant ones, and is 5,000 for others.
    planted
        What is planted, see :class:`Planted` and :func:`tissue_panel`.
    conditions
        Two names, alternating over samples; without them there is no column ``condition``.
    patient_sd
        Effect of a patient on each gene, shared by all the patient's cell types.
    patient_type_sd
        Effect of a patient on each gene of each cell type.
    activity_sd
        Activity of every signature in each patient × cell type: it moves response genes together.
    coupling_sd
        A patient's shift of each planted cytokine, which its ligand in the source and its
        response in the target share.
    lineage_sd
        Effect of a cell type on each gene, the same in all patients, but for genes ``planted``
        names. 0: cell types do not differ.
    composition_sd
        Differences between patients in the shares of cell types.
    quiet_cpm
        Lowest and highest baseline of genes of ligands, receptors, decoys, antagonists,
        presenters and coreceptors, counts per million, spread evenly on the log scale.
    dispersion
        Of the counts: their variance is mean + dispersion·mean².
    rng
        Seed or generator; the same seed gives the same bytes.
    signatures
        Catalogue whose genes and responses are used; the curated one by default.

    Returns
    -------
    SimulatedTissue
        ``adata``, ``truth`` and ``expected``.

    Raises
    ------
    UsageError
        For a cell type or a cytokine that is not known, too few genes, or a size, share, depth or
        standard deviation that makes no sense.

    Notes
    -----
    Genes of ligands, receptors and what modifies them take no part in any response, so that
    sources and receptors stay as planted. The means of all other genes are log-normal.

    Examples
    --------
    >>> from cytosig.datasets import Planted, simulate_tissue
    >>> tissue = simulate_tissue(
    ...     n_samples=3, cells_per_sample=50, planted=[Planted("IL6", "fibroblast", "T cell")]
    ... )
    >>> tissue.adata.shape
    (150, 3000)
    >>> tissue.expected["IL6"].idxmax(), tissue.expected["IL6R"].idxmax()
    ('fibroblast', 'T cell')
    """
    spread = _Spread(
        patient_sd, patient_type_sd, activity_sd, coupling_sd, lineage_sd, composition_sd,
        dispersion,
    )  # fmt: skip
    if n_samples < 1 or cells_per_sample < 1:
        raise UsageError(
            f"n_samples={n_samples}, cells_per_sample={cells_per_sample}: both must be 1 or more."
        )
    if conditions is not None and len(set(conditions)) != 2:
        raise UsageError(f"conditions={conditions!r}: expected two different names.")
    if not 0 < quiet_cpm[0] <= quiet_cpm[1] <= _MOST_QUIET:
        raise UsageError(
            f"quiet_cpm={quiet_cpm}: expected the lower and the higher bound, above 0 and at most"
            f" {_MOST_QUIET:g}."
        )
    tissue = _tissue(cell_types, depth, planted, n_genes, signatures)
    generator = np.random.default_rng(rng)
    means = model.type_means(
        generator, tissue.genes, tissue.planted, tissue.types, quiet_cpm, spread.lineage_sd
    )
    treated = np.arange(n_samples) % 2 * (conditions is not None)
    drawn = [
        _sample(generator, tissue, spread, means, cells_per_sample, treated=bool(t))
        for t in treated
    ]
    return _assemble(drawn, tissue, means, treated, conditions)


def _tissue(
    cell_types: Mapping[str, float],
    depth: float | Mapping[str, float] | None,
    planted: Sequence[Planted],
    n_genes: int,
    signatures: Catalogue | None,
) -> _Tissue:
    from cytosig.signatures import load

    catalogue = load() if signatures is None else signatures
    types = list(cell_types)
    shares = np.array([cell_types[name] for name in types], dtype=float)
    if not len(types) or not (np.isfinite(shares) & (shares > 0)).all():
        raise UsageError(f"cell_types={dict(cell_types)}: expected shares above 0.")
    if isinstance(depth, (int, float)):
        depth = dict.fromkeys(types, float(depth))
    elif depth is None:
        depth = {name: _DEPTHS.get(name, _DEPTH) for name in types}
    if set(depth) != set(types) or not all(math.isfinite(d) and d > 0 for d in depth.values()):
        raise UsageError(
            f"depth={dict(depth)}: expected a number above 0 for each of {', '.join(types)}."
        )
    every = checked(planted, types, catalogue)
    genes = model.lay_out(catalogue, every, n_genes)
    depths = np.array([depth[name] for name in types])
    return _Tissue(types, np.log(shares), depths, genes, every)


def _sample(
    rng: np.random.Generator,
    tissue: _Tissue,
    spread: _Spread,
    means: NDArray[np.float64],
    n_cells: int,
    *,
    treated: bool,
) -> tuple[sp.csr_matrix, NDArray[np.intp]]:
    """Counts and cell types of one patient."""
    shape = means.shape
    activity = rng.normal(0.0, spread.activity_sd, (shape[0], tissue.genes.responses.shape[1]))
    own = rng.normal(0.0, spread.patient_type_sd, shape)
    own += rng.normal(0.0, spread.patient_sd, shape[1])
    own += activity @ tissue.genes.responses.T
    shifts = rng.normal(0.0, spread.coupling_sd, len(tissue.planted))
    shifts += np.array([p.condition_effect * treated for p in tissue.planted])
    shares = tissue.log_shares + rng.normal(0.0, spread.composition_sd, shape[0])
    here = _responding(tissue, means, shifts) + own
    codes = draw_types(rng, n_cells, shares)
    return draw_counts(rng, here, codes, tissue.depths[codes], spread.dispersion), codes


def _responding(
    tissue: _Tissue, means: NDArray[np.float64], shifts: NDArray[np.float64]
) -> NDArray[np.float64]:
    return model.respond(means, tissue.genes, tissue.planted, tissue.types, shifts)


def _assemble(
    drawn: list[tuple[sp.csr_matrix, NDArray[np.intp]]],
    tissue: _Tissue,
    means: NDArray[np.float64],
    treated: NDArray[np.intp],
    conditions: tuple[str, str] | None,
) -> SimulatedTissue:
    import anndata as ad
    import pandas as pd
    import scipy.sparse as sp

    n_samples, n_cells = len(drawn), len(drawn[0][1])
    sample = np.repeat(np.arange(n_samples), n_cells)
    width = max(2, len(str(n_samples)))
    samples = [f"S{i:0{width}d}" for i in range(1, n_samples + 1)]
    codes = np.concatenate([found for _, found in drawn])
    obs = pd.DataFrame(
        {
            "sample": pd.Categorical.from_codes(sample, pd.Index(samples)),
            "donor": pd.Categorical.from_codes(
                sample, pd.Index([name.replace("S", "D") for name in samples])
            ),
            "cell_type": pd.Categorical.from_codes(codes, pd.Index(tissue.types)),
        },
        index=[f"{s}_C{i:05d}" for s in samples for i in range(1, n_cells + 1)],
    )
    if conditions is not None:
        obs["condition"] = pd.Categorical.from_codes(treated[sample], pd.Index(conditions))
    x = sp.csr_matrix(sp.vstack([counts for counts, _ in drawn], format="csr"))
    adata = ad.AnnData(x, obs=obs, var=pd.DataFrame(index=tissue.genes.names))
    columns = [field.name for field in fields(Planted)]
    truth = pd.DataFrame([asdict(p) for p in tissue.planted], columns=columns)
    cpm = model.as_cpm(_responding(tissue, means, np.zeros(len(tissue.planted))))
    expected = pd.DataFrame(cpm, index=tissue.types, columns=tissue.genes.names)
    return SimulatedTissue(adata, truth, expected)
