"""Columns of ``obs`` that say under what circumstances a sample was taken, read as rules ask."""

from __future__ import annotations

from math import inf, isinf, isnan
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._obs import names_of
from cytosig.signatures.context import shipped
from cytosig.signatures.detection import GENOTYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cytosig.signatures.detection import Column

_NONE = "none"


def read_context(obs: pd.DataFrame, context: Mapping[str, str] | None, /) -> pd.DataFrame:
    """The columns that rules ask for, one row a sample, each value checked.

    Parameters
    ----------
    obs
        One row a sample.
    context
        Column of ``obs`` by the name rules know it under.

    Returns
    -------
    Values as rules take them: a word, a set of words (empty for ``none``), a number, or None
    where the cell is empty.

    Raises
    ------
    UsageError
        When a name or column is not there.
    DataError
        When a value is none that rules know.
    """
    import pandas as pd

    known = shipped().columns
    found: dict[str, list[object]] = {}
    for name, column in (context or {}).items():
        if name not in known:
            raise UsageError(f"context: no rule asks for {name!r}; they ask for {names_of(known)}.")
        if column not in obs.columns:
            raise UsageError(
                f"context: obs has no column {column!r} (for {name!r}) that says one thing of every"
                f" sample; it has {names_of(obs.columns)}."
            )
        found[name] = [
            _value(known[name], value, column, sample)
            for sample, value in zip(obs.index, obs[column].astype(object), strict=True)
        ]
    return pd.DataFrame(
        {name: pd.Series(values, index=obs.index, dtype=object) for name, values in found.items()},
        index=obs.index,
    )


def _value(asked: Column, value: Any, column: str, sample: object) -> object:
    import pandas as pd

    if value is None or pd.isna(value) or not str(value).strip():
        return None
    text = str(value).strip()
    where = f"context: obs[{column!r}] of sample {str(sample)!r} is {text!r}"
    if asked.type == "number":
        return _number(asked, text, where)
    if asked.type == "word":
        return _word(asked, text, where)
    words = [part.strip() for part in text.split(";") if part.strip()]
    if [word.lower() for word in words] == [_NONE]:
        return frozenset()
    if asked.type == "words":
        return frozenset(_word(asked, word, where) for word in words)
    for word in words:
        if not GENOTYPE.match(word):
            raise DataError(
                f"{where}; expected SYMBOL:loss or SYMBOL:activating, with ';' between, or 'none'."
            )
    return frozenset(words)


def _number(asked: Column, text: str, where: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        found = inf
    if isinf(found):
        raise DataError(f"{where}; {asked.id} is a number ({asked.unit}).")
    return None if isnan(found) else found


def _word(asked: Column, text: str, where: str) -> str:
    for known in asked.values:
        if known.lower() == text.lower():
            return known
    raise DataError(
        f"{where}; {asked.id} is one of {', '.join(asked.values)}. {asked.note} Map it to one of"
        " these, or leave it empty where none fits."
    )
