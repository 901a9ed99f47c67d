"""Safe reading of expression files and atomic writing of results."""

from __future__ import annotations

from cytosig.io._archive import read_arrays
from cytosig.io.append import write_scored, write_scores
from cytosig.io.atomic import atomic_path, check_output, clear_leftovers
from cytosig.io.atomic_folder import atomic_folder
from cytosig.io.lazy import can_open, open_store
from cytosig.io.read import read
from cytosig.io.stamp import stamp
from cytosig.io.write import write_h5ad, write_table

__all__ = [
    "atomic_folder", "atomic_path", "can_open", "check_output", "clear_leftovers", "open_store",
    "read", "read_arrays", "stamp", "write_h5ad", "write_scored", "write_scores", "write_table",
]  # fmt: skip
