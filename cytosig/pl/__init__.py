"""Plots of stored results: each reads obsm and uns, and returns matplotlib Axes."""

from __future__ import annotations

from cytosig.pl.activity import activity
from cytosig.pl.balance import balance
from cytosig.pl.balance_context import balance_context
from cytosig.pl.blockade import blockade
from cytosig.pl.contributions import contributions
from cytosig.pl.coverage import coverage
from cytosig.pl.embedding import embedding
from cytosig.pl.forest import forest
from cytosig.pl.heatmap import heatmap
from cytosig.pl.links_tile import links_tile
from cytosig.pl.mirror_dotplot import mirror_dotplot
from cytosig.pl.network import network
from cytosig.pl.share import share
from cytosig.pl.survival import survival
from cytosig.pl.volcano import volcano

__all__ = [
    "activity",
    "balance",
    "balance_context",
    "blockade",
    "contributions",
    "coverage",
    "embedding",
    "forest",
    "heatmap",
    "links_tile",
    "mirror_dotplot",
    "network",
    "share",
    "survival",
    "volcano",
]
