"""Grades of response lists: how well experiments support them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytosig.signatures.catalogue import Catalogue


def ungraded(catalogue: Catalogue, /) -> dict[str, str]:
    """What the cytokines with a response list of their own lack of a grade and its reason.

    Signatures without a cytokine (a user's own) need no grade, and neither does a cytokine
    read through another's list.

    Returns
    -------
    What is missing, by id; empty when every list is graded and says why.

    Examples
    --------
    >>> from cytosig.signatures import Catalogue
    >>> ungraded(Catalogue.from_dict({"MINE": ["STAT1", "IRF1"]}))
    {}
    """
    missing = {}
    for id in catalogue.signatures:
        cytokine = catalogue.cytokines.get(id)
        if cytokine is None:
            continue
        if cytokine.response is None or cytokine.response.grade is None:
            missing[id] = "no grade"
        elif not cytokine.response.grade_reason:
            missing[id] = "no grade_reason"
    return missing
