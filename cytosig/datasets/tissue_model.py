"""What the cells of a simulated tissue express, before any count is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.datasets.cohort import BASE_SD
from cytosig.datasets.panel import with_filler
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.datasets.tissue_planted import Planted
    from cytosig.signatures import Catalogue, Cytokine


@dataclass(frozen=True, slots=True)
class Genes:
    """Gene names, which of them are ligands or receptors, and what responds to what."""

    names: list[str]
    quiet: NDArray[np.bool_]
    """Ligand, receptor and modifier genes: low, and in no response."""
    planted: NDArray[np.bool_]
    """Genes that anything planted names: alike in all cell types but for what is planted."""
    responses: NDArray[np.float64]
    """Genes × signatures: weights, 0 for quiet genes."""
    answers: NDArray[np.float64]
    """Planted cytokines × genes: weights of the list that its target follows."""

    def at(self, genes: Sequence[str], /) -> list[int]:
        """Columns of these genes."""
        column = {gene: i for i, gene in enumerate(self.names)}
        return [column[gene] for gene in genes]


def lay_out(catalogue: Catalogue, planted: Sequence[Planted], n_genes: int, /) -> Genes:
    """The catalogue's genes first, then others that are planted, then filler."""
    cytokines = catalogue.cytokines.values()
    extra = [gene for p in planted for gene in p.genes]
    quiet = {gene for c in cytokines for gene in _surface(c)} | set(extra)
    moved = {g for c in cytokines for g in (*c.modifiers.activators, *c.modifiers.feedback)}
    lists = [one for own in catalogue.variants.values() for one in own.values()]
    moved |= {gene for one in lists for gene in one.weights}
    named = dict.fromkeys([*catalogue.genes, *sorted(quiet | moved)])
    names = with_filler(list(named), n_genes)
    is_quiet = np.isin(names, sorted(quiet))
    responses = np.where(is_quiet[:, None], 0.0, catalogue.weights(names))
    answers = np.zeros((len(planted), len(names)))
    for row, p in zip(answers, planted, strict=True):
        own = catalogue if p.compartment == GENERIC else catalogue.for_compartment(p.compartment)
        if p.cytokine in own.signatures:
            row[:] = np.where(is_quiet, 0.0, own.weights(names)[:, own.ids.index(p.cytokine)])
    return Genes(names, is_quiet, np.isin(names, extra), responses, answers)


def _surface(c: Cytokine) -> set[str]:
    """Genes of its ligands, receptors, decoys, antagonists, presenters and coreceptors."""
    forms = {gene for form in (*c.ligands, *c.receptors) for gene in (*form.genes, *form.supplied)}
    m = c.modifiers
    return forms | {*m.decoys, *m.antagonists, *m.presenters, *m.coreceptors}


def baseline(
    rng: np.random.Generator, genes: Genes, quiet_cpm: tuple[float, float], /
) -> NDArray[np.float64]:
    """Log means that all cell types share; quiet genes between these counts per million."""
    means = rng.normal(0.0, BASE_SD, size=len(genes.names))
    low = np.exp(rng.uniform(np.log(quiet_cpm[0]), np.log(quiet_cpm[1]), size=len(means))) / 1e6
    others = np.exp(means[~genes.quiet]).sum()
    total = others / (1 - low[genes.quiet].sum())
    return np.where(genes.quiet, np.log(low * total), means)


def type_means(
    rng: np.random.Generator,
    genes: Genes,
    planted: Sequence[Planted],
    cell_types: Sequence[str],
    quiet_cpm: tuple[float, float],
    lineage_sd: float,
    /,
) -> NDArray[np.float64]:
    """Log means, cell types × genes: baseline, identity, planted ligands and receptors."""
    means = np.tile(baseline(rng, genes, quiet_cpm), (len(cell_types), 1))
    identity = rng.normal(0.0, lineage_sd, size=means.shape)
    means += np.where(genes.planted, 0.0, identity)
    row = {name: i for i, name in enumerate(cell_types)}
    for p in planted:
        means[row[p.source], genes.at(p.ligands)] += p.ligand_effect
        means[row[p.target], genes.at(p.receptors)] += p.receptor_effect
        for gene, where, shift in p.extra:
            means[row[where], genes.at([gene])] += shift
        means[:, genes.at(p.silent)] = -np.inf
    return means


def respond(
    means: NDArray[np.float64],
    genes: Genes,
    planted: Sequence[Planted],
    cell_types: Sequence[str],
    shifts: NDArray[np.float64],
    /,
) -> NDArray[np.float64]:
    """These log means with the responses, each with a further shift that its ligand takes too."""
    found = means.copy()
    for p, weights, shift in zip(planted, genes.answers, shifts, strict=True):
        found[cell_types.index(p.source), genes.at(p.ligands)] += shift
        found[cell_types.index(p.target)] += (p.response_effect + shift) * weights
    return found


def as_cpm(log_means: NDArray[np.float64], /) -> NDArray[np.float64]:
    """Expected counts per million."""
    shares = np.exp(log_means)
    cpm: NDArray[np.float64] = shares / shares.sum(axis=-1, keepdims=True) * 1e6
    return cpm
