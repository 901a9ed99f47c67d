"""One coefficient of a linear model over all columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
from cytosig.compare.columns import TESTED, untested
from cytosig.stats.design import design_matrix, encode
from cytosig.stats.estimate import NAN, never_zero
from cytosig.stats.groups import OneWay
from cytosig.stats.moderated import moderated_t

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.compare.question import Settings


def linear(
    values: pd.DataFrame,
    main: pd.Series[Any],
    covariates: pd.DataFrame | None,
    settings: Settings,
    /,
    *,
    reference: str | None = None,
    level: str | None = None,
) -> pd.DataFrame:
    """Moderated or ordinary t of a number, or of one level against the reference.

    Raises
    ------
    DataError
        With ``strict`` settings, where the samples do not allow this model.
    """
    name = str(main.name)
    if not settings.strict and main.nunique() < 2:
        return untested(values.columns, f"{name!r} is the same in all {len(main)} samples here")
    coefficient = name if level is None else f"{name}[{level}]"
    try:
        covariates = varying(covariates, settings)
        design = design_matrix(main, reference=reference, covariates=covariates)
        found = moderated_t(
            values,
            design,
            coefficient=coefficient,
            level=settings.level,
            moderate=settings.moderate and settings.method == "moderated",
        )
    except DataError as error:
        if settings.strict:
            raise
        return untested(values.columns, str(error))
    return found.table[[*TESTED, "reason"]]


def varying(covariates: pd.DataFrame | None, settings: Settings, /) -> pd.DataFrame | None:
    """Covariates that vary among these samples; all of them where that is asked for."""
    if covariates is None or settings.strict:
        return covariates
    return covariates.loc[:, covariates.nunique() > 1]


def partial_f(
    values: NDArray[np.float64], main: pd.Series[Any], covariates: pd.DataFrame
) -> OneWay:
    """F test that groups are alike with covariates held constant: two nested linear models.

    ``explained`` is the share that the groups take of what the covariates leave (partial η²).
    """
    from scipy.special import fdtrc

    there = ~np.isnan(values)
    y, labels = values[there], main[there]
    n = tuple(int((labels == level).sum()) for level in dict.fromkeys(main))
    others = covariates[there]
    others = others.loc[:, others.nunique() > 1]
    less = np.column_stack([np.ones(len(y)), encode(others).to_numpy(dtype=np.float64)])
    groups = [np.asarray(labels == level, dtype=np.float64) for level in sorted(set(labels))[1:]]
    rank, squares = _residual(less, y)
    rank_full, squares_full = _residual(np.column_stack([less, *groups]), y)
    between, within = rank_full - rank, len(y) - rank_full
    if between < len(n) - 1 or within < 1:
        reason = "too few samples, or groups that follow from the covariates"
        return OneWay(NAN, len(n) - 1.0, NAN, NAN, NAN, n, reason)
    if squares_full <= 1e-24 * float(y @ y):
        reason = "the fit is perfect, so it shows no variance"
        return OneWay(NAN, float(between), float(within), NAN, NAN, n, reason)
    f = (squares - squares_full) / between / (squares_full / within)
    p = float(never_zero(fdtrc(between, within, f)))
    return OneWay(f, float(between), float(within), p, 1 - squares_full / squares, n)


def _residual(columns: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[int, float]:
    """Rank of a design and the residual sum of squares."""
    size = np.linalg.norm(columns, axis=0)
    u, singular, _ = np.linalg.svd(columns / np.where(size > 0, size, 1), full_matrices=False)
    basis = u[:, singular > 1e-9 * max(1.0, singular.max(initial=0.0))]
    rest = y - basis @ (basis.T @ y)
    return basis.shape[1], float(rest @ rest)
