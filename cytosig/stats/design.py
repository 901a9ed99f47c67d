"""Design matrices: the groups compared, or a covariate, next to what is held constant.

Numbers are taken as numbers, everything else as categories: a batch coded 1, 2, 3 should come
as text. Samples in pairs (before and after, tumour and normal of one patient) are one more
category, the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import are_numbers

if TYPE_CHECKING:
    import pandas as pd

INTERCEPT = "intercept"


def design_matrix(
    main: pd.Series, /, *, reference: object = None, covariates: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Intercept, the columns of ``main``, and those of the covariates.

    Parameters
    ----------
    main
        One value a sample: groups, or a number for a trend. A number gives one column of its
        name, groups give ``name[level]`` for every level but the reference.
    reference
        The level that the others are compared with; the first in order if None.
    covariates
        Samples × covariates, rows as in ``main``: what is held constant (age, batch, and the
        patient where samples are paired).

    Returns
    -------
    Samples × columns, the columns of ``main`` right after the intercept.

    Raises
    ------
    UsageError
        If the rows differ, or the reference is no level.
    DataError
        If a value is missing or infinite, or a column does not vary.

    Examples
    --------
    >>> import pandas as pd
    >>> group = pd.Series(["on", "off", "on", "off"], index=list("abcd"), name="drug")
    >>> patient = pd.DataFrame({"patient": ["p", "p", "q", "q"]}, index=list("abcd"))
    >>> design_matrix(group, covariates=patient)
       intercept  drug[on]  patient[q]
    a        1.0       1.0         0.0
    b        1.0       0.0         0.0
    c        1.0       1.0         1.0
    d        1.0       0.0         1.0
    """
    import pandas as pd

    name = "main" if main.name is None else str(main.name)
    parts = [_columns(main, name, reference)]
    if covariates is not None:
        if not covariates.index.equals(main.index):
            message = (
                f"The covariates have {len(covariates)} rows that are not the {len(main)} samples "
                f"of {name!r} in their order: reindex them by those samples."
            )
            raise UsageError(message)
        parts.append(encode(covariates))
    intercept = pd.DataFrame({INTERCEPT: np.ones(len(main))}, index=main.index)
    design = pd.concat([intercept, *parts], axis=1)
    twice = design.columns[design.columns.duplicated()]
    if len(twice):
        message = f"The design has two columns {twice[0]!r}: leave {name!r} out of the covariates."
        raise UsageError(message)
    return design


def encode(covariates: pd.DataFrame, /) -> pd.DataFrame:
    """Covariates as numbers: categories become one column a level but the first.

    Examples
    --------
    >>> import pandas as pd
    >>> encode(pd.DataFrame({"age": [50, 61, 70], "batch": ["x", "y", "z"]}))
        age  batch[y]  batch[z]
    0  50.0       0.0       0.0
    1  61.0       1.0       0.0
    2  70.0       0.0       1.0
    """
    import pandas as pd

    parts = [_columns(covariates[name], str(name), None) for name in covariates.columns]
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(index=covariates.index)


def _columns(values: pd.Series, name: str, reference: object) -> pd.DataFrame:
    import pandas as pd

    if values.isna().any():
        message = (
            f"{name!r} is missing for {int(values.isna().sum())} of {len(values)} samples: leave "
            "those samples out, or the covariate."
        )
        raise DataError(message)
    numeric = are_numbers(values)
    if numeric and reference is not None:
        message = f"{name!r} holds numbers, which have no reference: leave reference out."
        raise UsageError(message)
    if values.nunique() < 2:
        message = f"{name!r} has one value in all {len(values)} samples: leave it out."
        raise DataError(message)
    if not numeric:
        return _indicators(values, name, reference)
    numbers = values.to_numpy(dtype=np.float64)
    if np.isinf(numbers).any():
        message = f"{name!r} holds infinite values: make them finite or leave the samples out."
        raise DataError(message)
    return pd.DataFrame({name: numbers}, index=values.index)


def _indicators(values: pd.Series, name: str, reference: object) -> pd.DataFrame:
    import pandas as pd

    levels = list(pd.Categorical(values).remove_unused_categories().categories)
    first = levels[0] if reference is None else reference
    if first not in levels:
        found = ", ".join(repr(level) for level in levels[:5])
        message = f"The reference {reference!r} is no level of {name!r} (found: {found})."
        raise UsageError(message)
    return pd.DataFrame(
        {
            f"{name}[{level}]": (values == level).to_numpy(dtype=np.float64)
            for level in levels
            if level != first
        },
        index=values.index,
    )
