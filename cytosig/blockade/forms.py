"""How much of a cytokine's signal goes through which of its forms, in every sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.blockade.scenario import subunits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from cytosig.blockade.scenario import Touch
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Form

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """What a touch does to the signal of its cytokine, one value a sample.

    Parameters
    ----------
    taken
        Share of the signal that is gone: 1 less (ligand left × receptor left).
    engaged
        Share of the receptor that a drug sets off.
    unknown
        Forms that matter here and have a subunit that is not measured.
    """

    taken: Array
    engaged: Array
    unknown: tuple[str, ...] = ()

    @property
    def are_known(self) -> bool:
        """Whether there are shares; not where none of several forms is measured."""
        return not np.isnan(self.taken + self.engaged).any()


def genes_of_forms(catalogue: Catalogue, /) -> tuple[str, ...]:
    """Every gene of every ligand and receptor form, sorted."""
    known = catalogue.cytokines.values()
    forms = (form for c in known for form in (*c.ligands, *c.receptors))
    return tuple(sorted({gene for form in forms for gene in subunits(form)}))


@dataclass(frozen=True)
class Expression:
    """Expression of samples on the linear scale.

    Parameters
    ----------
    genes
        Human symbols.
    values
        Samples × genes; NaN where a gene is not measured.
    """

    genes: tuple[str, ...]
    values: Array

    def level(self, form: Form, /) -> Array:
        """Expression of a form: that of its lowest subunit, NaN where one is not measured."""
        place = [self.genes.index(gene) for gene in subunits(form)]
        found: Array = self.values[:, place].min(axis=1)
        return found

    def share(self, forms: Sequence[Form], some: Collection[int], /) -> Array:
        """Share of some of the forms in all of them.

        1 for all and 0 for none, whatever is measured. Else forms that are not measured are left
        out, and in a sample that expresses none of the others every form counts alike; NaN where
        no form is measured.
        """
        if len(some) in (len(forms), 0):
            return np.full(len(self.values), float(len(some) == len(forms)))
        levels = np.column_stack([self.level(form) for form in forms])
        measured = ~np.isnan(levels).all(axis=0)
        if not measured.any():
            return np.full(len(self.values), np.nan)
        chosen = np.array([i in some for i in range(len(forms))])[measured]
        levels = levels[:, measured]
        total = levels.sum(axis=1)
        with np.errstate(invalid="ignore"):
            found: Array = np.where(total > 0, levels[:, chosen].sum(axis=1) / total, chosen.mean())
        return found

    def unmeasured(self, forms: Sequence[Form], some: Collection[int], /) -> list[str]:
        """Forms that are left out of a share, by name."""
        if len(some) in (len(forms), 0):
            return []
        return [form.name for form in forms if np.isnan(self.level(form)).all()]


def shares_of(touch: Touch, catalogue: Catalogue, expression: Expression, /) -> Shares:
    """What one touch does in every sample."""
    known = catalogue.cytokines[touch.cytokine]
    ligands, receptors = set(range(len(known.ligands))), set(range(len(known.receptors)))
    engaged = touch.engaged - touch.receptors
    left = expression.share(known.ligands, ligands - touch.ligands)
    heard = expression.share(known.receptors, receptors - touch.receptors)
    unknown = [
        *expression.unmeasured(known.ligands, touch.ligands),
        *expression.unmeasured(known.receptors, touch.receptors),
        *expression.unmeasured(known.receptors, engaged),
    ]
    return Shares(
        1 - left * heard,
        expression.share(known.receptors, engaged) if engaged else np.zeros(len(left)),
        tuple(dict.fromkeys(unknown)),
    )
