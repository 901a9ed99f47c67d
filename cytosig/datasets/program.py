"""A planted cytokine response, and the checks that it can be planted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cytosig.signatures import Catalogue


@dataclass(frozen=True, slots=True)
class Program:
    """One cytokine sent by one cell type and answered by another.

    Parameters
    ----------
    cytokine
        Id or alias of a cytokine with a response signature.
    source, target
        Cell types that express the ligand and that respond; they may be the same.
    effect
        Shift of a response gene of weight 1 in target cells, in natural-log units.
    condition_effect
        Added to ``effect`` in samples of the second condition, and to the ligand's log
        expression in source cells there.

    Examples
    --------
    >>> Program("IFNG", source="T cell", target="malignant").effect
    1.0
    """

    cytokine: str
    source: str
    target: str
    effect: float = 1.0
    condition_effect: float = 0.0


CELL_TYPES = ("malignant", "T cell", "macrophage", "fibroblast", "endothelial")
PROGRAMS = (
    Program("IFNG", "T cell", "malignant", effect=1.0, condition_effect=1.0),
    Program("TGFB1", "macrophage", "fibroblast"),
    Program("IL6", "fibroblast", "malignant"),
    Program("TNF", "macrophage", "endothelial"),
)


def checked(
    programs: Sequence[Program], cell_types: Sequence[str], catalogue: Catalogue, /
) -> tuple[Program, ...]:
    """The programs with cytokines brought to their ids.

    Raises
    ------
    UsageError
        For a cytokine without response signature or known ligand and receptor, a cell type
        that is not simulated, or an effect that is not finite.
    """
    unfit = [p.cytokine for p in programs if not _plantable(p.cytokine, catalogue)]
    if unfit:
        fit = [id for id in catalogue.ids if _plantable(id, catalogue)]
        raise UsageError(
            f"programs: cannot plant {', '.join(unfit)}: a planted cytokine needs a response "
            f"signature and known ligand and receptor genes. These have them: "
            f"{', '.join(fit) or 'none in this catalogue'}."
        )
    named = dict.fromkeys(t for p in programs for t in (p.source, p.target))
    unknown = [name for name in named if name not in cell_types]
    if unknown:
        raise UsageError(
            f"programs: no cell type is called {', '.join(map(repr, unknown))}; cell_types are "
            f"{', '.join(cell_types)}. Change the programs or the cell_types."
        )
    for p in programs:
        if not (math.isfinite(p.effect) and math.isfinite(p.condition_effect)):
            raise UsageError(f"{p}: effect and condition_effect must be finite numbers.")
    return tuple(replace(p, cytokine=catalogue.resolve(p.cytokine)) for p in programs)


def _plantable(name: str, catalogue: Catalogue) -> bool:
    if name not in catalogue:
        return False
    id = catalogue.resolve(name)
    if id not in catalogue.signatures or id not in catalogue.cytokines:
        return False
    known = catalogue.cytokines[id]
    return bool(known.ligands and known.receptors)
