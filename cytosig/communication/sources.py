"""Which cell types make each cytokine, more than the other cells of the same samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.communication import flags
from cytosig.communication.forms import Expressed, ligand, limiting, summed
from cytosig.communication.means import Tested, means_above_zero
from cytosig.communication.presence import Background
from cytosig.communication.tissue import over_others, over_samples
from cytosig.stats.blocked import blocked_permutation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.communication.settings import Settings
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sources:
    """What was found of the ligands of every cytokine.

    Parameters
    ----------
    ids
        Cytokines, the last dimension of what follows.
    made
        Their ligand forms.
    log
        Samples × types × cytokines: log2(CPM + 10) of all forms together.
    specificity
        Over the other types of the same sample; p without regard to subunits.
    p
        Types × cytokines: that of the specificity, or of the subunit least sure to be there.
    omnibus
        P that the types do not differ, one a cytokine.
    net
        Samples × types × cytokines: CPM less what the same cells make of antagonists.
    """

    ids: tuple[str, ...]
    made: Mapping[str, Expressed]
    log: Array
    specificity: Tested
    p: Array
    omnibus: Array
    net: Array


def find_sources(
    tissue: Tissue, cytokines: Mapping[str, Cytokine], settings: Settings, /
) -> Sources:
    """Test every cytokine in every cell type.

    The difference of a type from the mean of the others is taken inside each sample, and its mean
    over samples is tested: the sample is the replicate. A form of several subunits is made only
    where all of them are there (intersection-union: the largest p counts).
    """
    ids = tuple(cytokines)
    made = {id: ligand(tissue, cytokines[id]) for id in ids}
    cpm = np.stack([made[id].cpm for id in ids], axis=2)
    log = tissue.log(cpm)
    found = np.nansum(cpm, axis=0) > 0
    specificity = means_above_zero(
        over_others(log), moderated=found, level=settings.level, exact=settings.exact
    )
    background = Background(tissue, settings.expressed, settings.level)
    p = specificity.p.copy()
    for k, id in enumerate(ids):
        p[:, k] = np.maximum(p[:, k], _subunits(made[id], background, len(tissue.types)))
    off = np.stack([summed(tissue, cytokines[id].modifiers.antagonists) for id in ids], axis=2)
    return Sources(
        ids, made, log, specificity, p, blocked_permutation(log), np.maximum(cpm - off, 0.0)
    )


def _subunits(made: Expressed, background: Background, n_types: int) -> Array:
    """P that a subunit of the form each type makes most is not there; 0 for single genes."""
    if all(len(form.genes) == 1 for form, _ in made.forms):
        return np.zeros(n_types)
    lacks = {form.name: background.all_present(form.genes).p for form, _ in made.forms}
    leads = [made.leading(t) for t in range(n_types)]
    return np.array(
        [
            lacks[form.name][t] if form is not None and len(form.genes) > 1 else 0.0
            for t, form in enumerate(leads)
        ]
    )


def source_columns(
    tissue: Tissue, found: Sources, cytokines: Mapping[str, Cytokine], settings: Settings, /
) -> dict[str, Any]:
    """Columns of the table, cytokine by cytokine, type by type in each."""
    tested = found.specificity
    forms = [[found.made[id].leading(t) for t in range(len(tissue.types))] for id in found.ids]
    every = [
        (id, t, form)
        for id, mine in zip(found.ids, forms, strict=True)
        for t, form in enumerate(mine)
    ]
    depth = np.nansum(np.where(tissue.used, tissue.depth, np.nan), axis=0)
    bound = np.divide(3e6, depth, out=np.full_like(depth, np.nan), where=depth > 0)
    n_types = len(tissue.types)
    fraction = [np.nan if f is None else _fraction(tissue, f.genes, t) for _, t, f in every]
    return {
        "cytokine": [id for id, _, _ in every],
        "cell_type": [tissue.types[t] for _, t, _ in every],
        "form": ["" if f is None else f.name for _, _, f in every],
        "limiting": ["" if f is None else limiting(tissue, f, t) for _, t, f in every],
        "n_samples": tested.n.T.ravel(),
        "n_cells": np.tile(np.where(tissue.used, tissue.n_cells, 0).sum(axis=0), len(found.ids)),
        "expression": [float(over_samples(found.made[id].cpm[:, t])) for id, t, _ in every],
        "fraction": fraction,
        "specificity": tested.estimate.T.ravel(),
        "se": tested.se.T.ravel(),
        "ci_low": tested.low.T.ravel(),
        "ci_high": tested.high.T.ravel(),
        "p": found.p.T.ravel(),
        "p_exact": tested.p_exact.T.ravel(),
        "p_floor": tested.p_floor.T.ravel(),
        "p_omnibus": np.repeat(found.omnibus, n_types),
        "detection_bound": np.tile(bound, len(found.ids)),
        "antagonist": _modifier(tissue, found, cytokines, "antagonists"),
        "activation": _modifier(tissue, found, cytokines, "activators"),
        "flags": flags.of_sources(tissue, found, cytokines, settings),
    }


def _fraction(tissue: Tissue, genes: tuple[str, ...], type_: int) -> float:
    """Share of cells with the rarest subunit."""
    return min(float(over_samples(tissue.fraction_of(gene)[:, type_])) for gene in genes)


def _modifier(
    tissue: Tissue, found: Sources, cytokines: Mapping[str, Cytokine], which: str
) -> list[object]:
    """Mean CPM of the antagonists or activators in every type; NaN where none are known."""
    columns: list[object] = []
    for id in found.ids:
        genes = [g for g in getattr(cytokines[id].modifiers, which) if g in tissue.place]
        values = summed(tissue, genes) if genes else np.full(tissue.n_cells.shape, np.nan)
        columns += over_samples(values).tolist()
    return columns
