"""What a cell of the scaling files expresses: genes, cell types, samples, planted responses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.optimize import brentq
from scipy.special import ndtri

import cytosig as cs
from cytosig.genes.tables import human

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = (
    "malignant", "T cell", "B cell", "NK cell", "macrophage", "fibroblast", "endothelial",
    "epithelial",
)  # fmt: skip
SHARES = (0.3, 0.2, 0.06, 0.06, 0.14, 0.12, 0.06, 0.06)
SIZES = (1.4, 0.7, 0.7, 0.7, 1.2, 1.2, 1.0, 1.1)
SAMPLES = tuple(f"S{i:02d}" for i in range(1, 9))
CONDITIONS = ("control", "treated")
PLANTED = (
    cs.datasets.Program("IFNG", "T cell", "malignant", effect=0.0, condition_effect=1.5),
    cs.datasets.Program("TGFB1", "macrophage", "fibroblast", effect=0.0, condition_effect=1.5),
    cs.datasets.Program("TNF", "macrophage", "endothelial", effect=0.0, condition_effect=1.5),
)
LIBRARY_SD = 0.4
_GENE_SD, _TYPE_SD, _SAMPLE_SD = 2.1, 0.5, 0.2
_MARKERS, _MARKER_RAISE = 100, 2.5
_UNSEEN = re.compile(r"(LINC|MIR\d|MIRLET|RNU|RNVU|SNOR|RN7|RNA\d|TR[A-Z]+-|LOC\d)")


@dataclass(frozen=True)
class Model:
    """Everything a block of cells is drawn from; the same for every number of cells."""

    genes: list[str]
    shares: NDArray[np.float64]
    """Samples × cell types, cumulative."""
    depth: float
    """Mean counts of a cell whose type has size 1."""
    threshold: NDArray[np.uint32]
    """Samples × cell types × genes: with alias, Walker's tables of the expression."""
    alias: NDArray[np.int32]


def gene_names(n_genes: int, rng: np.random.Generator, /) -> list[str]:
    """Approved symbols in order: all that the catalogue names, the rest drawn."""
    known = cs.signatures.load()
    forms = [f for c in known.cytokines.values() for f in (*c.ligands, *c.receptors)]
    ligands = {gene for c in known.cytokines.values() for gene in c.ligand_genes}
    named = {*known.genes, *ligands, *(gene for form in forms for gene in form.genes)}
    pool = [gene for gene in human() if gene not in named and not _UNSEEN.match(gene)]
    if not len(named) < n_genes <= len(named) + len(pool):
        most = len(named) + len(pool)
        raise SystemExit(f"--genes {n_genes}: give more than {len(named)} and at most {most}.")
    return sorted([*named, *rng.choice(pool, n_genes - len(named), replace=False)])


def log_means(genes: list[str], rng: np.random.Generator, /) -> NDArray[np.float64]:
    """Samples × cell types × genes, natural log; samples alternate control and treated."""
    n = len(genes)
    means = np.tile(rng.normal(0, _GENE_SD, n), (len(SAMPLES), len(TYPES), 1))
    means += rng.normal(0, _TYPE_SD, (len(TYPES), n))
    means += rng.normal(0, _SAMPLE_SD, means.shape)
    for row, columns in enumerate(
        rng.permutation(n)[: len(TYPES) * _MARKERS].reshape(-1, _MARKERS)
    ):
        means[:, row, columns] += _MARKER_RAISE
    catalogue = cs.signatures.load()
    weights = catalogue.weights(genes)
    column = {gene: i for i, gene in enumerate(genes)}
    for p in PLANTED:
        shift = p.condition_effect * weights[:, catalogue.ids.index(p.cytokine)]
        means[1::2, TYPES.index(p.target)] += shift
        ligand = [column[gene] for gene in catalogue.cytokines[p.cytokine].ligand_genes]
        means[1::2, TYPES.index(p.source), ligand] += p.condition_effect
    return means


def make(n_genes: int, density: float, seed: int, /) -> Model:
    """The model of this seed, its depth such that ``density`` of the entries are not zero."""
    rng = np.random.default_rng(seed)
    genes = gene_names(n_genes, rng)
    expression = np.exp(log_means(genes, rng))
    expression /= expression.sum(axis=-1, keepdims=True)
    shares = np.array(SHARES) * rng.lognormal(0, 0.3, (len(SAMPLES), len(TYPES)))
    shares /= shares.sum(axis=1, keepdims=True)
    depth = _depth(expression, shares, density)
    threshold = np.empty(expression.shape, dtype=np.uint32)
    alias = np.empty(expression.shape, dtype=np.int32)
    for place in np.ndindex(expression.shape[:2]):
        _walker(expression[place], threshold[place], alias[place])
    return Model(genes, shares.cumsum(axis=1), depth, threshold, alias)


def _depth(
    expression: NDArray[np.float64], shares: NDArray[np.float64], density: float, /
) -> float:
    """Mean counts at which the expected share of non-zeros is ``density``."""
    nodes = np.exp(LIBRARY_SD * ndtri((np.arange(6) + 0.5) / 6) - LIBRARY_SD**2 / 2)
    sizes = np.multiply.outer(SIZES, nodes)

    def excess(log_depth: float) -> float:
        rate = np.exp(log_depth) * sizes[None, :, :, None] * expression[:, :, None]
        seen = -np.expm1(-rate).mean(axis=(2, 3))
        return float((seen * shares).sum() / len(SAMPLES)) - density

    return float(np.exp(brentq(excess, np.log(10), np.log(1e6), xtol=1e-3)))


@njit
def _walker(share, threshold, alias):
    """Walker's tables by Vose's method: column i keeps a draw below its threshold."""
    n = len(share)
    scaled = share * n
    small, large = np.empty(n, np.int32), np.empty(n, np.int32)
    n_small = n_large = 0
    for i in range(n):
        alias[i] = i
        if scaled[i] < 1:
            small[n_small] = i
            n_small += 1
        else:
            large[n_large] = i
            n_large += 1
    threshold[:] = np.uint32(0xFFFFFFFF)
    while n_small and n_large:
        n_small -= 1
        low, high = small[n_small], large[n_large - 1]
        threshold[low] = np.uint32(scaled[low] * 4294967295.0)
        alias[low] = high
        scaled[high] -= 1 - scaled[low]
        if scaled[high] < 1:
            n_large -= 1
            small[n_small] = high
            n_small += 1
