"""Number types, sparsity and the AnnData that every non-AnnData reader returns."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, FileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_SPARSE_ABOVE = 0.6
_FLOAT32_EXACT = 2**24


def compact(values: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Cast to float32, or float64 where float32 would change a large integer or overflow.

    Examples
    --------
    >>> import numpy as np
    >>> compact(np.array([1, 2**24])).dtype.name, compact(np.array([2**24 + 1])).dtype.name
    ('float32', 'float64')
    """
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        small = values.astype(np.float32)
        large = np.abs(values) > _FLOAT32_EXACT
        if large.any():
            exact = values[large].astype(np.float64)
            cast = small[large].astype(np.float64)
            integer = np.isfinite(exact) & (exact == np.floor(exact))
            if bool((integer & (cast != exact)).any() or (np.isinf(cast) & ~np.isinf(exact)).any()):
                return values.astype(np.float64)
    return small


def sparse_if_mostly_zero(
    values: NDArray[np.floating[Any]],
) -> NDArray[np.floating[Any]] | csr_matrix[Any]:
    """Return CSR when more than 60 % of the cells are zero, else a C-ordered array."""
    import numpy as np
    from scipy.sparse import csr_matrix

    zeros = values.size - np.count_nonzero(values)
    if zeros > _SPARSE_ABOVE * values.size:
        return csr_matrix(values)
    return np.ascontiguousarray(values)


def check_sparse(matrix: object, *, where: str) -> None:
    """Raise FileError if a CSR or CSC matrix points outside itself (a damaged file)."""
    from scipy import sparse

    if not isinstance(
        matrix, sparse.csr_matrix | sparse.csc_matrix | sparse.csr_array | sparse.csc_array
    ):
        return
    try:
        matrix.check_format(full_check=True)
    except ValueError as exc:
        raise FileError(
            f"{where}: the sparse matrix is inconsistent ({exc}); the file is damaged. "
            "Copy or write it again."
        ) from exc


def build(
    matrix: NDArray[np.floating[Any]] | csr_matrix[Any],
    *,
    samples: Sequence[str],
    genes: Sequence[str],
    var: Mapping[str, Any],
    where: str,
) -> AnnData:
    """Put a samples × genes matrix and its names into an AnnData; names stay verbatim."""
    import pandas as pd
    from anndata import AnnData

    refuse_repeats(samples, where=where)
    with warnings.catch_warnings():
        # anndata warns of repeated gene names; they are kept on purpose
        warnings.simplefilter("ignore")
        return AnnData(
            matrix,
            obs=pd.DataFrame(index=pd.Index(list(samples), dtype=str)),
            var=pd.DataFrame(dict(var), index=pd.Index(list(genes), dtype=str)),
        )


def refuse_repeats(samples: Sequence[str], *, where: str) -> None:
    """Raise DataError naming the first sample name that is given twice."""
    seen: dict[str, int] = {}
    for position, name in enumerate(samples, start=1):
        if name in seen:
            raise DataError(
                f"{where}: the sample name {name!r} is given twice (samples {seen[name]} and "
                f"{position}). Rename or merge them."
            )
        seen[name] = position
