"""Decide which side of a table holds the genes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Abundant or immune genes that nearly every platform measures.
_SYMBOLS = (
    "ACTB", "ACTG1", "B2M", "CD14", "CD3D", "CD3E", "CD4", "CD44", "CD68", "CD74", "CXCL10",
    "EEF1A1", "FN1", "FOS", "FTH1", "GAPDH", "HLA-A", "HLA-B", "HLA-C", "HLA-DRA", "ICAM1",
    "IFNG", "IL6", "IRF1", "JUN", "LYZ", "MALAT1", "MYC", "NFKBIA", "PTPRC", "RPL3", "RPLP0",
    "RPS6", "SOCS3", "STAT1", "STAT3", "TGFB1", "TMSB4X", "TNF", "TP53", "UBC", "VIM",
)  # fmt: skip
_MOUSE_ONLY = ("H2-K1", "H2-D1", "H2-Aa", "H2-Ab1", "Lyz2", "Trp53", "Rplp0")
_GENES = frozenset(_SYMBOLS) | {s.capitalize() for s in _SYMBOLS} | frozenset(_MOUSE_ONLY)
_ENSEMBL = re.compile(r"ENS[A-Z]{0,6}G\d{11}(?!\d)")
_LARGER = 5


def known_genes(names: Sequence[str]) -> int:
    """Count the names that are beyond doubt genes: Ensembl ids and some forty symbols.

    Examples
    --------
    >>> known_genes(["ACTB", "Gapdh", "ENSG00000115415.18", "sample_1", "actb"])
    3
    """
    return sum(_is_gene(name) for name in names)


def _is_gene(name: str) -> bool:
    bare = name.strip().split("|", 1)[0]
    return bare in _GENES or _ENSEMBL.match(bare) is not None


def rows_are_genes(rows: Sequence[str], columns: Sequence[str], *, where: str) -> bool:
    """Tell whether a table is genes × samples; DataError when its names cannot say.

    A side wins when it holds at least three times as many known genes as the other, and these
    are two or more, or a fifth of the side. Otherwise a side at least five times as large wins.
    """
    found = known_genes(rows), known_genes(columns)
    sizes = len(rows), len(columns)
    for side, other in ((0, 1), (1, 0)):
        enough = found[side] >= 2 or found[side] >= 0.2 * sizes[side]
        if found[side] and enough and found[side] >= 3 * found[other]:
            return side == 0
    for side, other in ((0, 1), (1, 0)):
        if sizes[side] >= _LARGER * sizes[other]:
            return side == 0
    raise DataError(
        f"{where}: cannot tell genes from samples: {found[0]} of {sizes[0]} row names and "
        f"{found[1]} of {sizes[1]} column names look like genes. Pass transpose=True if the rows "
        "are genes, transpose=False if the columns are."
    )
