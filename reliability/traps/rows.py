"""The table of traps: what tools of the field were seen to trip over, in its own order."""

from __future__ import annotations

ROWS = {
    "not a number": "one NaN or infinity in X",
    "empty cell": "one cell without a count",
    "constant": "an observation with the same value in every gene",
    "duplicates": "gene names, or cell names, given twice",
    "other ids": "Ensembl ids, ids with versions, symbols in a column of var, spaces, antibodies",
    "letter case": "mouse symbols, lower case, upper case",
    "old symbols": "symbols of years ago: WARS, CTGF, IL8",
    "orf and dots": "CxxorfYY, and dots where R saw hyphens",
    "scales": "raw counts, logged, logged to base 2, per million, scaled with negative values",
    "few genes": "highly variable genes only, or a panel of 470",
    "order": "the same genes, or cells, in another order",
    "alone": "ten cells alone, or one, against the same inside 300",
    "backed": "rows on disk instead of in memory",
    "forms": "float64, integers, CSC, dense, dask, tables, zarr, 10x",
    "too little": "0 or 1 cell, 0 or 1 gene, one cell type, one sample",
    "labels of cells": "cell types and samples that are missing, or whole numbers",
    "files": "truncated, damaged, empty, of another kind, not there",
    "outputs": "outputs that cannot be written",
    "set without genes": "a signature of which no gene is in the data",
    "planted": "IL-6 planted from a sender to a receiver",
    "single ligands": "CSF1, IL17A, VEGFA, EGF, INHBA, PDGFB, whose partners are silent",
    "optimised": "validation by `assert`, which is gone under `python -O`",
    "markup": "labels with HTML in obs, var and uns",
}
"""In words, by the short name that inputs refer to."""
