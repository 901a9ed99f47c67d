"""What is asked of an AnnData before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._obs import in_memory, names_of

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def check_anndata(adata: object, /) -> None:
    """Refuse anything that is not an AnnData whose observations have text for names."""
    from anndata import AnnData

    if not isinstance(adata, AnnData):
        raise UsageError(
            f"adata is a {type(adata).__name__}; expected an AnnData, observations × genes. Wrap"
            " a table of samples × genes as anndata.AnnData(table), or read a file with cs.read."
        )
    if not _are_texts(adata.obs_names):
        raise DataError(
            f"The names of the observations are no text but {adata.obs_names.dtype}: anndata can"
            " neither copy nor cut such data once tables stand beside them. Run"
            " adata.obs_names = adata.obs_names.astype(str) first."
        )


def _are_texts(names: pd.Index[Any]) -> bool:
    """As anndata asks of them; gaps and categories aside."""
    import pandas as pd

    texts = names.categories if isinstance(names, pd.CategoricalIndex) else names
    return not len(texts) or pd.api.types.is_string_dtype(texts.dropna())


def matrix_of(adata: AnnData, /, *, layer: str | None, use_raw: bool) -> tuple[Any, pd.DataFrame]:
    """The matrix asked for and the var table that names its columns."""
    if use_raw and layer is not None:
        raise UsageError(f"layer={layer!r} and use_raw=True exclude each other.")
    if use_raw:
        if adata.raw is None:
            raise UsageError("use_raw=True, but adata.raw is None.")
        return adata.raw.X, in_memory(adata.raw.var)
    if layer is not None:
        if layer not in adata.layers:
            raise UsageError(f"layer={layer!r} is not there; layers: {names_of(adata.layers)}.")
        return adata.layers[layer], in_memory(adata.var)
    if adata.X is None:
        raise DataError(f"adata.X is empty; pass layer= one of {names_of(adata.layers)}.")
    return adata.X, in_memory(adata.var)
