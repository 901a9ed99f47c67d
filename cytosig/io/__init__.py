"""Safe reading of expression files and atomic writing of results."""

from __future__ import annotations

from cytosig.io._archive import read_arrays
from cytosig.io._leftovers import clear_leftovers
from cytosig.io.append import write_scored, write_scores
from cytosig.io.atomic import atomic_path, check_output
from cytosig.io.atomic_folder import atomic_folder
from cytosig.io.lazy import can_open, open_store
from cytosig.io.read import files_of, read
from cytosig.io.stamp import stamp, unchanged, watched
from cytosig.io.write import put_table, write_h5ad, write_table

__all__ = [
    "atomic_folder", "atomic_path", "can_open", "check_output", "clear_leftovers", "files_of",
    "open_store", "put_table", "read", "read_arrays", "stamp", "unchanged", "watched",
    "write_h5ad", "write_scored", "write_scores", "write_table",
]  # fmt: skip
