"""The frozen result of a scoring run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.engine.outputs import REASONS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Scores:
    """Everything a run found by one method, in the order of the observations.

    Parameters
    ----------
    score, axis
        Observations × signatures and × response axes: z for linear methods, else the method's own.
    pvalue, axis_pvalue
        Two-sided, the same shapes; None where the method has none.
    estimate
        Coefficients, observations × signatures; None but for linear methods.
    ligand
        Ligand expression, observations × cytokines; no columns for contrasts.
    coverage
        One row a signature: what was found of it, and why it is not scored.
    coverage_compartments
        One row a compartment's own signature; None where there is none.
    state
        Of every observation: 0 scored, else a reason of ``engine.outputs.REASONS``.
    notes
        What was recognised and done, a line each.
    unit, about_zero
        What the scores are called beside a scale, and whether they lie on both sides of 0.
    spread, agreement
        For consensus only: standard deviation over the methods of an observation's rank, and how
        well they agree on each signature.
    """

    score: pd.DataFrame
    pvalue: pd.DataFrame | None
    estimate: pd.DataFrame | None
    axis: pd.DataFrame
    axis_pvalue: pd.DataFrame | None
    ligand: pd.DataFrame
    coverage: pd.DataFrame
    coverage_compartments: pd.DataFrame | None
    state: NDArray[np.int8]
    notes: tuple[str, ...]
    unit: str
    about_zero: bool
    spread: pd.DataFrame | None = None
    agreement: pd.DataFrame | None = None

    @property
    def unscored(self) -> pd.DataFrame:
        """One row an observation without scores, with its reason."""
        import pandas as pd

        wrong = np.flatnonzero(self.state)
        reasons = [REASONS[int(s)] for s in self.state[wrong]]
        return pd.DataFrame({"reason": reasons}, index=self.score.index[wrong])
