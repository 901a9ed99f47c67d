"""From cell type labels to compartments."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cytosig._errors import UsageError
from cytosig.cells.rules import read, says_tumour
from cytosig.cells.tables import key_of, tables
from cytosig.signatures.model import COMPARTMENTS, GENERIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

How = Literal["table", "rule", "user", "unmapped"]
EMPTY = "(empty)"
_MALIGNANT_IDS = ("0001063", "0001064")  # neoplastic cell, malignant cell
_CARCINOMA = re.compile("carcinoma", re.IGNORECASE)
_ID = re.compile(r"(?:.*/)?(CL)[:_](\d{7})", re.IGNORECASE)


class Cells(NamedTuple):
    """Compartments of observations.

    Parameters
    ----------
    compartment
        One of the five, or ``generic``, for every observation.
    table
        One row a label, the most frequent first: label (the index), n, compartment and how
        it was found (``table``, ``rule``, ``user`` or ``unmapped``).
    """

    compartment: NDArray[np.object_]
    table: pd.DataFrame


def compartment_of(label: str, /) -> str | None:
    """Compartment of a cell type label.

    Parameters
    ----------
    label
        A name, an abbreviation or a Cell Ontology id.

    Returns
    -------
    epithelial, stromal, myeloid, T_NK or B; ``generic`` for cells known to be none of these
    (neurons, erythrocytes, tumour cells of unsaid origin); None for a label that is not
    known, names several compartments or says nothing of one.

    Examples
    --------
    >>> from cytosig.cells import compartment_of
    >>> compartment_of("CD8+ Tem"), compartment_of("CL:0000235"), compartment_of("malignant")
    ('T_NK', 'myeloid', 'generic')
    >>> print(compartment_of("T/B doublets"))
    None
    """
    return _look_up(label)[0]


def is_malignant(label: str, /) -> bool:
    """Whether a cell type label names malignant cells.

    It has a word for a tumour and names no cell of its stroma: ``malignant`` and ``cancer
    epithelial`` do, ``tumor-associated macrophage`` does not.

    Examples
    --------
    >>> from cytosig.cells import is_malignant
    >>> is_malignant("Malignant"), is_malignant("TAM"), is_malignant("tumor endothelium")
    (True, False, False)
    """
    if id := _ID.fullmatch(label.strip()):
        return id[2] in _MALIGNANT_IDS
    named = says_tumour(label) or _CARCINOMA.search(label) is not None
    return named and _look_up(label)[0] in (GENERIC, "epithelial")


def map_labels(labels: pd.Series, /, *, overrides: Mapping[str, str] | None = None) -> Cells:
    """Compartment of every observation, from its cell type label.

    Parameters
    ----------
    labels
        One label an observation; may have gaps.
    overrides
        Compartment (or ``generic``) by label, instead of what the tables and rules say.

    Returns
    -------
    Cells
        Labels that say no compartment, and gaps (in the table as ``(empty)``), are generic.

    Raises
    ------
    UsageError
        When an override names no compartment, or a label that does not occur.

    Examples
    --------
    >>> import pandas as pd
    >>> found = map_labels(pd.Series(["NK", "TAM", "NK", "c7"]), overrides={"c7": "B"})
    >>> list(found.compartment)
    ['T_NK', 'myeloid', 'T_NK', 'B']
    >>> found.table["how"].to_dict()
    {'NK': 'table', 'TAM': 'table', 'c7': 'user'}
    """
    import pandas as pd

    chosen = {str(label): name for label, name in (overrides or {}).items()}
    check_overrides(chosen)
    codes, values = pd.factorize(labels)
    names = [str(value) for value in values]
    _check_present(chosen, names)
    found = [(chosen[name], "user") if name in chosen else _look_up(name) for name in names]
    compartments = np.array([c or GENERIC for c, _ in found] + [GENERIC], dtype=object)
    counts = Counter(EMPTY if code < 0 else names[code] for code in codes.tolist())
    told = {name: (c or GENERIC, how) for name, (c, how) in zip(names, found, strict=True)}
    told.setdefault(EMPTY, (GENERIC, "unmapped"))
    rows = sorted(counts, key=lambda name: (-counts[name], name))
    table = pd.DataFrame(
        {
            "n": [counts[name] for name in rows],
            "compartment": [told[name][0] for name in rows],
            "how": [told[name][1] for name in rows],
        },
        index=pd.Index(rows, dtype=str, name="label"),
    )
    return Cells(compartments[codes], table)


def check_overrides(overrides: Mapping[str, str], /) -> None:
    """Refuse names that are no compartment.

    Raises
    ------
    UsageError
        With the names there are.
    """
    allowed = (*COMPARTMENTS, GENERIC)
    for label, name in overrides.items():
        if name not in allowed:
            raise UsageError(
                f"compartments= maps {label!r} to {name!r}; expected one of {', '.join(allowed)}."
            )


def _check_present(overrides: Mapping[str, str], names: list[str]) -> None:
    absent = [label for label in overrides if label not in names]
    if absent:
        raise UsageError(
            f"compartments= names {', '.join(map(repr, absent))}, which no observation is labelled;"
            f" the labels are {', '.join(map(repr, sorted(set(names))[:12]))}"
            + (f" and {len(set(names)) - 12} more." if len(set(names)) > 12 else ".")
        )


def _look_up(label: str) -> tuple[str | None, How]:
    """Compartment and how it was found: by id, by the whole label, by its words."""
    held = tables()
    text = label.strip()
    if id := _ID.fullmatch(text):
        found = held.by_id.get(f"CL:{id[2]}")
        return found, "table" if found else "unmapped"
    if key := key_of(text):
        if "?" not in text and (found := held.by_name.get(key)):
            return found, "table"
        if found := read(text):
            return found, "rule"
    return None, "unmapped"
