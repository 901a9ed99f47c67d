"""cytosig reads the cytokine milieu of a tumour out of its transcriptome."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import CytosigError

if TYPE_CHECKING:
    from cytosig import cells, datasets, pl, pp, report, signatures, tl
    from cytosig.io import read

__all__ = ["CytosigError", "cells", "datasets", "pl", "pp", "read", "report", "signatures", "tl"]

if (
    not (Path(__file__).parent / "_errors.py").is_file()
    or (Path(__file__).parent / "ridge_significance.py").is_file()
):
    raise ImportError(
        "cytosig's folder is mixed with the files of PyPI's CytoSig, whose import folder has the"
        " same name on this file system. Keep them in separate environments: uninstall both, then"
        " install cytosig-toolkit alone."
    )


def __getattr__(name: str) -> Any:
    if name == "read":
        return import_module("cytosig.io").read
    if name == "__version__":
        return import_module("importlib.metadata").version("cytosig-toolkit")
    if name in __all__:
        return import_module(f"cytosig.{name}")
    raise AttributeError(f"module 'cytosig' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
