"""Tools: thin AnnData façades over the engine."""

from __future__ import annotations

from cytosig.engine.reference import Reference
from cytosig.tl.score import fit_reference, score

__all__ = ["Reference", "fit_reference", "score"]
