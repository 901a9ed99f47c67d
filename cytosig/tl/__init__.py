"""Tools: thin AnnData façades over the engine."""

from __future__ import annotations

from cytosig.engine.reference import Reference
from cytosig.tl.balance import balance
from cytosig.tl.blockade import blockade
from cytosig.tl.channels import channels
from cytosig.tl.compare import compare
from cytosig.tl.links import links
from cytosig.tl.network import network
from cytosig.tl.reference import fit_reference
from cytosig.tl.rerun import rerun
from cytosig.tl.score import score
from cytosig.tl.sources import sources
from cytosig.tl.targets import targets

__all__ = [
    "Reference",
    "balance",
    "blockade",
    "channels",
    "compare",
    "fit_reference",
    "links",
    "network",
    "rerun",
    "score",
    "sources",
    "targets",
]
