"""The curated knowledge as typed records: load it, ask it, subset it, bring your own."""

from __future__ import annotations

from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.context import ContextRule, load_context, load_programmes
from cytosig.signatures.detection import Detection
from cytosig.signatures.load import load, load_folder
from cytosig.signatures.model import COMPARTMENTS, Axis, Cytokine, Signature
from cytosig.signatures.network import Edge, load_network
from cytosig.signatures.programmes import Programme

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
    "load",
    "load_context",
    "load_folder",
    "load_network",
    "load_programmes",
]
