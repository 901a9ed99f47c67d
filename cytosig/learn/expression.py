"""Logged expression of samples, genes by today's human symbol, library sizes made alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
from cytosig.blocks import for_each
from cytosig.engine import score as engine
from cytosig.engine.nonfinite import refuse_nonfinite
from cytosig.genes import approved_names
from cytosig.genes.tables import human

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned
    from cytosig.engine.options import Options
    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]

_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_@/]*\Z")  # what a signature file may name
_FEWEST_SHARED = 20


@dataclass(frozen=True, eq=False)
class Expression:
    """Samples × genes on log2.

    ``from_zero`` where 0 means that a gene was not found; ``read_as`` says what the values were
    taken for.
    """

    values: pd.DataFrame
    from_zero: bool
    read_as: str


def expression_of(
    matrix: Any,
    var: pd.DataFrame,
    names: Sequence[str],
    catalogue: Catalogue,
    options: Options,
    /,
    *,
    means_of: str = "",
) -> Expression:
    """Read every gene of every sample.

    Parameters
    ----------
    names
        Of the samples, rows of the matrix.
    means_of
        What the values are means of, where they are: a mean does not show it.

    Raises
    ------
    DataError
        When values are contrasts already, or one is not finite.
    """
    import pandas as pd

    aligned = engine.align(matrix, var, catalogue, options, obs_names=names)
    kind = means_of or aligned.values.kind
    if kind == "contrasts":
        raise DataError(
            f"The values are contrasts already ({aligned.values.reason}); a signature is learnt"
            " from the expression of samples on both sides. Pass layer= with counts or logged"
            " expression."
        )
    from_zero = aligned.values.base is not None
    logged = _dense(aligned, names) / (1.0 if kind == "log2" else np.log(2.0))
    table = pd.DataFrame(_levelled(logged, from_zero), index=list(names))
    labels = [aligned.labels[columns[0]] for columns in aligned.universe.columns]
    note = next(note for note in aligned.notes if note.startswith("values: "))
    read_as = f"means of {means_of}" if means_of else note.removeprefix("values: ")
    return Expression(_by_symbol(table, labels, options), from_zero, read_as)


def _dense(aligned: Aligned, names: Sequence[str]) -> Array:
    rows = aligned.rows
    found = np.empty((rows.n_obs, rows.n_genes))

    def read(block: Block) -> None:
        found[block.start : block.stop] = block.to_scipy(rows.n_genes).toarray()

    for_each(rows, read, n_jobs=1)
    if not np.isfinite(found).all():
        refuse_nonfinite(rows.blocks, list(names), aligned.labels)
    return found


def _levelled(logged: Array, from_zero: bool) -> Array:
    """Every sample's median ratio to the mean sample brought to 1 (Anders and Huber 2010).

    A total is no measure of depth where a treatment moves what most reads come from. Labels of
    samples play no part. Of log2(x + 1) the ratios are those of x, over genes found in every
    sample; where these are few, samples stay as they are.
    """
    linear = np.exp2(logged) - 1 if from_zero else np.exp2(logged)
    shared = (linear > 0).all(axis=0) if from_zero else np.ptp(logged, axis=0) > 0
    if shared.sum() < _FEWEST_SHARED:
        return logged
    ratios = np.log2(linear[:, shared])
    shift = np.median(ratios - ratios.mean(axis=0), axis=1)[:, None]
    return np.asarray(np.log2(linear / np.exp2(shift) + 1) if from_zero else logged - shift)


def _by_symbol(table: pd.DataFrame, labels: Sequence[str], options: Options) -> pd.DataFrame:
    """Columns under today's symbol, sorted; of several the one most expressed."""
    import pandas as pd

    names = approved_names(labels, options.organism)
    genes = pd.DataFrame({"name": names, "mean": table.to_numpy().mean(axis=0)})
    fits = genes["name"].map(lambda name: bool(_SYMBOL.match(name)))
    if options.organism == "mouse":  # others have no human name to be looked for
        fits &= genes["name"].isin(human().keys())
    best = genes[fits].sort_values(["name", "mean"], ascending=[True, False], kind="stable")
    best = best.drop_duplicates("name")
    return table[best.index].set_axis(best["name"].to_numpy(), axis=1)
