"""The report of an analysed data set: one HTML page that needs nothing else."""

from __future__ import annotations

from cytosig.report._page import html
from cytosig.report._write import write

__all__ = ["html", "write"]
