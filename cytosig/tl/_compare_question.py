"""From the arguments of ``compare`` to a question put to the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig._obs import are_numbers, names_of
from cytosig.compare import Groups, Survival, Trend
from cytosig.tl._compare_groups import as_text, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData

    from cytosig.compare import Question
    from cytosig.tl._compare_samples import Samples


class Asked(NamedTuple):
    """The arguments that name columns of obs."""

    groupby: str | None
    reference: object
    groups: Sequence[object] | None
    covariate: str | None
    survival: tuple[str, str] | None
    paired: str | None
    covariates: tuple[str, ...]
    cohort_key: str | None

    @property
    def columns(self) -> dict[str, str]:
        """Every column by what it is for, the ones without which a sample says nothing first."""
        named = {"groupby": self.groupby, "covariate": self.covariate}
        if self.survival is not None:
            named |= dict(zip(("survival (time)", "survival (event)"), self.survival, strict=True))
        named |= {"paired": self.paired, "cohort_key": self.cohort_key}
        found = {argument: key for argument, key in named.items() if key is not None}
        return found | {f"covariates[{i}]": key for i, key in enumerate(self.covariates)}


class Posed(NamedTuple):
    """A question, what is held constant, and the cohort of each sample."""

    question: Question
    covariates: pd.DataFrame | None
    cohort: pd.Series[Any] | None


def pose(adata: AnnData, samples: Samples, asked: Asked, /) -> Posed:
    """Read the columns, leave out and tell of samples that lack one, and check the rest.

    Raises
    ------
    UsageError
        When a column is not there, or is of the wrong kind.
    DataError
        When a column differs within a sample, or the samples allow no comparison.
    """
    import pandas as pd

    _check_columns(asked)
    table = pd.DataFrame(
        {
            argument: samples.column(adata, key, argument=argument.split("[")[0].split(" ")[0])
            for argument, key in asked.columns.items()
        }
    )
    for argument, key in asked.columns.items():
        table = _without_gaps(table, argument, key, len(samples.names))
    question: Question
    if asked.groupby is not None:
        question = groups_of(table, asked)
    elif asked.covariate is not None:
        question = Trend(_numbers(table["covariate"], "covariate", asked.covariate))
    else:
        question = _survival(table, asked)
    table = table.loc[question.samples]
    held = [name for name in table.columns if name.startswith("covariates[")]
    covariates = table[held].set_axis(list(asked.covariates), axis=1) if held else None
    cohort = None
    if asked.cohort_key is not None:
        cohort = as_text(table["cohort_key"])[0]
        if cohort.nunique() < 2:
            raise DataError(
                f"cohort_key: obs[{asked.cohort_key!r}] has one value, {cohort.iloc[0]!r}, in all"
                f" {len(cohort)} samples: leave it out."
            )
        if isinstance(question, Groups) and question.patient is not None:
            _refuse_split_pairs(question.patient, cohort, asked)
    return Posed(question, covariates, cohort)


def _refuse_split_pairs(patient: pd.Series[Any], cohort: pd.Series[Any], asked: Asked) -> None:
    many = cohort.groupby(patient).nunique()
    split = many.index[(many > 1).to_numpy()]
    if len(split):
        raise DataError(
            f"cohort_key: the samples of {split[0]!r} in obs[{asked.paired!r}] are in different"
            f" cohorts by obs[{asked.cohort_key!r}]."
        )


def _check_columns(asked: Asked) -> None:
    """Refuse a column that is asked for twice."""
    seen: dict[str, str] = {}
    for argument, key in asked.columns.items():
        name = argument.split("[")[0]
        if key in seen:
            raise UsageError(
                f"{seen[key]} and {name} both name {key!r}; expected different columns. Groups,"
                " pairs and cohorts are part of the comparison already."
            )
        seen[key] = name


def _without_gaps(table: pd.DataFrame, argument: str, key: str, n: int) -> pd.DataFrame:
    empty = table[argument].isna().to_numpy()
    if empty.all():
        raise DataError(
            f"{argument.split('[')[0]}: obs[{key!r}] is empty for every sample that is left of {n}."
        )
    if empty.any():
        logger.warning(
            "%d of %d samples left out: obs[%r] is empty (%r first).",
            int(empty.sum()), n, key, table.index[empty][0],
        )  # fmt: skip
    return table[~empty]


def _numbers(values: pd.Series[Any], argument: str, key: str) -> pd.Series[Any]:
    if not are_numbers(values):
        found = names_of(map(str, values.unique()[:4]))
        more = "; groups belong in groupby=" if argument == "covariate" else ""
        raise UsageError(
            f"{argument}: obs[{key!r}] holds no numbers but {found}. Make it numeric{more}."
        )
    numbers = values.astype(np.float64).rename(key)
    if np.isinf(numbers).any():
        sample = numbers.index[np.isinf(numbers.to_numpy())][0]
        raise DataError(f"{argument}: obs[{key!r}] is infinite in sample {sample!r}.")
    return numbers


def _survival(table: pd.DataFrame, asked: Asked) -> Survival:
    import pandas as pd

    time_key, event_key = asked.survival or ("", "")
    time = _numbers(table["survival (time)"], "survival", time_key)
    early = time.index[(time <= 0).to_numpy()]
    if len(early):
        raise DataError(
            f"survival: obs[{time_key!r}] is {time[early[0]]:g} in sample {early[0]!r}"
            f" ({len(early)} sample(s) not above 0). Leave those samples out, or give the time"
            " from an earlier start."
        )
    event = table["survival (event)"]
    if pd.api.types.is_bool_dtype(event) or set(event.unique()) <= {True, False}:
        event = event.astype(bool).astype(np.float64)
    event = _numbers(event, "survival", event_key)
    odd = event[~event.isin([0, 1])]
    if len(odd):
        raise DataError(
            f"survival: obs[{event_key!r}] is {odd.iloc[0]:g} in sample {odd.index[0]!r}; expected"
            " 1 for an event and 0 for the end of follow-up without one."
        )
    return Survival(time, event)
