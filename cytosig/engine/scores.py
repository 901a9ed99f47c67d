"""The frozen result of a scoring run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Everything a run found, in the order of the observations.

    Parameters
    ----------
    score, pvalue, estimate
        z, two-sided permutation p and coefficient, observations × signatures.
    axis, axis_pvalue
        The same for response axes.
    ligand
        Ligand expression, observations × cytokines; no columns for contrasts.
    coverage
        One row a signature: what was found of it, and why it is not scored.
    coverage_compartments
        One row a compartment's own signature; None where there is none.
    unscored
        One row an observation without scores, with its reason.
    notes
        What was recognised and done, a line each.
    """

    score: pd.DataFrame
    pvalue: pd.DataFrame
    estimate: pd.DataFrame
    axis: pd.DataFrame
    axis_pvalue: pd.DataFrame
    ligand: pd.DataFrame
    coverage: pd.DataFrame
    coverage_compartments: pd.DataFrame | None
    unscored: pd.DataFrame
    notes: tuple[str, ...]
