"""How much of each signature the data hold."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from cytosig.genes.resolve import MISSING, GeneMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def coverage_table(
    found: GeneMap,
    sets: Mapping[str, Mapping[str, float]],
    /,
    *,
    min_coverage: float,
    min_genes: int,
    grades: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """One row a signature: what was found, what is missing, and whether it can be scored.

    Parameters
    ----------
    found
        Every gene of ``sets``, resolved.
    sets
        Signed weights by signature id.
    min_coverage
        Smallest share of a signature's summed absolute weight that must be present.
    min_genes
        Smallest number of its genes that must be present.
    grades
        How well experiments support each signature, by id; those not named are unknown.

    Returns
    -------
    DataFrame indexed by signature with n_genes, n_found, coverage (share of weight),
    renamed (``WARS1=WARS (previous symbol)`` ...), missing (symbols), grade (empty
    when unknown) and reason (empty when the signature is scored).
    """
    import pandas as pd

    how = dict(zip(found.genes, found.how, strict=True))
    renamed = _renamed(found)
    rows = []
    for id, weights in sets.items():
        here = [gene for gene in weights if how[gene] != MISSING]
        total = fsum(abs(w) for w in weights.values())  # exact: sum() differs between Pythons
        share = fsum(abs(weights[gene]) for gene in here) / total if total else 0.0
        rows.append(
            {
                "signature": id,
                "n_genes": len(weights),
                "n_found": len(here),
                "coverage": share,
                "renamed": "; ".join(renamed[gene] for gene in here if gene in renamed),
                "missing": ", ".join(gene for gene in weights if how[gene] == MISSING),
                "grade": (grades or {}).get(id, ""),
                "reason": _reason(len(here), share, min_coverage, min_genes),
            }
        )
    return pd.DataFrame(rows).set_index("signature")


def _renamed(found: GeneMap) -> dict[str, str]:
    """How a gene that goes by another name in the data was found."""
    genes = zip(found.genes, found.found_as, found.how, strict=True)
    return {g: f"{g}={name} ({how})" for g, name, how in genes if how not in ("exact", MISSING)}


def _reason(n: int, share: float, min_coverage: float, min_genes: int) -> str:
    if n == 0:
        return "none of its genes is in the data"
    if n < min_genes:
        return f"only {n} of its genes in the data, fewer than {min_genes}"
    if share < min_coverage:
        return f"{share:.0%} of its weight in the data, less than {min_coverage:.0%}"
    return ""
