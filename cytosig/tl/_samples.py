"""From an AnnData to samples: the observations of a bulk, or cells pooled by sample and type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cytosig._anndata import matrix_of
from cytosig._errors import DataError, UsageError
from cytosig._keys import PSEUDOBULK
from cytosig._log import logger
from cytosig._obs import in_memory
from cytosig.blocks import RowBlocks
from cytosig.cells import is_malignant
from cytosig.engine import score as engine
from cytosig.engine.cohort import WHOLE, Cohort, expression
from cytosig.engine.nonfinite import nonfinite_columns
from cytosig.pp import pseudobulk
from cytosig.tl._cells import cells_of
from cytosig.tl._replicates import looks_like_cells, refuse_repeats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.engine.align import Aligned
    from cytosig.engine.options import Options
    from cytosig.engine.reference import Reference
    from cytosig.signatures import Catalogue

POOLED_TOTAL = 1e4
"""What pooled cells are brought to: with log(x + 1) a prior count of one in 10,000, which keeps
the noise of genes with few counts small."""
TYPE = "cell type "
"""What the view of a cell type is called, before its label."""


@dataclass(frozen=True)
class Pooling:
    """How cells make samples.

    Parameters
    ----------
    sample_key, cell_type_key, compartments
        As in :func:`cytosig.tl.balance`.
    min_cells
        Cells a view of a sample needs.
    views
        Further views: cells pooled for them, as compartments or ``malignant``.
    """

    sample_key: str | None
    cell_type_key: str | None
    compartments: Mapping[str, str] | None
    min_cells: int
    views: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        if self.cell_type_key is not None and self.sample_key is None:
            raise UsageError("cell_type_key= needs sample_key=: it says which cells are a sample.")
        if self.min_cells < 1:
            raise UsageError(f"min_cells={self.min_cells}: expected 1 or more.")


@dataclass(frozen=True)
class Samples:
    """Samples ready to be measured.

    Parameters
    ----------
    cohort
        Their expression.
    obs
        One row a sample, index its name.
    aligned
        The matrix; whole samples come first in its rows, those of other views after them.
    types
        Compartment of every cell type, by the name of its view.
    """

    cohort: Cohort
    obs: pd.DataFrame
    aligned: Aligned
    types: Mapping[str, str]

    def linear(self, genes: Sequence[str], /) -> NDArray[np.float64]:
        """Expression of further genes on the linear scale, samples × genes; NaN where not measured.

        The genes must be among those that were looked for.
        """
        values, n = self.aligned.values, len(self.obs)
        views = self.aligned.rows.n_obs // n
        found = expression(self.aligned, genes, list(self.obs.index) * views)[:n]
        if values.base is not None:
            found = np.expm1(found * np.log(values.base))
        elif values.kind == "log2":  # of x, not of x + 1
            found = np.exp2(found)
        return np.maximum(found, 0.0)


def samples_of(
    adata: AnnData,
    catalogue: Catalogue,
    genes: Sequence[str],
    options: Options,
    pooling: Pooling,
    /,
    *,
    layer: str | None,
    use_raw: bool,
    reference: Reference | None,
    also: Sequence[str] = (),
) -> Samples:
    """Read the samples of a bulk, or pool cells to samples; ``also`` names genes to read later."""
    if pooling.sample_key is None:
        refuse_repeats(adata)
        why = looks_like_cells(adata)
        if why:
            raise DataError(
                f"The observations look like single cells ({why}); a balance is that of a sample."
                " Name the column of obs that holds the sample of each cell in sample_key=; if"
                " every observation is a sample of its own, a column with one label each."
            )
        _check_pooled(reference, "none")
        matrix, var = matrix_of(adata, layer=layer, use_raw=use_raw)
        aligned = engine.align(
            matrix, var, catalogue, options, reference=reference, variants=True,
            also=(*genes, *also), obs_names=adata.obs_names,
        )  # fmt: skip
        found = expression(aligned, genes, list(adata.obs_names))
        return Samples(Cohort(tuple(genes), {WHOLE: found}), in_memory(adata.obs), aligned, {})
    return _pooled(
        adata, catalogue, genes, options, pooling, layer=layer, use_raw=use_raw,
        reference=reference, also=also,
    )  # fmt: skip


def _check_pooled(reference: Reference | None, how: str) -> None:
    """A mean of logarithms is not the logarithm of a sum."""
    stored = None if reference is None else reference.cohort
    if stored is None or "mean" not in (stored.pooled, how) or stored.pooled == how:
        return
    words = {"none": "samples as they are", "sum": "sums of counts", "mean": "means of logarithms"}
    raise DataError(
        f"The reference was fitted on {words[stored.pooled]} and the data are {words[how]}, which"
        " do not compare. Bring both from counts, or both from logarithms."
    )


def _pooled(
    adata: AnnData,
    catalogue: Catalogue,
    genes: Sequence[str],
    options: Options,
    pooling: Pooling,
    /,
    *,
    layer: str | None,
    use_raw: bool,
    reference: Reference | None,
    also: Sequence[str],
) -> Samples:
    if options.nonfinite == "drop_genes":
        adata = _finite_genes(adata, options, layer=layer, use_raw=use_raw)
    cells = pseudobulk(
        adata,
        sample_key=str(pooling.sample_key),
        cell_type_key=pooling.cell_type_key,
        layer=layer,
        use_raw=use_raw,
        mode="auto",
        n_jobs=options.n_jobs,
    )
    record = cells.uns[PSEUDOBULK]
    how, added = record["mode"], record["mode"] == "sum"
    _check_pooled(reference, how)
    if not added:
        logger.info("The values are %s (%s): means over cells.", record["values"], record["reason"])
    total = options.target_sum or POOLED_TOTAL
    options = replace(options, **({"target_sum": total} if added else {"normalize": "none"}))
    obs, row = _samples(cells, str(pooling.sample_key))
    members, types = _members(cells, pooling)
    pooled = [_added_up(cells, row, len(obs), one, is_sum=added) for one in members.values()]
    aligned = engine.align(
        np.vstack([values for values, _ in pooled]), cells.var, catalogue, options,
        reference=reference, variants=True, also=(*genes, *also),
    )  # fmt: skip
    read = expression(aligned, genes, list(obs.index) * len(members))
    views = dict(zip(members, np.split(read, len(members)), strict=True))
    for (name, view), (_, n_cells) in zip(views.items(), pooled, strict=True):
        view[n_cells < (1 if name == WHOLE else pooling.min_cells)] = np.nan
    return Samples(Cohort(tuple(genes), views, how), obs, aligned, types)


def _finite_genes(
    adata: AnnData, options: Options, /, *, layer: str | None, use_raw: bool
) -> AnnData:
    """Without the genes that hold a NaN or an infinity anywhere."""
    matrix, _ = matrix_of(adata, layer=layer, use_raw=use_raw)
    bad = nonfinite_columns(RowBlocks(matrix), n_jobs=options.n_jobs)
    if not bad.any():
        return adata
    if use_raw:
        raise UsageError(
            'nonfinite="drop_genes" cannot leave genes out of adata.raw where cells are pooled;'
            " take adata.raw.to_adata() and clean that."
        )
    logger.info("%d genes with NaN or infinite values left out.", int(bad.sum()))
    return adata[:, ~bad]


def _samples(cells: AnnData, key: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """One row a sample, and the sample of every row of the pseudobulk."""
    import pandas as pd

    labels = cells.obs[key].astype(str)
    row, names = pd.factorize(labels)
    table = cells.obs.set_axis(labels.to_numpy(), axis=0)
    same = [
        c
        for c in table
        if c != "n_cells" and (table.groupby(level=0)[c].nunique(dropna=False) <= 1).all()
    ]
    obs = table[same].groupby(level=0, sort=False).first().loc[list(names)]
    obs["n_cells"] = np.bincount(row, weights=cells.obs["n_cells"]).astype(np.int64)
    obs.index.name = None
    return obs, row.astype(np.int64)


def _members(
    cells: AnnData, pooling: Pooling
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, str]]:
    """Rows of the pseudobulk behind every view, and the compartment of the views of cell types."""
    every = np.ones(cells.n_obs, dtype=bool)
    members, types = {WHOLE: every}, dict[str, str]()
    mapped = cells_of(cells, pooling.cell_type_key, pooling.compartments)
    if mapped is None or pooling.cell_type_key is None:
        return members, types
    labels = cells.obs[pooling.cell_type_key].astype(str).to_numpy()
    malignant = np.array([is_malignant(label) for label in labels])
    for name, wanted in pooling.views.items():
        found = np.isin(mapped.compartment.astype(str), list(wanted))
        members[name] = found | (malignant if "malignant" in wanted else False)
    for label in dict.fromkeys(labels):
        members[TYPE + label] = labels == label
        types[TYPE + label] = str(mapped.compartment[labels == label][0])
    return members, types


def _added_up(
    cells: AnnData,
    row: NDArray[np.int64],
    n_samples: int,
    inside: NDArray[np.bool_],
    /,
    *,
    is_sum: bool,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums over the cells of a view in every sample, or means, and how many cells they are."""
    n_cells = np.zeros(n_samples, dtype=np.int64)
    found = np.zeros((n_samples, cells.n_vars))
    for i in np.flatnonzero(inside):
        n = int(cells.obs["n_cells"].iloc[i])
        n_cells[row[i]] += n
        found[row[i]] += cells.X[i] if is_sum else cells.X[i] * n
    if not is_sum:
        found /= np.maximum(n_cells, 1)[:, None]
    return found, n_cells
