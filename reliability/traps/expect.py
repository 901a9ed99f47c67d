"""What may be expected of a call, and whether an answer meets it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from reliability.traps.frames import NAN_TABLES, P_RTOL, difference, normal
from reliability.traps.trap import as_is

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from reliability.traps.calls import Call
    from reliability.traps.trap import Maker

    Tables = dict[str, pd.DataFrame]
    Clean = Callable[[Call, Maker, Mapping[str, Any]], Tables]
    """What a call gives by Python on data made from the clean ones."""


class Expectation(Protocol):
    """Declared with the input, before anything is run."""

    said: str

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:
        """What is wrong with these tables; empty where they are right."""


@dataclass(frozen=True)
class Equal:
    """The tables of the same call on a clean equivalent.

    Parameters
    ----------
    clean
        Makes the equivalent from the clean data.
    options
        Gives what that call is given.
    rtol
        How far numbers may differ; p-values by a thousandth, since their weights are grouped.
    reason
        Of observations and signatures that the equivalent does not have: they are no numbers
        here, and this is why.
    by_position
        Whether observations are compared in their order, whatever they are called.
    tables
        That are compared; all where empty.
    leave
        Columns that are not.
    """

    clean: Maker = as_is
    options: Callable[[], Mapping[str, Any]] = dict
    rtol: float = 1e-6
    reason: str = ""
    by_position: bool = False
    tables: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    said: str = "equal to clean"

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:
        """The first difference."""
        wanted = clean(call, self.clean, self.options())
        if lost := [name for name in wanted if name not in tables]:
            return f"no table {lost[0]}"
        for name, expected in wanted.items():
            if self.tables and name not in self.tables:
                continue
            one, two = normal(name, tables[name]), normal(name, expected)
            if self.by_position:
                one, two = (frame.reset_index(drop=True) for frame in (one, two))
            if self.reason and name in NAN_TABLES:
                told = self._unreal(name, one, two, tables)
                if told:
                    return told
                one = one.loc[one.index.isin(two.index), one.columns.isin(two.columns)]
            if self.reason and name not in NAN_TABLES:
                one = one.loc[one.index.isin(two.index)]
            two = two.drop(columns=[column for column in self.leave if column in two])
            rtol = max(self.rtol, P_RTOL) if name.endswith("pvalue") else self.rtol
            told = difference(one, two, rtol)
            if told:
                return f"{name}: {told}"
        return ""

    def _unreal(self, name: str, one: pd.DataFrame, two: pd.DataFrame, tables: Tables) -> str:
        """What the equivalent lacks is NaN, with the reason."""
        rows = one.index.difference(two.index)
        columns = one.columns.difference(two.columns)
        if name not in ("ligand", "receptor") and (one.loc[rows].notna().any(axis=None)
                                 or one[columns].notna().any(axis=None)):  # fmt: skip
            return f"{name}: a number where there is nothing to score"
        told = [tables[given]["reason"] for given in ("unscored", "coverage") if given in tables]
        said = {row: why for reasons in told for row, why in reasons.items()}
        silent = [
            str(one) for one in (*rows, *columns) if not re.search(self.reason, said.get(one, ""))
        ]
        known = name in ("score", "pvalue", "estimate")
        return f"{silent[0]}: no reason {self.reason!r}" if silent and known else ""


@dataclass(frozen=True)
class Refused:
    """An error of ours in which each of these patterns is found."""

    words: tuple[str, ...]
    said: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", f"refused, naming {', '.join(self.words)}")

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:  # noqa: ARG002
        """A result is a silent error here."""
        return "a result, and nothing said"

    def unclear(self, message: str, /) -> str:
        """The first pattern that the message lacks."""
        lacking = [word for word in self.words if not re.search(word, message)]
        return lacking[0] if lacking else ""


def refused(*words: str) -> Refused:
    """Refused, with these words."""
    return Refused(words)


@dataclass(frozen=True)
class NotAsked:
    """Not tried, and why."""

    said: str

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:  # noqa: ARG002
        """It cannot be."""
        return ""


@dataclass(frozen=True)
class Holds:
    """Something that can be read off the tables themselves.

    Parameters
    ----------
    said
        In words.
    check
        What is wrong with these tables of a call; empty where they are right.
    """

    said: str
    check: Callable[[Call, Tables], str]

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:  # noqa: ARG002
        """As checked."""
        return self.check(call, tables)
