"""Scoring methods, one file each, found by looking into this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.methods._base import LinearMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "hlm"

__all__ = ["DEFAULT", "LinearMethod", "available", "get"]


@cache
def available() -> Mapping[str, LinearMethod]:
    """Every method by name, read-only."""
    found: dict[str, LinearMethod] = {}
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        if not module.name.startswith("_"):
            method: LinearMethod = import_module(f"{__name__}.{module.name}").METHOD
            found[method.name] = method
    return MappingProxyType(found)


def get(name: str, /) -> LinearMethod:
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
