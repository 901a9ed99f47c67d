"""Survival along values: hazard ratio, proportional hazards, concordance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.compare.columns import HIDDEN
from cytosig.compare.linear import varying
from cytosig.stats.hazards import proportional_hazards
from cytosig.stats.survival import concordance_index, cox

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.compare.question import Settings, Survival

TEST = "Cox, Wald"


def compare_survival(
    values: pd.DataFrame, question: Survival, covariates: pd.DataFrame | None, settings: Settings, /
) -> pd.DataFrame:
    """One row a column of ``values``; rows of values are the question's samples."""
    import pandas as pd

    contrast = f"{question.time.name}, {question.event.name}"
    adjust = varying(covariates, settings)
    rows = [
        {"name": str(name), "contrast": contrast}
        | _row(values[name].to_numpy(dtype=np.float64), question, adjust, settings.level)
        for name in values.columns
    ]
    return pd.DataFrame(rows)


def _row(
    score: NDArray[np.float64], question: Survival, covariates: pd.DataFrame | None, level: float
) -> dict[str, Any]:
    time = question.time.to_numpy(dtype=np.float64)
    event = question.event.to_numpy(dtype=np.float64)
    found = cox(time, event, score, covariates=covariates, level=level)
    hazards = proportional_hazards(time, event, score, covariates=covariates)
    changing = hazards.to_dict("index")["score"]
    order = concordance_index(time, event, score, level=level)
    said = {"proportional hazards": str(changing["reason"]), "concordance": order.reason}
    reason = found.reason or "; ".join(f"{what}: {why}" for what, why in said.items() if why)
    ends = np.log([found.ci_low, found.ci_high])
    return {
        "n": found.n,
        "n_events": found.n_events,
        "estimate": found.log_hazard_ratio,
        "se": found.se,
        "ci_low": float(ends[0]),
        "ci_high": float(ends[1]),
        "statistic": found.statistic,
        "df": float("nan"),
        "p": found.p,
        "hazard_ratio": found.hazard_ratio,
        "hazard_ratio_low": found.ci_low,
        "hazard_ratio_high": found.ci_high,
        "likelihood_p": found.likelihood_p,
        "ph_p": float(changing["p"]),
        "concordance": order.estimate,
        "concordance_low": order.ci_low,
        "concordance_high": order.ci_high,
        f"{HIDDEN}concordance_se": order.se,
        "sd": found.sd,
        "test": TEST,
        "reason": reason,
    }
