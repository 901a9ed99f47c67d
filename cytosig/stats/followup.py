"""Follow-up data, checked and ready for a Cox regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.stats.estimate import NAN, does_not_vary, vector

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

# Fewer events than this cannot carry a hazard ratio.
LEAST_EVENTS = 5


class FollowUp(NamedTuple):
    """The samples that have every value.

    ``columns`` holds the score, then the covariates, each less its mean and over its ``sd``;
    ``n`` samples × columns. ``strata`` are codes.
    """

    time: Array
    event: NDArray[np.bool_]
    columns: Array
    sd: Array
    names: tuple[str, ...]
    strata: NDArray[np.int64]


def follow_up(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    /,
    *,
    covariates: pd.DataFrame | None = None,
    strata: ArrayLike | None = None,
) -> FollowUp:
    """The samples that have every value, columns standardised; covariates that vary nowhere drop.

    Raises
    ------
    UsageError
        If the numbers of samples differ.
    DataError
        If a time is not above 0, an event neither 0 nor 1, or a value infinite.

    Examples
    --------
    >>> found = follow_up([1, 2, 3], [1, 0, 1], [0.5, float("nan"), 1.5])
    >>> found.time, found.event, found.sd.round(3)
    (array([1., 3.]), array([ True,  True]), array([0.707]))
    """
    times, events, scores = _times(time), _events(event), vector(score, "score")
    codes = _codes(strata, len(times))
    lengths = {"time": len(times), "event": len(events), "score": len(scores)}
    lengths |= {"strata": len(codes)}
    if covariates is not None:
        lengths["covariates"] = len(covariates)
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        message = f"Unequal numbers of samples ({found}): pass one value a sample in each."
        raise UsageError(message)
    kept = ~(np.isnan(times) | np.isnan(events) | np.isnan(scores)) & (codes >= 0)
    if covariates is not None:
        kept &= ~covariates.isna().any(axis=1).to_numpy()
    columns, names = _with_covariates(scores, covariates, kept)
    mean = columns.mean(axis=0) if len(columns) else NAN
    sd = columns.std(axis=0, ddof=1) if len(columns) > 1 else np.full(len(names), NAN)
    scaled = (columns - mean) / np.where(sd > 0, sd, 1)
    return FollowUp(times[kept], events[kept] == 1, scaled, sd, names, codes[kept])


def why_no_regression(data: FollowUp) -> str:
    """Why these samples carry no Cox regression; empty where they do."""
    events, coefficients = int(data.event.sum()), data.columns.shape[1]
    if events < LEAST_EVENTS:
        return f"{events} events among the complete samples; at least {LEAST_EVENTS} are needed"
    if events <= coefficients:
        return f"{events} events are too few for {coefficients} coefficients"
    if does_not_vary(data.columns[:, 0]) or not data.sd[0] > 0:
        return "the score does not vary"
    if np.linalg.matrix_rank(data.columns, tol=1e-6 * np.sqrt(len(data.time))) < coefficients:
        return "the score and the covariates follow from each other"
    return ""


def _times(time: ArrayLike) -> Array:
    times = vector(time, "time")
    if (times <= 0).any():
        message = (
            f"{int((times <= 0).sum())} of {len(times)} times are not above 0: leave those samples "
            "out, or give the time from an earlier start."
        )
        raise DataError(message)
    return times


def _events(event: ArrayLike) -> Array:
    events = vector(event, "event")
    odd = events[~np.isnan(events) & (events != 0) & (events != 1)]
    if len(odd):
        message = (
            f"event holds {odd[0]:g}, which is neither 0 nor 1: pass 1 for an event, 0 for the end "
            "of follow-up without one."
        )
        raise DataError(message)
    return events


def _codes(strata: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if strata is None:
        return np.zeros(n, dtype=np.int64)
    import pandas as pd

    codes, _ = pd.factorize(np.asarray(strata, dtype=object))
    return codes.astype(np.int64)


def _with_covariates(
    scores: Array, covariates: pd.DataFrame | None, kept: NDArray[np.bool_]
) -> tuple[Array, tuple[str, ...]]:
    from cytosig.stats.design import encode

    columns = scores[kept][:, None]
    if covariates is None:
        return columns, ("score",)
    used = covariates[kept]
    table = encode(used.loc[:, used.nunique() > 1])
    return np.column_stack([columns, table.to_numpy(dtype=np.float64)]), ("score", *table.columns)
