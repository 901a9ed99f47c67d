"""Every table, cell type and cohort compared, and set side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
from cytosig.compare.columns import HIDDEN
from cytosig.compare.family import with_q
from cytosig.compare.groups import compare_groups
from cytosig.compare.pooling import POOLED, pooled_rows
from cytosig.compare.question import Groups, Trend
from cytosig.compare.survival import compare_survival
from cytosig.compare.trend import compare_trend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from cytosig.compare.question import Question, Settings, Table

# The variances of these columns are not alike in kind: none is borrowed.
OWN_VARIANCES = ("balance",)
# Fewer columns say too little of how variances vary: with 2 to 6 correlated ones and 4 against 4
# samples the moderated t refuses 6.6 % at .05, with 12 5.7 %, with 60 5.3 %.
FEWEST_TOGETHER = 10
_FIRST = ("table", "name", "cell_type", "cohort", "contrast", "group", "reference", "n",
          "n_group", "n_reference", "n_events")  # fmt: skip
_LAST = ("test", "reason")


def compare_tables(
    tables: Sequence[Table],
    question: Question,
    settings: Settings,
    /,
    *,
    covariates: pd.DataFrame | None = None,
    cohort: pd.Series[Any] | None = None,
) -> pd.DataFrame:
    """Put one question to every column of every table.

    Parameters
    ----------
    tables
        Samples × names, each for whole samples or one cell type. A sample without a row, or
        without any value, is left out of that table.
    question
        Groups, a trend or survival, of samples that have what it takes.
    settings
        How.
    covariates
        Samples × covariates to hold constant, complete, rows as the question's samples.
    cohort
        Cohort of each sample, text: each is compared alone, then all are pooled.

    Returns
    -------
    One row a table, column, cell type, contrast and cohort (``pooled`` among these), with BH q
    within table × contrast × cohort.

    Raises
    ------
    DataError
        If a value is infinite, or the samples do not allow the model asked for (groups that are
        batches); in several cohorts or cell types the latter is a reason in the rows instead.

    Examples
    --------
    >>> import pandas as pd
    >>> from cytosig.compare import Groups, Settings, Table
    >>> values = pd.DataFrame({"IFNG": [5.0, 6, 7, 1, 3, 2]}, index=list("abcdef"))
    >>> labels = pd.Series(list("RRRNNN"), index=values.index, name="response")
    >>> found = compare_tables(
    ...     [Table("score", values)], Groups(labels, ("N", "R")), Settings("welch")
    ... )
    >>> found[["name", "contrast", "estimate", "p"]].round(3)
       name contrast  estimate      p
    0  IFNG   R vs N       4.0  0.008
    """
    import pandas as pd

    by_type = any(table.cell_type for table in tables)
    strict = settings.strict and not by_type and cohort is None
    parts = []
    for table in tables:
        _refuse_infinite(table)
        own = replace(settings, strict=strict, moderate=settings.moderate and _alike(table))
        found = pd.concat([
            _stratum(table, question, covariates, samples, own).assign(cohort=name)
            for name, samples in _cohorts(question, cohort)
        ])  # fmt: skip
        if cohort is not None:
            pooled = pooled_rows(found, level=settings.level)
            found = pd.concat([found.assign(n_cohorts=1), pooled])
        parts.append(found.assign(table=table.kind, cell_type=table.cell_type))
    whole = with_q(pd.concat(parts, ignore_index=True))
    for name in ("omnibus_test", *_LAST):  # pooled rows have no omnibus test
        if name in whole:
            whole[name] = whole[name].fillna("")
    unused = [] if by_type else ["cell_type"]
    unused += ["cohort"] if cohort is None else []
    return _in_order(whole.drop(columns=unused))


def _alike(table: Table) -> bool:
    """Whether the columns are alike in kind, and enough of them have values."""
    filled = int(table.values.notna().any().sum())
    return table.kind not in OWN_VARIANCES and filled >= FEWEST_TOGETHER


def _refuse_infinite(table: Table) -> None:
    matrix = table.values.to_numpy(dtype=np.float64)
    if np.isinf(matrix).any():
        row, column = np.argwhere(np.isinf(matrix))[0]
        raise DataError(
            f"The {table.kind} of {table.values.columns[column]!r} is infinite in sample"
            f" {table.values.index[row]!r}: make it finite, or NaN to leave it out."
        )


def _cohorts(
    question: Question, cohort: pd.Series[Any] | None
) -> Iterator[tuple[str, pd.Index[Any]]]:
    if cohort is None:
        yield "", question.samples
        return
    of = cohort[question.samples]
    for name in sorted(of.unique()):
        if name == POOLED:
            raise DataError(
                f"A cohort is called {POOLED!r}, which is what the rows over all cohorts are"
                " called: rename it."
            )
        yield str(name), of.index[(of == name).to_numpy()]


def _stratum(
    table: Table,
    question: Question,
    covariates: pd.DataFrame | None,
    samples: pd.Index[Any],
    settings: Settings,
) -> pd.DataFrame:
    """The comparison within one cohort, over the samples with a value in this table."""
    scored = table.values.index[table.values.notna().any(axis=1).to_numpy()]
    asked = question.among(samples[samples.isin(scored)])
    values = table.values.loc[asked.samples]
    others = None if covariates is None else covariates.loc[asked.samples]
    if isinstance(asked, Groups):
        return compare_groups(values, asked, others, settings)
    if isinstance(asked, Trend):
        return compare_trend(values, asked, others, settings)
    return compare_survival(values, asked, others, settings)


def _in_order(whole: pd.DataFrame) -> pd.DataFrame:
    """Labels first, numbers, then what was done and why something is missing."""
    shown = [name for name in whole.columns if not name.startswith(HIDDEN)]
    first = [name for name in _FIRST if name in shown]
    last = [name for name in _LAST if name in shown]
    middle = [name for name in shown if name not in (*first, *last, "q", "omnibus_q")]
    middle.insert(middle.index("p") + 1, "q")
    if "omnibus_p" in middle:
        middle.insert(middle.index("omnibus_p") + 1, "omnibus_q")
    return whole[[*first, *middle, *last]]
