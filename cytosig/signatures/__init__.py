"""The curated knowledge as typed records: load it, ask it, subset it, bring your own."""

from __future__ import annotations

from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.load import load, load_folder
from cytosig.signatures.model import Axis, Cytokine, Signature

__all__ = ["Axis", "Catalogue", "Cytokine", "Signature", "load", "load_folder"]
