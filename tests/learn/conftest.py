"""A stimulation of cultures in counts, with the genes that move known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

N_GENES, N_UP, N_DOWN = 900, 30, 6


@dataclass(frozen=True)
class Stimulation:
    """Counts, and log2 of what was planted in each gene."""

    adata: anndata.AnnData
    planted: pd.Series


def _stimulation(
    n: int = 4, *, effect: float = 2.0, seed: int = 0, donor_sd: float = 0.5, labels: str = "XX"
) -> Stimulation:
    """``n`` donors, each with a treated and a control culture; gamma-Poisson counts."""
    rng = np.random.default_rng(seed)
    genes = [f"{labels}{i:04d}" for i in range(N_GENES)]
    planted = np.zeros(N_GENES)
    planted[:N_UP], planted[N_UP : N_UP + N_DOWN] = effect, -effect
    level = rng.lognormal(6.5, 1.0, N_GENES) * np.exp(rng.normal(0, donor_sd, (n, N_GENES)))
    names, rows, obs = [], [], []
    for donor in range(n):
        for side in ("control", "IL99"):
            mean = level[donor] * np.exp2(planted * (side == "IL99")) * rng.lognormal(0, 0.3)
            rows.append(rng.poisson(rng.gamma(20, mean / 20)))
            names.append(f"D{donor}_{side}")
            obs.append((side, f"D{donor}", 30.0 + donor))
    table = pd.DataFrame(obs, columns=["cytokine", "donor", "age"], index=names)
    var = pd.DataFrame(index=pd.Index(genes, dtype=str))
    adata = anndata.AnnData(np.array(rows, dtype=np.float64), obs=table, var=var)
    return Stimulation(adata, pd.Series(planted, index=genes))


@pytest.fixture(scope="session")
def stimulation() -> Callable[..., Stimulation]:
    """Make one: ``stimulation(n, effect=2.0, seed=0)``; paired by ``donor``."""
    return _stimulation


@pytest.fixture
def sides() -> dict[str, object]:
    """Arguments that name its sides."""
    return {"treatment": ("cytokine", "IL99"), "control": "control"}
