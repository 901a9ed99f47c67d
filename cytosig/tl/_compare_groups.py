"""Groups of samples, and patients who have one sample in each of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig._obs import names_of
from cytosig.compare import Groups

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.tl._compare_question import Asked

_MOST_NUMBERS = 10  # a column of numbers with more values than this is no column of groups


def groups_of(table: pd.DataFrame, asked: Asked, /) -> Groups:
    """The groups of the samples in ``table``, the reference first.

    Raises
    ------
    UsageError
        When a group named is not there, or the column is one of measurements.
    DataError
        When there are fewer than two groups, or none has two samples.
    """
    key = str(asked.groupby)
    labels, levels = as_text(table["groupby"])
    _refuse_measurements(table["groupby"], key)
    levels = _chosen(levels, asked, key)
    labels = labels[labels.isin(levels)].rename(key)
    patient = None
    if asked.paired is not None:
        labels, patient = _in_pairs(labels, table, levels, asked.paired)
    counts = labels.value_counts()
    empty = [level for level in levels if level not in counts]
    if empty:
        raise DataError(f"groupby: no sample is left in group {empty[0]!r} of obs[{key!r}].")
    if counts.max() < 2:
        raise DataError(
            f"groupby: no group of obs[{key!r}] has two samples ({len(levels)} groups,"
            f" {len(labels)} samples)."
        )
    first, *others = (f"{name} ({counts[name]})" for name in levels)
    logger.info("Compared by %s: %s with %s.", key, ", ".join(others), first)
    return Groups(labels, tuple(levels), patient)


def as_text(values: pd.Series[Any], /) -> tuple[pd.Series[Any], list[str]]:
    """Labels as text, and the levels there are: in the order of categories, else sorted.

    Examples
    --------
    >>> import pandas as pd
    >>> as_text(pd.Series([1.0, 0.0, 1.0]))[1]
    ['0', '1']
    """
    import pandas as pd

    found = pd.Categorical(values).remove_unused_categories()
    names = [_text(level) for level in found.categories]
    text = pd.Series(np.array(names, dtype=object)[found.codes], index=values.index)
    return text, list(dict.fromkeys(names))


def _text(level: object) -> str:
    """Whole numbers without a decimal point: a column of 0 and 1 with gaps holds floats."""
    if isinstance(level, float | np.floating):
        number = float(level)
        return str(int(number)) if number.is_integer() else str(level)
    return str(level)


def _refuse_measurements(values: pd.Series[Any], key: str) -> None:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) and values.nunique() > _MOST_NUMBERS:
        raise UsageError(
            f"groupby: obs[{key!r}] holds {values.nunique()} different numbers; a trend along them"
            " is covariate=, and groups should be text."
        )


def _chosen(levels: list[str], asked: Asked, key: str) -> list[str]:
    """The levels compared, the reference first."""
    if isinstance(asked.groups, str):
        raise UsageError(f"groups={asked.groups!r}: expected a list of groups of obs[{key!r}].")
    wanted = levels if asked.groups is None else [_text(name) for name in asked.groups]
    reference = None if asked.reference is None else _text(asked.reference)
    for argument, names in (("groups", wanted), ("reference", [reference])):
        for name in names:
            if name is not None and name not in levels:
                raise UsageError(
                    f"{argument}: obs[{key!r}] has no group {name!r}; it has"
                    f" {names_of(levels[:8])}."
                )
    kept = [level for level in levels if level in wanted or level == reference]
    if len(kept) < 2:
        raise DataError(
            f"groupby: obs[{key!r}] has one group, {kept[0]!r}, among the samples compared;"
            " expected two or more."
        )
    first = reference or kept[0]
    found = [first, *(level for level in kept if level != first)]
    if asked.paired is not None and len(found) > 2:
        raise UsageError(
            f"paired= compares two groups, and obs[{key!r}] has {names_of(found)}: choose two with"
            " groups=."
        )
    return found


def _in_pairs(
    labels: pd.Series[Any], table: pd.DataFrame, levels: list[str], key: str
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Samples of patients who have one in each group."""
    patient = as_text(table.loc[labels.index, "paired"])[0].rename(key)
    twice = labels.index[labels.to_frame().assign(patient=patient).duplicated()]
    if len(twice):
        raise DataError(
            f"paired: {patient[twice[0]]!r} of obs[{key!r}] has several samples in group"
            f" {labels[twice[0]]!r}, {twice[0]!r} among them; keep one, or average them."
        )
    whole = (patient.map(patient.value_counts()) == 2).to_numpy()
    if not whole.any():
        raise DataError(
            f"paired: no value of obs[{key!r}] has a sample in both {levels[0]!r} and"
            f" {levels[1]!r}."
        )
    if not whole.all():
        logger.warning(
            "%d of %d samples left out: no partner by obs[%r] (%r first).",
            int((~whole).sum()), len(whole), key, labels.index[~whole][0],
        )  # fmt: skip
    return labels[whole], patient[whole]
