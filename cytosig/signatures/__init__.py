"""The curated knowledge as typed records: load it, ask it, subset it, bring your own."""

from __future__ import annotations

from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.load import load, load_folder
from cytosig.signatures.model import COMPARTMENTS, Axis, Cytokine, Signature

__all__ = ["COMPARTMENTS", "Axis", "Catalogue", "Cytokine", "Signature", "load", "load_folder"]
