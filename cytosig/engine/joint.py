"""Consensus of several methods' tables, and how far they agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.stats.agreement import concordance, rank_correlations

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.scores import Scores
    from cytosig.methods import ConsensusMethod

    Array = NDArray[np.float64]

_FEWEST = 3  # observations below which rankings cannot be compared


def join(method: ConsensusMethod, single: Mapping[str, Scores], /) -> Scores:
    """The joint scores of several methods.

    Parameters
    ----------
    method
        How they are joined.
    single
        What each of them found.
    """
    found = list(single.values())
    if len(found[0].state) == 1:
        raise DataError(
            f"{method.name} ranks the observations under every method, and there is only one. Use"
            " one of the methods alone."
        )
    score, spread = _combined(method, [part.score for part in found])
    axis, _ = _combined(method, [part.axis for part in found])
    first = found[0]
    unscored = np.all([part.state != 0 for part in found], axis=0)
    own = [p.coverage_compartments for p in found if p.coverage_compartments is not None]
    return replace(
        first, score=score, pvalue=None, estimate=None, axis=axis, axis_pvalue=None,
        coverage=_read_by_any([part.coverage for part in found]),
        coverage_compartments=_read_by_any(own) if own else None,
        state=np.where(unscored, first.state, 0).astype(np.int8),
        notes=(*first.notes, f"consensus of {', '.join(single)}"),
        unit=method.unit, about_zero=method.about_zero,
        spread=spread, agreement=_agreement({name: part.score for name, part in single.items()}),
    )  # fmt: skip


def _read_by_any(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Coverage: a signature that one of the methods read is read."""
    table = tables[0].copy()
    for other in tables[1:]:
        table.loc[other["reason"] == "", "reason"] = ""
    return table


def _combined(
    method: ConsensusMethod, tables: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Signature by signature, so that little is held beside the result."""
    import pandas as pd

    index, columns = tables[0].index, tables[0].columns
    score, spread = np.empty((2, len(index), len(columns)))
    for k in range(len(columns)):
        scores = np.stack([table.iloc[:, k].to_numpy() for table in tables])
        score[:, k], spread[:, k] = method.combine(scores)
    return (
        pd.DataFrame(score, index=index, columns=columns),
        pd.DataFrame(spread, index=index, columns=columns),
    )


def _agreement(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a signature: W, mean and least rank correlation of two methods, and which two."""
    import pandas as pd

    ids = list(next(iter(tables.values())).columns)
    rows = [_of_signature({name: table[id].to_numpy() for name, table in tables.items()})
            for id in ids]  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(ids, dtype=str, name="signature"))


def _of_signature(columns: Mapping[str, Array]) -> dict[str, object]:
    speaking = {name: column for name, column in columns.items() if np.isfinite(column).any()}
    names = list(speaking)
    row: dict[str, object] = {
        "n_methods": len(names), "n_obs": 0, "kendall_w": np.nan, "mean_spearman": np.nan,
        "least_spearman": np.nan, "least_alike": "",
    }  # fmt: skip
    if len(names) < 2:
        return row
    scores = np.stack([speaking[name] for name in names])
    scores = scores[:, np.isfinite(scores).all(axis=0)]
    row["n_obs"] = scores.shape[1]
    if scores.shape[1] < _FEWEST:
        return row
    pairs = {pair: r for pair, r in rank_correlations(scores).items() if np.isfinite(r)}
    row["kendall_w"] = concordance(scores)
    if pairs:
        (i, j), least = min(pairs.items(), key=lambda item: item[1])
        row["mean_spearman"] = float(np.mean(list(pairs.values())))
        row["least_spearman"], row["least_alike"] = least, f"{names[i]}, {names[j]}"
    return row
