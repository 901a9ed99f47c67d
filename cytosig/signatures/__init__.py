"""The curated knowledge as typed records: load it, ask it, subset it, bring your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.context import ContextRule, load_context, load_programmes
from cytosig.signatures.detection import Detection
from cytosig.signatures.load import load, load_folder
from cytosig.signatures.model import COMPARTMENTS, Axis, Cytokine, Signature
from cytosig.signatures.network import Edge, load_network
from cytosig.signatures.programmes import Programme

if TYPE_CHECKING:
    from cytosig.learn import learn

__all__ = [
    "COMPARTMENTS",
    "Axis",
    "Catalogue",
    "ContextRule",
    "Cytokine",
    "Detection",
    "Edge",
    "Programme",
    "Signature",
    "learn",
    "load",
    "load_context",
    "load_folder",
    "load_network",
    "load_programmes",
]


def __getattr__(name: str) -> Any:
    """``learn`` sits above this room, which reads files alone, and is loaded when first used."""
    if name == "learn":
        from cytosig.learn import learn

        return learn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
