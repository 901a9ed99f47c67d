"""Signatures made without one study, by the programs that make the shipped ones."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

CURATION = Path(__file__).parent / "curation" / "responses"
EVIDENCE = Path(__file__).resolve().parents[2] / "shared" / "knowledge" / "evidence.tsv.gz"


def available() -> bool:
    """The programs and the evidence table they read are there."""
    return (CURATION / "model.py").is_file() and EVIDENCE.is_file()


@cache
def _evidence() -> tuple[Any, Any]:
    sys.path.append(str(CURATION))
    import model
    import settings
    import tables

    read = tables.read()
    return read, model.study_effects(read, settings.DEFAULT)


@cache
def without(study: str, /) -> Catalogue:
    """The generic signatures from the prior and every other study.

    Raises
    ------
    ValueError
        When the evidence holds no such study: nothing would be left out.
    """
    read, effects = _evidence()
    import heldout
    import model
    import settings

    others = [effect for effect in effects if effect.study != study]
    if len(others) == len(effects):
        raise ValueError(f"The evidence has no study {study!r}.")
    return heldout.catalogue(read, model.weights(read, others, settings.DEFAULT))
