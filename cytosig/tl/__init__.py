"""Tools: thin AnnData façades over the engine."""

from __future__ import annotations

from cytosig.engine.reference import Reference
from cytosig.tl.balance import balance
from cytosig.tl.compare import compare
from cytosig.tl.reference import fit_reference
from cytosig.tl.score import score

__all__ = ["Reference", "balance", "compare", "fit_reference", "score"]
