"""Which names of the data are the gene names, and whose they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cytosig._anndata import not_genes
from cytosig._errors import GeneError, UsageError
from cytosig._log import logger
from cytosig.genes.resolve import GeneMap, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.genes.tables import Organism

_COLUMNS = (
    "feature_name", "gene_symbols", "gene_symbol", "gene_name", "gene_names", "symbol",
    "symbols", "Symbol", "SYMBOL", "gene_short_name", "GeneSymbol", "hgnc_symbol", "gene_ids",
    "gene_id", "ensembl_id", "feature_id",
)  # fmt: skip
_MOUSE_ID = re.compile(r"ENSMUSG\d+", re.IGNORECASE)
_TITLE = re.compile(r"[A-Z][a-z]+[A-Za-z0-9\-]*\Z")
_UPPER = re.compile(r"[A-Z][A-Z0-9\-]+\Z")
_LOWER = re.compile(r"[a-z][a-z0-9\-.]+\Z")
_MOUSE_ONLY = re.compile(r"(gm\d+|\w+rik|h2-\w+)\Z")
_ENOUGH = 0.5


def gene_labels(
    var: pd.DataFrame,
    genes: Sequence[str],
    /,
    *,
    gene_symbols: str | None = None,
    organism: Organism = "human",
) -> tuple[list[str], str, GeneMap]:
    """Choose the gene names of the data, check that they are the organism's, find the genes.

    Parameters
    ----------
    var
        ``adata.var``.
    genes
        Human symbols that will be looked for.
    gene_symbols
        Column of ``var`` to use; found by itself when not given.
    organism
        ``human`` or ``mouse``.

    Returns
    -------
    The names, one a column of the data, "" for a feature that is no gene; where they come from; and
    the genes found there.

    Raises
    ------
    UsageError
        When ``gene_symbols`` is no column of ``var``.
    GeneError
        When no gene is found under any of the names, or they are the other organism's.
    """
    labels, source, found = _choose(var, genes, gene_symbols, organism)
    if organism == "human" and _looks_mouse(labels):
        raise GeneError(
            f"The gene names ({source}) look like mouse genes ({', '.join(labels[:3])} ...), but"
            ' organism="human". Pass organism="mouse".'
        )
    if organism == "mouse" and _looks_human(labels):
        raise GeneError(
            f"The gene names ({source}) look like human genes ({', '.join(labels[:3])} ...), but"
            ' organism="mouse". Pass organism="human".'
        )
    if organism == "human" and _share(labels, _LOWER) > 0.5:
        logger.warning(
            "The gene names (%s) are lower case; read as human genes, matched without regard to"
            ' case. If they are mouse genes, pass organism="mouse".',
            source,
        )
    return labels, source, found


def _choose(
    var: pd.DataFrame, genes: Sequence[str], column: str | None, organism: Organism
) -> tuple[list[str], str, GeneMap]:
    aside, _ = not_genes(var)
    if column is not None:
        if column not in var.columns:
            raise UsageError(
                f"gene_symbols={column!r} is no column of var; it has"
                f" {', '.join(map(str, var.columns)) or 'no columns'}."
            )
        labels = _texts(var[column], aside)
        return labels, f"var[{column!r}]", resolve(labels, genes, organism=organism)
    best, source = _texts(var.index, aside), "var_names"
    found = resolve(best, genes, organism=organism)
    if found.n_found < _ENOUGH * len(genes):
        for name in _COLUMNS:
            if name not in var.columns:
                continue
            labels = _texts(var[name], aside)
            there = resolve(labels, genes, organism=organism)
            if there.n_found > found.n_found:
                best, source, found = labels, f"var[{name!r}]", there
        if source != "var_names":
            logger.info("Gene names taken from %s: %d genes found there.", source, found.n_found)
    return best, source, found


def _texts(values: pd.Series[str] | pd.Index[str], aside: NDArray[np.bool_]) -> list[str]:
    texts = [str(value) for value in values]
    if values.hasnans or aside.any():
        gaps = values.isna() | aside
        return ["" if gap else text for text, gap in zip(texts, gaps, strict=True)]
    return texts


def _some(labels: Sequence[str]) -> Sequence[str]:
    """A spread of some two thousand, for looking at what they are."""
    return labels[:: max(1, len(labels) // 2000)]


def _share(labels: Sequence[str], pattern: re.Pattern[str]) -> float:
    named = [label for label in _some(labels) if label and not label.upper().startswith("ENS")]
    return sum(1 for x in named if pattern.match(x)) / len(named) if named else 0.0


def _looks_mouse(labels: Sequence[str]) -> bool:
    some = _some(labels)
    ids = sum(1 for label in some if _MOUSE_ID.match(label))
    lower = _share(labels, _LOWER) > 0.5 and _share(labels, _MOUSE_ONLY) > 0.005
    return ids > 0.5 * len(some) or lower or _share(labels, _TITLE) > 0.5


def _looks_human(labels: Sequence[str]) -> bool:
    some = _some(labels)
    ids = sum(1 for label in some if label.upper().startswith("ENSG0"))
    return ids > 0.5 * len(some) or _share(labels, _UPPER) > 0.8
