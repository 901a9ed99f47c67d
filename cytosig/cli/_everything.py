"""``cytosig score --all``: what else there is to say of a scored file, into the same file."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from cytosig._log import logger
from cytosig.cli._notices import reason, unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_OF_TYPES = ("sources", "targets", "links")


def add_everything(adata: AnnData, arguments: Mapping[str, Any], sample_key: str | None, /) -> None:
    """Run every other tool that the data allow; what cannot be done is said, and costs nothing.

    Parameters
    ----------
    adata
        Scored; its matrix can be read.
    arguments
        Of ``tl.score``; those that another tool has are handed on to it.
    sample_key
        Column of obs with the sample of each cell; None for bulk.
    """
    known = dict(arguments)
    if sample_key is not None:
        known["sample_key"] = sample_key
        known.pop("control", None)  # cells to centre on, not samples to compare with
    lost = _hindered(adata, known)
    for why, names in lost.items():
        logger.warning("%s: not done. %s", ", ".join(names), why)
    hindered = {name for names in lost.values() for name in names}
    for name in ("channels", "balance", *_OF_TYPES, "blockade"):
        if name not in hindered:
            _run(name, adata, known)


def check_samples(adata: AnnData, sample_key: str | None, /) -> None:
    """Refuse a column of samples that is not there, before hours of scoring."""
    from cytosig._obs import column_of

    if sample_key is not None:
        column_of(adata, sample_key, argument="sample_key")


def _run(name: str, adata: AnnData, known: Mapping[str, Any]) -> None:
    """One tool; the scores are not to be lost to whatever befalls it."""
    from cytosig import tl

    tool = getattr(tl, name)
    own = {key: value for key, value in known.items() if key in signature(tool).parameters}
    try:
        tool(adata, **own, **({"targets": "all"} if name == "blockade" else {}))
    except Exception as exc:
        logger.warning("%s: not done. %s", name, reason(exc) or unexpected(exc))
    else:
        logger.info("%s: done.", name)


def _hindered(adata: AnnData, known: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Tools that have nothing to work on, by why that is."""
    from cytosig.tl._replicates import looks_like_cells

    if {"sample_key", "cell_type_key"} <= known.keys():
        return {}
    if "sample_key" in known:
        return {"They are about cell types: name their column with --cell-type-key.": _OF_TYPES}
    if not looks_like_cells(adata):
        return {
            "Bulk samples hold no cell types to attribute a cytokine to; 'channels' has their"
            " ligands and receptors.": _OF_TYPES
        }
    why = "They are about samples and their cell types: give --sample-key and --cell-type-key."
    return {why: ("balance", *_OF_TYPES, "blockade")}
