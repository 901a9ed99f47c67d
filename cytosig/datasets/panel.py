"""Which genes a simulated matrix has, and which of them mean what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.datasets.program import Program
    from cytosig.signatures import Catalogue

MARKERS_PER_TYPE = 30


@dataclass(frozen=True, slots=True)
class Panel:
    """Gene names, and the columns that carry cell types and planted programs."""

    genes: list[str]
    markers: NDArray[np.intp]
    """Cell types × markers: columns of disjoint filler genes."""
    ligands: list[NDArray[np.intp]]
    """For each program, columns of the first ligand form."""
    receptors: list[NDArray[np.intp]]
    """For each program, columns of the first receptor form."""
    responses: NDArray[np.float64]
    """Programs × genes: signed response weights."""


def with_filler(names: Sequence[str], n_genes: int, /) -> list[str]:
    """The names, then ``BG0001``, ``BG0002`` ... up to ``n_genes`` names.

    Raises
    ------
    UsageError
        When there are more names than ``n_genes``, or a name comes twice.

    Examples
    --------
    >>> with_filler(["IL6"], 3)
    ['IL6', 'BG0001', 'BG0002']
    """
    if len(names) > n_genes:
        raise UsageError(f"n_genes={n_genes} leaves no room for {len(names)} named genes.")
    width = max(4, len(str(n_genes)))
    filler = [f"BG{i:0{width}d}" for i in range(1, n_genes - len(names) + 1)]
    every = [*names, *filler]
    if len(set(every)) != len(every):
        twice = [gene for gene, count in Counter(every).items() if count > 1]
        raise UsageError(f"genes: named twice: {', '.join(twice[:5])}; keep each once.")
    return every


def build_panel(
    catalogue: Catalogue, programs: Sequence[Program], n_types: int, n_genes: int, /
) -> Panel:
    """Lay out the genes: the catalogue's first, then filler, the first filler as markers."""
    forms = [f for c in catalogue.cytokines.values() for f in (*c.ligands, *c.receptors)]
    named = dict.fromkeys([*catalogue.genes, *sorted({g for form in forms for g in form.genes})])
    needed = len(named) + n_types * MARKERS_PER_TYPE
    if n_genes < needed:
        raise UsageError(
            f"n_genes={n_genes} is too few: the catalogue names {len(named)} genes and "
            f"{n_types} cell types need {MARKERS_PER_TYPE} markers each; give at least {needed}."
        )
    genes = with_filler(list(named), n_genes)
    column = {gene: i for i, gene in enumerate(genes)}
    known = [catalogue.cytokines[p.cytokine] for p in programs]
    ligands = [np.array([column[g] for g in c.ligands[0].genes], dtype=np.intp) for c in known]
    receptors = [np.array([column[g] for g in c.receptors[0].genes], dtype=np.intp) for c in known]
    responses = np.zeros((len(programs), n_genes))
    for row, p in enumerate(programs):
        for gene, weight in catalogue.signatures[p.cytokine].weights.items():
            responses[row, column[gene]] = weight
    for columns in (*ligands, *receptors):
        responses[:, columns] = 0
    markers = np.arange(len(named), needed, dtype=np.intp).reshape(n_types, MARKERS_PER_TYPE)
    return Panel(genes, markers, ligands, receptors, responses)
