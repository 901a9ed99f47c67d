"""Conditions of samples: which rows belong together, and the model of a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import are_numbers, column_of
from cytosig.stats.design import design_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

ALL = "all"


def names(given: str | Sequence[str], /) -> tuple[str, ...]:
    """One name or several."""
    return (given,) if isinstance(given, str) else tuple(given)


@dataclass(frozen=True)
class Condition:
    """Arguments about conditions.

    Parameters
    ----------
    key
        Column of obs: groups, or numbers.
    baseline
        Group that the others are compared with; the first if None.
    pair_key, covariates
        Held constant.
    """

    key: str | None
    baseline: object
    pair_key: str | None
    covariates: tuple[str, ...]

    def __post_init__(self) -> None:
        named = {"baseline": self.baseline is not None, "pair_key": self.pair_key is not None}
        named["covariates"] = bool(self.covariates)
        for argument, given in named.items():
            if given and self.key is None:
                raise UsageError(f"{argument}= needs condition_key=: there is no change to model.")

    @property
    def columns(self) -> dict[str, str]:
        """Columns of obs by the argument that names them; those held constant last."""
        named = {"condition_key": self.key, "pair_key": self.pair_key}
        found = {key: argument for argument, key in named.items() if key is not None}
        return found | {key: "covariates" for key in self.covariates if key not in found}

    def check(self, adata: AnnData, /) -> None:
        """Refuse a column that is not there before any cell is read."""
        for key, argument in self.columns.items():
            column_of(adata, key, argument=argument)


@dataclass(frozen=True)
class Conditions:
    """Samples by condition.

    Parameters
    ----------
    groups
        Name and samples of each condition; ``all`` where there are none, or numbers.
    design
        Samples × columns of the model; None without a condition.
    baseline
        What the contrasts are named after.
    """

    groups: tuple[tuple[str, NDArray[np.bool_]], ...]
    design: pd.DataFrame | None
    baseline: str


def conditions_of(
    adata: AnnData, samples: Sequence[str], sample_key: str, asked: Condition, /
) -> Conditions:
    """Read the columns, one value a sample.

    Raises
    ------
    UsageError
        When a column is not there.
    DataError
        When a column differs inside a sample, is empty for one, or does not vary.
    """
    import pandas as pd

    every = np.ones(len(samples), dtype=bool)
    if asked.key is None:
        return Conditions(((ALL, every),), None, "")
    main = _of_samples(adata, samples, sample_key, asked.key, "condition_key")
    held = {key: argument for key, argument in asked.columns.items() if key != asked.key}
    others = pd.DataFrame(
        {
            key: _of_samples(adata, samples, sample_key, key, argument)
            for key, argument in held.items()
        },
        index=main.index,
    )
    if asked.pair_key is not None:
        others[asked.pair_key] = others[asked.pair_key].astype(str)
    design = design_matrix(main, reference=asked.baseline, covariates=others if held else None)
    _refuse_confounded(design, asked)
    if are_numbers(main):
        return Conditions(((ALL, every),), design, "")
    levels = list(pd.Categorical(main).remove_unused_categories().categories)
    baseline = levels[0] if asked.baseline is None else asked.baseline
    groups = tuple((str(level), (main == level).to_numpy(dtype=bool)) for level in levels)
    return Conditions(groups, design, str(baseline))


def _refuse_confounded(design: pd.DataFrame, asked: Condition) -> None:
    """Raise a DataError where what is held constant leaves nothing of the condition."""
    own = [c for c in design.columns if c == asked.key or str(c).startswith(f"{asked.key}[")]
    rank = np.linalg.matrix_rank(design.to_numpy())
    for column in own:
        if np.linalg.matrix_rank(design.drop(columns=column).to_numpy()) == rank:
            raise DataError(
                f"{column!r} cannot be told from what is held constant (pair_key, covariates):"
                " every value of the one goes with one of the other. Leave one out."
            )
    if rank == len(design):
        raise DataError(
            f"{len(design)} samples leave nothing to judge a change by {asked.key!r} by: the model"
            f" has {rank} columns. Leave covariates out, or give no condition_key=."
        )


def _of_samples(
    adata: AnnData, samples: Sequence[str], sample_key: str, key: str, argument: str
) -> pd.Series[Any]:
    """A column of obs with one value a sample, in the order of the samples."""
    values = column_of(adata, key, argument=argument)
    of = column_of(adata, sample_key, argument="sample_key").astype(str)
    several = values.groupby(of.to_numpy(), observed=True).nunique()
    if (several > 1).any():
        name = several.index[(several > 1).to_numpy()][0]
        raise DataError(
            f"{argument}: obs[{key!r}] has {int(several[name])} values in sample {name!r}; expected"
            " one a sample."
        )
    first = values.groupby(of.to_numpy(), observed=True).first()
    found: pd.Series[Any] = first.loc[list(samples)]
    return found.rename(key)
