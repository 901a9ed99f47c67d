"""What is asked of an AnnData before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._obs import in_memory, names_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]
    from numpy.typing import NDArray

_TYPES = ("feature_types", "feature_type")  # columns of var, as 10x and scanpy name them
_EXPRESSION = ("gene expression", "gex")
_TALLIES = (
    "__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique",
    "N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous",
)  # fmt: skip


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
    matrix = x_of(adata)
    if matrix is None:
        if adata.raw is None and not any(name is not None for name in adata.layers):
            raise DataError(
                "adata holds no matrix: X, layers and raw are all absent, as where scores were"
                " stored without expression. Take the data that were scored."
            )
        raise DataError(f"adata.X is empty; pass layer= one of {names_of(adata.layers)}.")
    return matrix, in_memory(adata.var)


def x_of(adata: AnnData, /) -> Any | None:
    """``X``; None where there is none, which anndata trips over in a backed file."""
    if adata.isbacked and adata.file.is_open and "X" not in adata.file:
        return None
    return adata.X


def not_genes(var: pd.DataFrame, /) -> tuple[NDArray[np.bool_], str]:
    """Which features are no genes, and what is said of them; "" where all are genes.

    Antibodies, guides, peaks and the like, where ``var`` says so, and what HTSeq and STAR write
    below the genes. Nothing is set aside on the word of a column that calls no feature a gene, and
    a feature without a word is a gene.
    """
    import numpy as np

    kinds = np.where(var.index.isin(_TALLIES), "tallies of reads", "").astype(object)
    for column in _TYPES:
        if column not in var:
            continue
        said = var[column].astype(object).where(var[column].notna(), "").astype(str).str.strip()
        is_gene = said.str.casefold().isin(_EXPRESSION).to_numpy()
        if is_gene.any():
            kinds = np.where(is_gene | (said == "").to_numpy(), kinds, said.to_numpy(dtype=object))
    aside = np.asarray(kinds != "", dtype=bool)
    if not aside.any() or aside.all():
        return np.zeros(len(var), dtype=bool), ""
    found = ", ".join(sorted(set(kinds[aside])))
    return aside, f"features that are not genes left out: {int(aside.sum())} ({found})"
