"""Working forms of ligands and receptors: all subunits of a form, any of the forms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from cytosig.communication.tissue import Tissue
    from cytosig.signatures.model import Cytokine, Form

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Expressed:
    """The forms of one ligand or receptor in a tissue.

    Parameters
    ----------
    forms
        Forms with all of their genes measured, and the CPM of each, samples × types: that of its
        lowest subunit.
    cpm
        Of all forms together, samples × types; NaN where there is none.
    lacking
        What cannot be tested, and the gene that is not measured.
    """

    forms: tuple[tuple[Form, Array], ...]
    cpm: Array
    lacking: tuple[str, ...]

    def leading(self, type_: int, /) -> Form | None:
        """The form that a type expresses most, over its samples."""
        if not self.forms:
            return None
        means = [_mean(values[:, type_]) for _, values in self.forms]
        return self.forms[int(np.argmax(means))][0]


def ligand(tissue: Tissue, cytokine: Cytokine, /) -> Expressed:
    """What the cells of every type make; forms add up."""
    kept, lacking = _measured(tissue, cytokine.ligands)
    made = tuple((form, lowest(tissue, form.genes)) for form in kept)
    return Expressed(made, _added(tissue, [values for _, values in made]), lacking)


def receptor(tissue: Tissue, cytokine: Cytokine, /) -> Expressed:
    """What the cells of every type can hear with: receptor forms less decoys.

    A subunit that other cells supply counts with its mean over the sample. Of forms whose genes
    lie inside one another (affinities of one receptor) the largest counts, others add up.
    """
    kept, lacking = _measured(tissue, cytokine.receptors)
    off = summed(tissue, cytokine.modifiers.decoys)
    lost = [gene for gene in cytokine.modifiers.decoys if gene not in tissue.place]
    if kept and lost:
        lacking += (f"decoys not measured: {', '.join(lost)}",)
    heard = tuple((form, heard_by(tissue, form, off)) for form in kept)
    groups = [
        np.maximum.reduce([heard[i][1] for i in group]) for group in nested([f for f, _ in heard])
    ]
    return Expressed(heard, _added(tissue, groups), lacking)


def heard_by(tissue: Tissue, form: Form, off: Array, /) -> Array:
    """CPM of a receptor form, decoys off, at most what the sample supplies of foreign subunits."""
    level = np.maximum(lowest(tissue, form.genes) - off, 0.0)
    for gene in form.supplied:
        level = np.minimum(level, tissue.pooled(tissue.of(gene))[:, None])
    return np.where(tissue.used, level, np.nan)


def nested(forms: Sequence[Form], /) -> list[list[int]]:
    """Forms by receptor: together where the genes of one lie inside another's."""
    groups: list[list[int]] = []
    for i, form in enumerate(forms):
        mine = set(form.genes)
        near = [g for g in groups if any(_inside(mine, set(forms[j].genes)) for j in g)]
        groups = [g for g in groups if g not in near] + [[*chain.from_iterable(near), i]]
    return sorted(sorted(group) for group in groups)


def _inside(one: Collection[str], other: Collection[str]) -> bool:
    return set(one) <= set(other) or set(other) <= set(one)


def lowest(tissue: Tissue, genes: Sequence[str], /) -> Array:
    """CPM of the least of some genes, samples × types."""
    found: Array = np.minimum.reduce([tissue.of(gene) for gene in genes])
    return found


def summed(tissue: Tissue, genes: Sequence[str], /) -> Array:
    """CPM of some genes together, samples × types; those not measured count nothing."""
    there = [tissue.of(gene) for gene in genes if gene in tissue.place]
    found: Array = np.sum(there, axis=0) if there else np.zeros(tissue.n_cells.shape)
    return np.where(tissue.used, found, np.nan)


def limiting(tissue: Tissue, form: Form, type_: int, /) -> str:
    """The subunit that a type has least of; empty for a form of one gene."""
    if len(form.genes) < 2:
        return ""
    return min(form.genes, key=lambda gene: _mean(tissue.of(gene)[:, type_]))


def _measured(tissue: Tissue, forms: Sequence[Form]) -> tuple[list[Form], tuple[str, ...]]:
    """Forms with all genes measured, and what the others lack."""
    kept, lacking = [], []
    for form in forms:
        lost = [gene for gene in (*form.genes, *form.supplied) if gene not in tissue.place]
        if lost:
            lacking.append(f"{form.name} untestable: {', '.join(lost)} not measured")
        else:
            kept.append(form)
    return kept, tuple(lacking)


def _added(tissue: Tissue, parts: Sequence[Array]) -> Array:
    if not parts:
        return np.full(tissue.n_cells.shape, np.nan)
    found: Array = np.sum(parts, axis=0)
    return found


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 0.0
