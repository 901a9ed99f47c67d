"""Values along a number of each sample: slope and rank correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
from cytosig.compare.columns import effect, reasons, tested, untested
from cytosig.compare.linear import linear, varying
from cytosig.stats.design import encode
from cytosig.stats.trend import slope, spearman

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.compare.question import Settings, Trend

_NAMES = {"hc3": "slope, HC3 errors", "spearman": "Spearman"}


def compare_trend(
    values: pd.DataFrame, question: Trend, covariates: pd.DataFrame | None, settings: Settings, /
) -> pd.DataFrame:
    """One row a column of ``values``; rows of values are the question's samples."""
    import pandas as pd

    x = question.values.to_numpy(dtype=np.float64)
    arrays = {str(name): values[name].to_numpy(dtype=np.float64) for name in values.columns}
    ranked = {name: spearman(x, y, level=settings.level) for name, y in arrays.items()}
    if settings.method == "spearman":
        found = tested(ranked)
        others = {}
    else:
        found = _sloped(values, question, covariates, settings)
        others = {"Spearman": list(ranked.values())}
    found["reason"] = reasons(found["reason"], others)
    columns: dict[str, Any] = effect(list(ranked.values()), "spearman", with_p=True)
    moderated = settings.moderate and settings.method == "moderated"
    name = _NAMES.get(settings.method, f"slope, {'moderated t' if moderated else 't'}")
    n = [int((~np.isnan(y)).sum()) for y in arrays.values()]
    parts = [
        pd.DataFrame({"contrast": str(question.values.name), "n": n}, index=found.index),
        found.drop(columns="reason"),
        pd.DataFrame(columns, index=found.index),
        pd.DataFrame({"test": name, "reason": found["reason"]}),
    ]
    return pd.concat(parts, axis=1).rename_axis("name").reset_index()


def _sloped(
    values: pd.DataFrame, question: Trend, covariates: pd.DataFrame | None, settings: Settings
) -> pd.DataFrame:
    x = question.values - question.values.mean()  # slopes do not depend on where zero is
    if settings.method != "hc3":
        return linear(values, x, covariates, settings).set_index(values.columns)
    try:
        kept = varying(covariates, settings)
        adjust = None if kept is None else encode(kept).to_numpy(dtype=np.float64)
    except DataError as error:
        if settings.strict:
            raise
        return untested(values.columns, str(error))
    return tested(
        {
            str(name): slope(x, values[name], adjust=adjust, level=settings.level)
            for name in values.columns
        }
    )
