"""Small samples of numbers for tests: with ties, gaps, constants and very unlike sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def value() -> SearchStrategy[float]:
    """A number with ties in mind: small whole ones, and others of any usual size."""
    other = st.floats(-100, 100).map(lambda x: round(x, 6))
    return st.one_of(st.integers(-3, 3).map(float), other)


@st.composite
def sample(draw: DrawFn, least: int = 0, most: int = 8, *, gaps: bool = True) -> Array:
    """Values of a group, some of them missing."""
    one = st.one_of(value(), st.just(np.nan)) if gaps else value()
    return np.array(draw(st.lists(one, min_size=least, max_size=most)), dtype=np.float64)


@st.composite
def pairs(draw: DrawFn, least: int = 0, most: int = 8, *, gaps: bool = True) -> tuple[Array, Array]:
    """Two samples of one size."""
    one = draw(sample(least, most, gaps=gaps))
    return one, draw(sample(len(one), len(one), gaps=gaps))


@st.composite
def p_values(draw: DrawFn, *, gaps: bool = True) -> Array:
    """P of some tests: tiny, tied and missing ones among them."""
    p = st.one_of(st.floats(1e-300, 1), st.sampled_from((0.05, 0.5, 1.0, 1e-300)))
    return np.array(draw(st.lists(p | st.just(np.nan) if gaps else p, max_size=12)), dtype=float)


@st.composite
def follow_ups(draw: DrawFn, most: int = 10) -> tuple[Array, Array, Array]:
    """Times, events and scores of some patients, times tied more often than not."""
    n = draw(st.integers(1, most))
    times = st.one_of(st.integers(1, 6).map(float), st.floats(0.125, 1000, width=32))
    lists = (draw(st.lists(s, min_size=n, max_size=n)) for s in (times, st.booleans(), value()))
    time, event, score = (np.array(one, dtype=np.float64) for one in lists)
    return time, event, score


def present(values: Array, /) -> Array:
    """The values that are there."""
    return values[~np.isnan(values)]
