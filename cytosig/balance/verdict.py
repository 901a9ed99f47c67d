"""The verdict of a sample, and the reason where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig.balance.weigh import FLOOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.balance.weigh import Interval, Weighed

    Array = NDArray[np.float64]

Verdict = Literal["anti-tumour", "pro-tumour", "indeterminate", "insufficient coverage"]
WEAKEST = "D"
"""Grade of lists on which no verdict rests alone."""


def coverage_reason(weighed: Weighed, /) -> str:
    """Why these data have no balance; empty where they have one."""
    if not weighed.ballot.has_both:
        return "one arm has no cytokine that is measured"
    for share, arm in zip(weighed.arms, ("against", "for"), strict=True):
        if share < FLOOR:
            return (
                f"{share:.0%} of the votes of the arm {arm} the tumour are measured,"
                f" {FLOOR:.0%} are needed"
            )
    return ""


def gone(weighed: Weighed, /) -> NDArray[np.bool_]:
    """Samples without a balance."""
    return np.array(weighed.empty | bool(coverage_reason(weighed)), dtype=bool)


def verdicts(
    weighed: Weighed, interval: Interval, roles: Array | None = None, /
) -> list[tuple[Verdict, str]]:
    """Verdict and reason of every sample; ``roles`` are those in context, the usual when None.

    A verdict needs an interval without 0, and lists of grades A to C that lean the same way.
    """
    lacking = coverage_reason(weighed)
    graded = without_weakest(weighed, roles)
    return [
        _one(lacking, bool(weighed.empty[i]), float(interval.value[i]), graded[i],
             float(interval.low[i]), float(interval.high[i]))
        for i in range(len(interval.value))
    ]  # fmt: skip


def without_weakest(weighed: Weighed, roles: Array | None = None, /) -> Array:
    """The balance of the cytokines whose lists some experiment stands behind."""
    signatures = weighed.catalogue.signatures
    weak = [id for id in weighed.ballot.ids if signatures[id].grade == WEAKEST]
    return weighed.without(weak, roles)


def _one(
    lacking: str, empty: bool, value: float, graded: float, low: float, high: float
) -> tuple[Verdict, str]:
    if lacking:
        return "insufficient coverage", lacking
    if empty:
        return "insufficient coverage", "no expression in the sample, or too few of these cells"
    if low <= 0 <= high:
        return "indeterminate", "the interval holds 0"
    if np.isnan(graded) or np.sign(graded) != np.sign(value):
        return "indeterminate", f"it rests on lists of grade {WEAKEST}"
    return ("anti-tumour", "") if value > 0 else ("pro-tumour", "")
