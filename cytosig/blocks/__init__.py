"""Any matrix as blocks of CSR rows: in memory, on disk or in a dask array."""

from cytosig.blocks.block import Block
from cytosig.blocks.rows import RowBlocks
from cytosig.blocks.threads import for_each, n_threads

__all__ = ["Block", "RowBlocks", "for_each", "n_threads"]
