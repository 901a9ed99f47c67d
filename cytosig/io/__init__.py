"""Safe reading of expression files and atomic writing of results."""

from __future__ import annotations

from cytosig.io.atomic import atomic_path, check_output
from cytosig.io.read import read
from cytosig.io.write import write_h5ad, write_table

__all__ = ["atomic_path", "check_output", "read", "write_h5ad", "write_table"]
