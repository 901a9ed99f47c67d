"""Scoring methods, one file each, found by looking into this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.methods._base import How, Method, Sets, Setting
from cytosig.methods._consensus import ConsensusMethod
from cytosig.methods._linear import LinearMethod
from cytosig.methods._rank import RankMethod
from cytosig.methods._weighted import WeightedMethod
from cytosig.methods._whole import WholeMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "hlm"

__all__ = [
    "DEFAULT",
    "ConsensusMethod",
    "How",
    "LinearMethod",
    "Method",
    "RankMethod",
    "Sets",
    "Setting",
    "WeightedMethod",
    "WholeMethod",
    "available",
    "get",
]


@cache
def available() -> Mapping[str, Method]:
    """Every method by name, read-only."""
    found: dict[str, Method] = {}
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        if not module.name.startswith("_"):
            method: Method = import_module(f"{__name__}.{module.name}").METHOD
            found[method.name] = method
    return MappingProxyType(found)


def get(name: str, /) -> Method:
    """The method of that name.

    Raises
    ------
    UsageError
        When there is none; the message lists those there are.

    Examples
    --------
    >>> get("ulm").name
    'ulm'
    """
    if name not in available():
        raise UsageError(f"No method is called {name!r}; available: {', '.join(available())}.")
    return available()[name]
