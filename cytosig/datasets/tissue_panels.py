"""Cytokines to plant in a simulated tissue: the cases on which lists of pairs go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from cytosig._errors import UsageError
from cytosig.datasets.tissue_planted import OFF, Planted

if TYPE_CHECKING:
    from collections.abc import Mapping

Panel = Literal["null", "single", "IL12", "IL23", "decoy", "presented", "autocrine"]

_DECOY_SHIFT = 3.0

# Partners that other resources demand are silent: they hold a complex where one gene is enough.
_PANELS: Mapping[Panel, tuple[Planted, ...]] = {
    "null": (),
    "single": (
        Planted("IL6", "fibroblast", "T cell", compartment="T_NK"),
        Planted("CSF1", "fibroblast", "macrophage", silent=("IL34",)),
        Planted("IL17A", "T cell", "malignant", silent=("IL17F",)),
        Planted(
            "VEGFA", "malignant", "endothelial", receptors=("KDR",),
            silent=("VEGFB", "PGF", "FLT1"),
        ),
        Planted("EGF", "macrophage", "malignant", silent=("TGFA", "AREG", "ERBB2")),
        Planted(
            "INHBA", "fibroblast", "malignant", silent=("INHBB", "INHA"),
        ),
        Planted(
            "PDGFB", "endothelial", "fibroblast", receptors=("PDGFRB",),
            silent=("PDGFA", "PDGFRA"),
        ),
    ),
    "IL12": (Planted("IL12", "dendritic", "T cell", silent=("IL23A", "IL23R", "EBI3")),),
    "IL23": (Planted("IL23", "dendritic", "T cell", silent=("IL12A", "IL12RB2", "EBI3")),),
    "decoy": (
        Planted(
            "IL1B", "macrophage", "fibroblast",
            extra=(
                ("IL1R2", "T cell", _DECOY_SHIFT),
                ("IL1RAP", "T cell", _DECOY_SHIFT),
                ("IL1R1", "T cell", OFF),
            ),
        ),
    ),
    "presented": (
        Planted(
            "IL15", "macrophage", "T cell", ligands=("IL15", "IL15RA"),
            compartment="T_NK", extra=(("IL15RA", "T cell", OFF),),
        ),
    ),
    "autocrine": (Planted("TNF", "macrophage", "macrophage"),),
}  # fmt: skip


def tissue_panel(name: Panel, /, *, effect: float = 1.0) -> tuple[Planted, ...]:
    """Cytokines to give to :func:`simulate_tissue` as ``planted``.

    Parameters
    ----------
    name
        ``"null"``: nothing; give ``lineage_sd=0`` too for cell types that do not differ.
        ``"single"``: IL6, CSF1, IL17A, VEGFA, EGF, INHBA and PDGFB, the partners with which
        other resources pair them silent everywhere. ``"IL12"`` and ``"IL23"``: they share
        IL12B and IL12RB1, and each comes without the other's own subunits. ``"decoy"``: IL1B;
        fibroblasts hold its receptor, T cells its decoy and no receptor. ``"presented"``: IL15
        with IL15RA on its source. ``"autocrine"``: TNF from macrophages to macrophages.
    effect
        Factor on every effect; 0 leaves only what is silent or extra.

    Returns
    -------
    tuple of Planted

    Raises
    ------
    UsageError
        For a name that is not in this list.

    Examples
    --------
    >>> from cytosig.datasets import tissue_panel
    >>> [(p.cytokine, p.source, p.target) for p in tissue_panel("IL12")]
    [('IL12', 'dendritic', 'T cell')]
    """
    if name not in _PANELS:
        raise UsageError(f"name={name!r}: expected one of {', '.join(get_args(Panel))}.")
    return tuple(p.scaled(effect) for p in _PANELS[name])
