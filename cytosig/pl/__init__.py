"""Plots of stored results: each reads obsm and uns, and returns matplotlib Axes."""

from __future__ import annotations

from cytosig.pl.coverage import coverage
from cytosig.pl.heatmap import heatmap

__all__ = ["coverage", "heatmap"]
