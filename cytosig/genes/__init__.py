"""Gene identity: which column of the data is which gene, and how that was found out."""

from __future__ import annotations

from cytosig.genes.coverage import coverage_table
from cytosig.genes.labels import gene_labels
from cytosig.genes.resolve import GeneMap, approved_names, resolve

__all__ = ["GeneMap", "approved_names", "coverage_table", "gene_labels", "resolve"]
