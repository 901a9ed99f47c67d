"""The order of rows and columns of a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MANY = 300  # columns above which ordering leaves optimally takes too long
_SIDES = {True: "columns", False: ""}


def orders(values: NDArray[np.float64], cluster: bool | str, /) -> tuple[list[int], list[int]]:
    """Order of rows and of columns, each clustered where asked for."""
    asked = _SIDES[cluster] if isinstance(cluster, bool) else cluster
    if asked not in ("", "rows", "columns", "both"):
        raise UsageError(
            f'cluster={cluster!r}; expected True (columns), False, "rows", "columns" or "both".'
        )
    n_rows, n_columns = values.shape
    rows = column_order(values.T) if asked in ("rows", "both") else list(range(n_rows))
    columns = column_order(values) if asked in ("columns", "both") else list(range(n_columns))
    return rows, columns


def column_order(values: NDArray[np.float64], /) -> list[int]:
    """Order of leaves of an average linkage; columns without any value last."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    seen = ~np.isnan(values).all(axis=0)
    live, dead = np.flatnonzero(seen), np.flatnonzero(~seen)
    full = values[:, live][~np.isnan(values[:, live]).any(axis=1)]
    if len(live) > 2 and len(full):
        tree = linkage(full.T, "average", optimal_ordering=len(live) <= _MANY)
        live = live[leaves_list(tree)]
    return [*live.tolist(), *dead.tolist()]
