"""Cytokines planted in a simulated tissue: who makes them, who answers, what is kept silent."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cytosig.signatures import Catalogue

OFF = -math.inf
"""A shift of the natural log that takes every count away."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One cytokine made by one cell type and answered by another.

    Shifts are on the natural log of expression, over the baseline that all cell types share; with
    all of them 0 nothing is planted.

    Parameters
    ----------
    cytokine
        Id or alias of a cytokine of the catalogue.
    source, target
        Cell types that make the ligand and that answer; they may be the same.
    ligands, receptors
        Genes raised in the source and in the target; empty takes those of the first form.
    ligand_effect, receptor_effect
        Shift of these genes.
    response_effect
        Shift of a response gene of weight 1 in the target. A cytokine without a response
        signature raises its receptor only.
    compartment
        Whose response list the target follows (``"T_NK"``, ``"myeloid"`` ...), where the
        cytokine has one for it; ``"generic"`` for that of all other cells.
    condition_effect
        Added to ``ligand_effect`` and ``response_effect`` in samples of the second condition.
    silent
        Genes without any count in any cell, such as partner subunits.
    extra
        Further shifts, each a gene, a cell type and a shift; ``-inf`` takes the gene away there.

    Examples
    --------
    >>> one = Planted("IL6", source="fibroblast", target="T cell")
    >>> one.ligand_effect, one.scaled(0.5).ligand_effect
    (2.0, 1.0)
    """

    cytokine: str
    source: str
    target: str
    ligands: tuple[str, ...] = ()
    receptors: tuple[str, ...] = ()
    ligand_effect: float = 2.0
    receptor_effect: float = 2.0
    response_effect: float = 1.0
    compartment: str = GENERIC
    condition_effect: float = 0.0
    silent: tuple[str, ...] = ()
    extra: tuple[tuple[str, str, float], ...] = ()

    @property
    def genes(self) -> tuple[str, ...]:
        """Every gene named here, each once."""
        named = (*self.ligands, *self.receptors, *self.silent, *(e[0] for e in self.extra))
        return tuple(dict.fromkeys(named))

    def scaled(self, factor: float, /) -> Planted:
        """The same with every effect times ``factor``; ``silent`` and ``extra`` stay."""
        return replace(
            self,
            ligand_effect=self.ligand_effect * factor,
            receptor_effect=self.receptor_effect * factor,
            response_effect=self.response_effect * factor,
            condition_effect=self.condition_effect * factor,
        )


def checked(
    planted: Sequence[Planted], cell_types: Iterable[str], catalogue: Catalogue, /
) -> tuple[Planted, ...]:
    """The same with ids for names and with the genes of the first forms written out.

    Raises
    ------
    UsageError
        For a cytokine whose ligand or receptor is not known, a cell type that is not simulated,
        or an effect that is not finite.
    """
    types = tuple(cell_types)
    named = dict.fromkeys(
        t for p in planted for t in (p.source, p.target, *(e[1] for e in p.extra))
    )
    unknown = [name for name in named if name not in types]
    if unknown:
        raise UsageError(
            f"planted: no cell type is called {', '.join(map(repr, unknown))}; cell_types are "
            f"{', '.join(types)}. Change planted or cell_types."
        )
    return tuple(_filled(p, catalogue) for p in planted)


def _filled(p: Planted, catalogue: Catalogue) -> Planted:
    effects = (p.ligand_effect, p.receptor_effect, p.response_effect, p.condition_effect)
    if not all(map(math.isfinite, effects)):
        raise UsageError(
            f"planted {p.cytokine}: its effects are {effects}; expected finite numbers. To take a"
            " gene away, name it in silent, or in extra with a shift of -inf."
        )
    for gene, _, shift in p.extra:
        if math.isnan(shift) or shift == math.inf:
            raise UsageError(
                f"planted {p.cytokine}: extra shifts {gene} by {shift}; expected a number or -inf."
            )
    id = catalogue.resolve(p.cytokine)
    known = catalogue.cytokines.get(id)
    ligands = p.ligands or (known.ligands[0].genes if known and known.ligands else ())
    receptors = p.receptors or (known.receptors[0].genes if known and known.receptors else ())
    if not ligands or not receptors:
        raise UsageError(
            f"planted {p.cytokine}: the catalogue knows no ligand or no receptor of it; name the"
            " genes in ligands and receptors."
        )
    return replace(p, cytokine=id, ligands=tuple(ligands), receptors=tuple(receptors))
