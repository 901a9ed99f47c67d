"""Which values a pseudobulk adds up, whether they can be, and where one is no number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import DataError
from cytosig._log import logger
from cytosig.engine.nonfinite import no_number
from cytosig.engine.passes import collect
from cytosig.engine.prepare import Rows
from cytosig.engine.recognise import all_whole, recognise

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks import Block, RowBlocks
    from cytosig.engine.nonfinite import Names
    from cytosig.engine.recognise import Values

Mode = Literal["sum", "mean", "auto"]
ADDITIVE = ("counts", "linear")


def values_for(
    blocks: RowBlocks, mode: Mode, layers: str, names: Names, /, *, n_jobs: int | None
) -> Values:
    """What the values are.

    Parameters
    ----------
    layers
        The layers there are, for a message.
    names
        Of observations and genes, for another.

    Raises
    ------
    DataError
        When they cannot be added up and ``mode`` is to add them up.
    """
    values = _recognised(blocks, names, n_jobs)
    additive = values.kind in ADDITIVE
    if mode == "sum" and not additive:
        raise DataError(
            f"The values are {values.kind} ({values.reason}); only counts and other values on a"
            f" linear scale can be added up. Pass layer= with counts (layers: {layers}),"
            ' use_raw=True where adata.raw holds them, or mode="mean" for the mean of these.'
        )
    if mode == "mean" and additive:
        logger.warning(
            "X holds means of %s (%s): small ones can be taken for logarithms later on. Sums say"
            ' more; pass mode="sum", or normalize="log1p" to cs.tl.score.',
            values.kind,
            values.reason,
        )
    return values


def _recognised(blocks: RowBlocks, names: Names, n_jobs: int | None) -> Values:
    """As everywhere, but nothing except 0 and 1 is counts: too shallow for anything else."""
    values = recognise(blocks, n_jobs=n_jobs, names=names)
    if values.base is None or not np.isin(blocks.sample().data, (0, 1)).all():
        return values
    if not all_whole(blocks, n_jobs):
        return values
    return replace(values, kind="counts", reason="non-negative whole numbers", base=None)


def refuse_nonfinite(
    blocks: RowBlocks,
    row: NDArray[np.int64],
    sums: NDArray[np.float64],
    obs_names: pd.Index[Any],
    var_names: pd.Index[Any],
    /,
) -> None:
    """Raise a DataError where a sum is no number, naming the first value that is none.

    ``row`` is the row of every cell, -1 for none; ``sums`` is rows × genes.
    """
    bad = no_number(sums)
    if not bad.any():
        return
    said = collect(Rows.as_stored(blocks), partial(_first, used=row >= 0))
    found = [first for first in said if first is not None]
    gene = str(var_names[int(np.flatnonzero(bad.any(axis=0))[0])])
    if not found:
        raise DataError(
            f"Gene {gene!r} adds up to more than can be reckoned with; its values are no counts."
            " Divide them by a constant first."
        )
    cell, column, value = min(found)
    raise DataError(
        f"The matrix holds {value} at observation {str(obs_names[cell])!r}, gene"
        f" {str(var_names[column])!r} ({int(bad.any(axis=0).sum())} gene(s) affected). Impute or"
        " remove them."
    )


def _first(block: Block, *, used: NDArray[np.bool_]) -> tuple[int, int, float] | None:
    """The first value of a block that is no number, among the cells in use."""
    cells = np.repeat(np.arange(block.start, block.stop), np.diff(block.indptr))
    wrong = np.flatnonzero(no_number(block.data) & used[cells])
    if not wrong.size:
        return None
    j = int(wrong[0])
    return int(cells[j]), int(block.indices[j]), float(block.data[j])
