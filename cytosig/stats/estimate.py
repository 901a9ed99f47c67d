"""One effect with its uncertainty, and what every test here asks of its input.

A sample without a value (NaN) is left out and not counted in ``n``. Where the samples do not
allow a number it is NaN and ``reason`` says why. What no test can mean (an infinite value,
vectors of unequal length, a level outside 0 to 1) raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

NAN = float("nan")
LEAST_P = 1e-300  # as that of a score: a p is never 0
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect, its standard error and interval, and the test that it is null.

    ``df`` is NaN where the statistic has none; ``n`` counts the samples used, one number a
    group; ``reason`` is empty where nothing is missing.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p: float
    n: tuple[int, ...]
    reason: str = ""


def unknown(reason: str, n: tuple[int, ...], *, estimate: float = NAN) -> Estimate:
    """An estimate without uncertainty, and why."""
    return Estimate(float(estimate), NAN, NAN, NAN, NAN, NAN, NAN, n, reason)


def from_normal(
    estimate: float, se: float, n: tuple[int, ...], *, level: float, df: float = np.inf
) -> Estimate:
    """Estimate with a normal interval and test of 0, or a t with ``df`` degrees of freedom."""
    from scipy.special import stdtrit

    reach = float(stdtrit(df, 1 - tail(level))) * se
    t = estimate / se
    return Estimate(
        float(estimate),
        float(se),
        float(estimate - reach),
        float(estimate + reach),
        float(t),
        NAN if np.isinf(df) else float(df),
        float(two_sided(t, df)),
        n,
    )


def never_zero(p: ArrayLike, /) -> Array:
    """P as it is, or the least that is told where the tail is too thin for a number.

    Examples
    --------
    >>> never_zero([0.0, 0.5, float("nan")])
    array([1.e-300, 5.e-001,     nan])
    """
    return np.maximum(np.asarray(p, dtype=np.float64), LEAST_P)


def two_sided(t: ArrayLike, df: float | Array, /) -> Array:
    """P of values of Student's t, in either direction; never 0.

    Examples
    --------
    >>> two_sided([0.0, -12.706, 1e9], 1).round(4), float(two_sided(1e9, 100.0))
    (array([1.  , 0.05, 0.  ]), 1e-300)
    """
    from scipy.special import stdtr

    return never_zero(2 * stdtr(df, -np.abs(t)))


def tail(level: float) -> float:
    """Half of what a two-sided interval at this level leaves out.

    Examples
    --------
    >>> tail(0.5)
    0.25
    """
    if not 0 < level < 1:
        message = f"level is {level!r}; a confidence level lies between 0 and 1: use 0.95 for 95 %."
        raise UsageError(message)
    return (1 - level) / 2


def vector(values: ArrayLike, name: str) -> Array:
    """Values as a float vector that may hold NaN and nothing infinite."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"{name} holds values that are no numbers ({error}): pass numbers."
        raise UsageError(message) from error
    if array.ndim != 1:
        message = (
            f"{name} has {array.ndim} dimensions; one value a sample is needed: pass a vector."
        )
        raise UsageError(message)
    if np.isinf(array).any():
        count = int(np.isinf(array).sum())
        message = (
            f"{name} holds {count} infinite values: make them finite, or NaN to leave them out."
        )
        raise DataError(message)
    return array


def present(values: ArrayLike, name: str) -> Array:
    """The values that are there: without NaN."""
    array = vector(values, name)
    return array[~np.isnan(array)]


def complete(columns: Mapping[str, ArrayLike]) -> list[Array]:
    """The samples that have every value, as one vector a column.

    Examples
    --------
    >>> complete({"x": [1, 2, 3], "y": [4, float("nan"), 6]})
    [array([1., 3.]), array([4., 6.])]
    """
    arrays = [vector(values, name) for name, values in columns.items()]
    lengths = {name: len(array) for name, array in zip(columns, arrays, strict=True)}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        message = f"Vectors of unequal length ({found}): pass one value a sample in each."
        raise UsageError(message)
    kept = ~np.isnan(np.stack(arrays)).any(axis=0)
    return [array[kept] for array in arrays]


def does_not_vary(values: Array) -> bool:
    """Whether all values are one, but for rounding.

    Examples
    --------
    >>> does_not_vary(np.array([0.3, 0.1 + 0.2]))
    True
    """
    if len(values) < 2:
        return True
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())
