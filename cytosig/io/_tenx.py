"""What 10x HDF5 and 10x mtx have in common."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from cytosig._errors import DataError
from cytosig._log import logger

if TYPE_CHECKING:
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_EXPRESSION = "Gene Expression"


def expression_only(adata: AnnData, *, where: str) -> AnnData:
    """Leave out antibody, CRISPR and other features that are not gene expression."""
    import numpy as np

    if "feature_types" not in adata.var:
        return adata
    keep = np.asarray(adata.var["feature_types"] == _EXPRESSION, dtype=bool)
    if not keep.any():
        kinds = ", ".join(sorted(set(map(str, adata.var["feature_types"]))))
        raise DataError(
            f"{where}: no feature is of type {_EXPRESSION!r} (found: {kinds or 'none'}). "
            "Give the gene expression matrix."
        )
    dropped = sorted(set(map(str, adata.var["feature_types"][~keep])))
    if dropped:
        logger.info(
            "%s: left out %d features that are not gene expression (%s).",
            where,
            int((~keep).sum()),
            ", ".join(dropped),
        )
        with warnings.catch_warnings():
            # anndata warns of repeated gene names; they are kept on purpose
            warnings.simplefilter("ignore")
            adata = adata[:, keep].copy()
    adata.var["feature_types"] = adata.var["feature_types"].astype("category")
    return adata
