"""What a reader of a row must know before believing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig.communication.forms import summed
from cytosig.communication.settings import AMBIENT, FEW_SAMPLES
from cytosig.communication.tissue import over_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from cytosig.communication.settings import Settings
    from cytosig.communication.sources import Sources
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float64]


def of_sources(
    tissue: Tissue, found: Sources, cytokines: Mapping[str, Cytokine], settings: Settings, /
) -> list[object]:
    """Flags of every row of the table of sources, joined by semicolons."""
    rows: list[object] = []
    for id in found.ids:
        made, known = found.made[id], cytokines[id]
        loose = AMBIENT * tissue.pooled(made.cpm)[:, None]
        # in the same samples
        suspect = over_samples(made.cpm) <= over_samples(
            np.where(np.isnan(made.cpm), np.nan, loose)
        )
        presenters = _absent(tissue, known.modifiers.presenters, settings)
        activators = _absent(tissue, known.modifiers.activators, settings)
        means = over_samples(made.cpm)
        for t in range(len(tissue.types)):
            said = [*few_samples(tissue, t), *made.lacking]
            if means[t] == 0:
                said.append("not detected")
            elif suspect[t]:
                said.append("ambient suspect")
            if means[t] > 0 and presenters[t]:
                said.append(f"no presenter ({', '.join(known.modifiers.presenters)})")
            if means[t] > 0 and activators[t]:
                said.append(f"no activator ({', '.join(known.modifiers.activators)})")
            rows.append("; ".join(said))
    return rows


def few_samples(tissue: Tissue, type_: int, /) -> Iterator[str]:
    """What the number of samples of a type forbids."""
    used = tissue.used
    n = int((used[:, type_] & (used.sum(axis=1) > 1)).sum())
    if not used[:, type_].any():
        most = int(tissue.n_cells[:, type_].max())
        yield f"too few cells or no counts (at most {most} cells in a sample)"
    elif n == 0:
        yield "no other type in its samples"
    elif n == 1:
        yield "one sample: no p"
    elif n < FEW_SAMPLES:
        yield f"few samples: no exact p below {0.5**n:g}"


def _absent(tissue: Tissue, genes: tuple[str, ...], settings: Settings) -> NDArray[np.bool_]:
    """Types in which some genes are known, measured, and together below what is expressed."""
    if not any(gene in tissue.place for gene in genes):
        return np.zeros(len(tissue.types), dtype=bool)
    found: NDArray[np.bool_] = over_samples(summed(tissue, genes)) < settings.expressed
    return found
