"""Evidence grades A-D by one rule, from experiments recognised with their study left out.

A study recognises a cytokine when, made without that study, the weights rank the cytokine among
the first three in at least half of the study's experiments (cells that can answer, at least 15
raised genes, direction only).

- A: three or more studies recognise it, and at least two thirds of those there are.
- B: two or more, and at least half.
- C: at least one.
- D: none, or none there to ask.

A cytokine that is never first itself has C at most. A variant is graded on the experiments of its
compartment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tables import left_out

if TYPE_CHECKING:
    import pandas as pd

TOP = 3


@dataclass(frozen=True)
class Grade:
    """A letter and the sentence behind it."""

    letter: str
    reason: str


def grade(ranked: pd.DataFrame, id: str, measured: int, compartment: str = "") -> Grade:
    """Grade of one cytokine from the ranks of its left-out experiments.

    Parameters
    ----------
    ranked
        Output of ``leave_one_study_out``.
    measured
        Studies that measured the cytokine at all, whatever their size.
    compartment
        Ask only the experiments of one compartment.
    """
    own = ranked[(ranked["cytokine"] == id) & ~ranked["study"].isin(left_out("grades"))]
    if compartment:
        own = own[own["compartment"] == compartment]
    share = (own["rank"] <= TOP).groupby(own["study"]).mean()
    asked, found = len(share), int((share >= 0.5).sum())
    letter = _letter(asked, found)
    if letter < "C" and (own["rank"] > 1).all():
        letter = "C"
    if asked:
        noun = "study" if asked == 1 else "studies"
        reason = f"among the first three in {found} of {asked} {noun} left out of the weights"
    elif measured:
        reason = "no measured study large enough to ask"
    else:
        reason = "no measured study; an expert list only"
    return Grade(letter, reason)


def _letter(asked: int, found: int) -> str:
    if found >= 3 and 3 * found >= 2 * asked:
        return "A"
    if found >= 2 and 2 * found >= asked:
        return "B"
    return "C" if found else "D"
