"""Rows of differences scored by loose signatures, each on its own, on the exact null."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cytosig.engine import score as engine
from cytosig.engine.centre import Baseline
from cytosig.engine.options import Options
from cytosig.signatures import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from cytosig.signatures import Signature

LEARNT = "the learnt signature"
"""What it is called among others, whose ids it may share."""


def scored(
    rows: pd.DataFrame, signatures: Iterable[Signature], /
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Z and two-sided p (rows × signatures) of differences: nothing is centred or normalised.

    The method is ``ulm``: a score does not depend on which other signatures there are. A signature
    of which too little is among the genes has NaN.
    """
    import pandas as pd

    catalogue = Catalogue.from_signatures(replace(one, axis="") for one in signatures)
    options = Options(method="ulm", center=None, normalize="none")
    var = pd.DataFrame(index=rows.columns.astype(str))
    aligned = engine.align(rows.to_numpy(), var, catalogue, options)
    found = engine.score(aligned, rows.index, catalogue, options, Baseline())["ulm"]
    if found.pvalue is None:  # never so for ulm; for the types
        raise TypeError("ulm gave no p-values")
    return found.score, found.pvalue
