"""The two sides of an experiment: which samples, in which blocks, and what is held constant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from cytosig._anndata import matrix_of
from cytosig._errors import DataError, UsageError
from cytosig._keys import PSEUDOBULK
from cytosig._log import logger
from cytosig._obs import names_of
from cytosig.engine.options import Options
from cytosig.learn.expression import expression_of
from cytosig.pp import pseudobulk
from cytosig.tl._compare_samples import samples_of
from cytosig.tl._samples import POOLED_TOTAL

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.engine.options import Nonfinite
    from cytosig.genes.tables import Organism
    from cytosig.learn.expression import Expression
    from cytosig.signatures import Catalogue
    from cytosig.tl._compare_samples import Samples

FEWEST = 2
"""Samples a side, below which nothing is learnt: one shows no variance."""


class Reading(NamedTuple):
    """Which matrix is read, and how; see :func:`cytosig.learn.learn`."""

    layer: str | None
    use_raw: bool
    gene_symbols: str | None
    organism: Organism
    nonfinite: Nonfinite


class Side(NamedTuple):
    """Samples that have this value in this column of obs."""

    column: str
    value: str

    @classmethod
    def of(cls, argument: str, given: object, column: str | None = None, /) -> Side:
        """From ``(column, value)``; from the value alone where the column is known."""
        pair = given if isinstance(given, tuple) or column is None else (column, given)
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise UsageError(f"{argument}={given!r}: expected (obs column, value).")
        return cls(pair[0], str(pair[1]))

    def __str__(self) -> str:
        return f"{self.column}={self.value}"


class Blocks(NamedTuple):
    """Columns of obs that enter the model beside the treatment."""

    batch_key: str | None
    covariates: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Experiment:
    """Samples of both sides, sorted by name.

    Parameters
    ----------
    values
        Samples × genes, log2; genes found in at least as many samples as the smaller side has.
    treated
        Which samples are; the others are controls.
    batch
        Block of every sample, each with both sides; None where there are none, or one.
    covariates
        What else is held constant.
    read_as, design
        What the values were taken for, and the model, in words.
    """

    values: pd.DataFrame
    treated: NDArray[np.bool_]
    batch: pd.Series[Any] | None
    covariates: pd.DataFrame
    read_as: str
    design: str

    @property
    def held(self) -> pd.DataFrame:
        """Batch and covariates, as the design takes them."""
        if self.batch is None:
            return self.covariates
        return self.covariates.assign(**{str(self.batch.name): self.batch})

    def rows(self, which: NDArray[np.bool_], /) -> Experiment:
        """Some of the samples."""
        batch = None if self.batch is None else self.batch[which]
        return replace(
            self, values=self.values[which], treated=self.treated[which],
            batch=batch, covariates=self.covariates[which],
        )  # fmt: skip


def read_experiment(
    adata: AnnData,
    sides: tuple[Side, Side],
    blocks: Blocks,
    reading: Reading,
    catalogue: Catalogue,
    /,
    *,
    sample_key: str | None,
    min_cells: int,
) -> Experiment:
    """Find the samples of both sides, check that they can be compared, read their expression.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When observations are cells, a side has too few samples, or blocks are sides.
    """
    samples = samples_of(adata, sample_key=sample_key, cell_type_key=None, min_cells=min_cells)
    treated = _treated(adata, samples, sides)
    batch = None
    if blocks.batch_key is not None:
        labels = _column(adata, samples, blocks.batch_key, "batch_key", treated.index)
        treated = _with_both_sides(treated, labels.astype(str))
        batch = labels.astype(str).loc[treated.index]
        batch = batch if batch.nunique() > 1 else None
    _check_numbers(treated, sides)
    covariates = _covariates(adata, samples, blocks.covariates, treated)
    names = list(treated.index)
    found = _expression(adata, samples, names, reading, catalogue, sample_key)
    values = found.values
    if found.from_zero:
        fewest = min(treated.sum(), (~treated).sum())
        values = values.loc[:, (values > 0).sum(axis=0) >= fewest]
    words = ["treated against control"]
    words += [f"within {batch.nunique()} of {batch.name}"] if batch is not None else []
    words += [f"{', '.join(blocks.covariates)} held constant"] if blocks.covariates else []
    mask = treated.to_numpy(dtype=bool)
    return Experiment(values, mask, batch, covariates, found.read_as, "; ".join(words))


def _treated(adata: AnnData, samples: Samples, sides: tuple[Side, Side]) -> pd.Series[bool]:
    """Whether each sample of the two sides is treated, sorted by name."""
    import pandas as pd

    chosen = []
    for argument, side in zip(("treatment", "control"), sides, strict=True):
        column = samples.column(adata, side.column, argument=argument)
        mask = ((column.astype(str) == side.value) & column.notna()).to_numpy(dtype=bool)
        if not mask.any():
            there = names_of(sorted(column.dropna().astype(str).unique())[:8])
            raise UsageError(
                f"{argument}: no sample has {side.value!r} in obs[{side.column!r}]; it holds"
                f" {there}."
            )
        chosen.append(mask)
    one, other = chosen
    names = pd.Index(samples.names.astype(str))
    if (one & other).any():
        raise UsageError(
            f"{int((one & other).sum())} samples are treated and control, {names[one & other][0]!r}"
            f" first: treatment is {sides[0]}, control {sides[1]}. Name values that exclude each"
            " other."
        )
    neither = int((~one & ~other).sum())
    if neither:
        logger.info("%d samples are on neither side and left out.", neither)
    kept = (one | other) & samples.has_cells("").to_numpy(dtype=bool)
    return pd.Series(one, index=names)[kept].sort_index()


def _column(
    adata: AnnData, samples: Samples, key: str, argument: str, names: pd.Index[str]
) -> pd.Series[Any]:
    """What obs says of these samples, without gaps."""
    column = samples.column(adata, key, argument=argument)
    found: pd.Series[Any] = column.set_axis(samples.names.astype(str)).loc[names]
    gaps = found.isna()
    if gaps.any():
        raise DataError(
            f"{argument}: obs[{key!r}] is empty for {int(gaps.sum())} samples,"
            f" {str(found.index[gaps][0])!r} first; fill it in, or leave them out."
        )
    return found


def _with_both_sides(treated: pd.Series[bool], labels: pd.Series[str]) -> pd.Series[bool]:
    """Samples of blocks that hold both sides; the others say nothing of the treatment."""
    key = labels.name
    both = treated.groupby(labels).transform("nunique") == 2
    if not both.any():
        side = "treated" if treated.iloc[0] else "control"
        raise DataError(
            f"The batches are the treatment: no {key!r} holds both sides ({labels.iloc[0]!r} only"
            f" {side} samples, and so on), so what the treatment does cannot be told from what"
            f" {key!r} does. Name blocks that hold both sides in batch_key=, or leave it out if"
            " samples of different blocks are alike but for the treatment."
        )
    if not both.all():
        lost = ", ".join(sorted(labels[~both].unique())[:5])
        logger.warning(
            "%d samples left out: their %s holds one side only (%s).",
            int((~both).sum()), key, lost,
        )  # fmt: skip
    return treated[both]


def _check_numbers(treated: pd.Series[bool], sides: tuple[Side, Side]) -> None:
    n = (int(treated.sum()), int((~treated).sum()))
    if min(n) < FEWEST:
        raise DataError(
            f"{n[0]} treated ({sides[0]}) and {n[1]} control ({sides[1]}) samples: a signature"
            f" needs {FEWEST} of each at least, since one sample shows no variance, and cells of"
            " one sample are no replicates. Three a side allow a held-out check."
        )


def _covariates(
    adata: AnnData, samples: Samples, keys: tuple[str, ...], treated: pd.Series[bool]
) -> pd.DataFrame:
    """What is held constant; no category may be the sides in other words."""
    import pandas as pd

    found = pd.DataFrame(index=treated.index)
    for key in keys:
        values = _column(adata, samples, key, "covariates", treated.index)
        labels = values.astype(str)
        alone = bool((treated.groupby(labels).nunique() == 1).all())
        if alone and labels.nunique() > 1 and not pd.api.types.is_numeric_dtype(values):
            raise DataError(
                f"The covariate {key!r} is the treatment: no value of it is on both sides. Leave it"
                " out, or add samples that have it on the other side."
            )
        found[key] = values
    return found


def _expression(
    adata: AnnData,
    samples: Samples,
    names: list[str],
    reading: Reading,
    catalogue: Catalogue,
    sample_key: str | None,
) -> Expression:
    """Of the named samples: rows of a bulk, or cells added up."""
    import pandas as pd

    options = Options(
        nonfinite=reading.nonfinite, organism=reading.organism, gene_symbols=reading.gene_symbols
    )
    if samples.cells is None:
        place = pd.Index(samples.names.astype(str)).get_indexer(names)
        rows = adata[samples.first[place]]
        matrix, var = matrix_of(rows, layer=reading.layer, use_raw=reading.use_raw)
        return expression_of(matrix, var, names, catalogue, options)
    cells = pseudobulk(
        adata, sample_key=str(sample_key), layer=reading.layer, use_raw=reading.use_raw, mode="auto"
    )
    record, order = cells.uns[PSEUDOBULK], pd.Index(cells.obs[str(sample_key)].astype(str))
    pooled = cells[order.get_indexer(names)]
    if record["mode"] == "sum":
        options = replace(options, target_sum=POOLED_TOTAL)
        return expression_of(pooled.X, pooled.var, names, catalogue, options)
    options = replace(options, normalize="none")
    return expression_of(pooled.X, pooled.var, names, catalogue, options, means_of=record["values"])
