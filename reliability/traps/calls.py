"""What is run on every input: each scoring method and each tool, through both doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any

import cytosig as cs
from cytosig import methods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IDS = ("IFNG", "IL6")
"""What the slow methods score."""
TOGETHER = ("consensus", "ucell", "singscore")
PERMUTATIONS = 100
DRAWS, BOOT, MIN_CELLS = 100, 20, 3
_KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
_TALK = {**_KEYS, "min_cells": MIN_CELLS}


@dataclass(frozen=True, eq=False)
class Call:
    """One thing that is asked of an input.

    Parameters
    ----------
    name
        Of the method or the tool.
    kind
        What its promises depend on.
    tool
        The function of ``cs.tl``, or ``report``.
    options
        Of that function.
    typed
        Of the command, where they are other ones.
    few
        Whether it is for tens of observations.
    """

    name: str
    kind: str
    tool: str
    options: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, Any] | None = None
    few: bool = False

    @property
    def is_score(self) -> bool:
        """Whether it is a scoring method."""
        return self.tool == "score"


def _kind(method: methods.Method) -> str:
    if isinstance(method, methods.ConsensusMethod):
        return "consensus"
    if isinstance(method, methods.WholeMethod):
        return "whole"
    if isinstance(method, methods.LinearMethod):
        return "linear"
    return "rank" if isinstance(method, methods.RankMethod) else "company"


def _score(method: methods.Method) -> Call:
    kind, name = _kind(method), method.name
    if kind == "consensus":
        return Call(name, kind, "score", {"method": list(TOGETHER)})
    if kind != "whole":
        return Call(name, kind, "score", {"method": name})
    own: dict[str, Any] = {"method": name}
    typed = {**own, "signatures": ",".join(IDS)}
    if name == "gsea":
        own["settings"] = {"gsea": {"permutations": PERMUTATIONS}}
        typed["set"] = f"gsea.permutations={PERMUTATIONS}"
    own["signatures"] = cs.signatures.load().subset(IDS)
    return Call(name, kind, "score", own, typed, few=True)


@cache
def scores() -> tuple[Call, ...]:
    """Every scoring method there is."""
    return tuple(_score(method) for method in methods.available().values())


@cache
def every() -> tuple[Call, ...]:
    """All calls, in the order they are made on one data set."""
    blocked = {"sample_key": "sample", "min_cells": MIN_CELLS, "n_draws": DRAWS}
    compared = {"groupby": "condition", "sample_key": "sample", "min_cells": MIN_CELLS}
    return (
        *scores(),
        Call("report", "report", "report"),
        Call("compare", "compare", "compare", compared),
        Call("channels", "channels", "channels"),
        Call("sources", "tissue", "sources", {**_TALK, "n_boot": BOOT}),
        Call("targets", "tissue", "targets", _TALK),
        Call("links", "tissue", "links", {**_TALK, "n_boot": BOOT}),
        Call("balance", "samples", "balance", {**_TALK, "n_draws": DRAWS}),
        Call("blockade", "samples", "blockade", {**blocked, "targets": ["IL6R", "IL1B"]}),
        Call("chain", "chain", "chain", _KEYS),
    )


TURNS = ("ucell", "sources", "balance", "links")
"""Calls of the short version, one of them an input beside the default method."""


def takes(tool: str, option: str, /) -> bool:
    """Whether a function of Python has that option."""
    return option in signature(getattr(cs.tl, tool)).parameters


@cache
def accepted(command: str, /) -> frozenset[str]:
    """The options of a command, by the names Python gives them."""
    from importlib import import_module

    module = import_module(f"cytosig.cli.{command}")
    return frozenset(signature(getattr(module, command)).parameters)


def words(options: Mapping[str, Any], /) -> list[str]:
    """Options as they are typed."""
    found: list[str] = []
    for name, value in options.items():
        option = "--batch" if name == "batch_key" else f"--{name.replace('_', '-')}"
        if value is True:
            found.append(option)
        elif isinstance(value, list | tuple):
            found += [option, ",".join(map(str, value))]
        else:
            found += [option, str(value)]
    return found


def commands(calls: Sequence[Call], /) -> list[tuple[Call, ...]]:
    """Calls that one command can make without anything being lost."""
    alone = [call for call in calls if not call.is_score or call.kind in ("consensus", "whole")]
    plain = tuple(call for call in calls if call.is_score and call not in alone)
    return [*((plain,) if plain else ()), *((call,) for call in alone)]
