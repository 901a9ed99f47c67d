"""From a matrix and its var table to rows whose genes and values are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._anndata import not_genes
from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig.blocks import RowBlocks
from cytosig.blocks.stored import path_of
from cytosig.engine.nonfinite import nonfinite_columns
from cytosig.engine.prepare import Rows, Steps, usual_total, usual_total_undone
from cytosig.engine.recognise import Values, recognise
from cytosig.engine.universe import Universe, make_universe
from cytosig.genes import GeneMap, approved_names, gene_labels
from cytosig.io import watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks.watch import Watch
    from cytosig.engine.nonfinite import Names
    from cytosig.engine.options import Options
    from cytosig.engine.reference import Reference
    from cytosig.io.stamp import Check
    from cytosig.signatures import Catalogue

_SAME_TOTAL = 0.05
_SAME_SCALE = (0.5, 2.0)
_FEWEST_GENES = 4  # the fourth moment of the null divides by G − 3


@dataclass(frozen=True)
class Aligned:
    """A matrix whose genes are known: the engine's rows and where each gene is.

    ``values`` are those of the rows, after any normalisation; ``check`` makes sure that the files
    they are in are still those that were aligned.
    """

    rows: Rows
    universe: Universe
    found: GeneMap
    values: Values
    labels: tuple[str, ...]
    kept: NDArray[np.int64] | None
    notes: tuple[str, ...]
    check: Check

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Engine gene of every asked-for gene that is there."""
        return self.universe.places(self.found)


def align(
    matrix: Any,
    var: pd.DataFrame,
    catalogue: Catalogue,
    options: Options,
    /,
    *,
    reference: Reference | None = None,
    variants: bool = False,
    also: Iterable[str] = (),
    watch: Watch | None = None,
    obs_names: Sequence[str] | None = None,
) -> Aligned:
    """Find the genes, recognise the values and fix the gene universe.

    ``also`` names further genes to look for. With ``variants`` the genes of every compartment's
    signatures are looked for, whichever compartments the data hold, so that a part of the data has
    the same universe. ``watch`` is told of every pass over the rows; ``obs_names`` are for errors.
    """
    check = watched(*_files_of(matrix))
    aside, note = not_genes(var)
    blocks = RowBlocks(
        matrix, chunk_size=options.chunk_size, watch=watch, only=~aside if note else None
    )
    n_obs, n_vars = blocks.shape
    if n_obs == 0 or n_vars < _FEWEST_GENES:
        raise DataError(
            f"The matrix is {n_obs} observations × {n_vars} genes; expected at least one"
            f" observation and {_FEWEST_GENES} genes."
        )
    listed = _listed_genes(catalogue, variants=variants)
    ligands = {gene for c in catalogue.cytokines.values() for gene in c.ligand_genes}
    wanted = sorted({*listed, *ligands, *also})
    labels, source, found = gene_labels(
        var, wanted, gene_symbols=options.gene_symbols, organism=options.organism
    )
    for_errors = None if obs_names is None else (obs_names, labels)
    values, target_sum = _read_values(blocks, options, reference, for_errors)
    universe = make_universe(labels, found, additive=values.kind in ("counts", "linear"))
    notes = [f"genes: {source}", f"values: {values.kind} ({values.reason})"]
    if note:
        notes.append(note)
        logger.info("%s.", note)
    if target_sum is not None:
        notes.append(f"normalised to {target_sum:,.0f} per observation, then log(x + 1)")
        logger.info("%s: %s; %s.", values.kind, values.reason, notes[-1])
        values = Values("log1p", values.reason, math.e, target_sum)
    left_out = _left_out(blocks, labels, options, notes)
    if left_out is not None:
        universe = universe.without(left_out)
    kept = None
    if reference is not None:
        _check_kind(reference, values)
        names = approved_names(labels, options.organism)
        universe, kept = universe.renamed(names).ordered_as(reference.genes)
        _check_total(reference, values, blocks)
        _say_missing(len(kept), len(reference.genes), notes)
    if options.background == "signatures":
        named = universe.holds(found, listed)
        universe, kept = universe.keep(named), kept if kept is None else kept[named]
    _check_enough(universe, labels)
    notes.append(f"gene universe: {len(universe.keys)} genes")
    library = None if left_out is None else ~left_out
    rows = Rows(blocks, Steps(n_vars, universe.selector(), target_sum, library))
    return Aligned(rows, universe, found, values, tuple(labels), kept, tuple(notes), check)


def _files_of(matrix: Any) -> list[Path]:
    """Where a matrix, or the parts it is of, are on disk."""
    parts = getattr(matrix, "parts", [matrix])
    return [path for part in parts if (path := path_of(part)) is not None]


def _check_enough(universe: Universe, labels: list[str]) -> None:
    """Refuse what is left of the columns where it is no background for anything."""
    if len(universe.keys) < _FEWEST_GENES:
        raise DataError(
            f"Of {len(labels)} columns {len(universe.keys)} are left as genes; expected at least"
            f" {_FEWEST_GENES}. Columns of one gene count once, those that are no numbers not at"
            ' all, and with background="signatures" only genes of signatures do. The gene names'
            f" begin {', '.join(labels[:4])}. Check gene_symbols=, organism= and signatures=."
        )


def _listed_genes(catalogue: Catalogue, *, variants: bool) -> set[str]:
    """Genes of the signatures, and of their variants where those are asked for."""
    named = set(catalogue.genes)
    for compartment in catalogue.variants if variants else ():
        named.update(catalogue.for_compartment(compartment).genes)
    return named


def _read_values(
    blocks: RowBlocks, options: Options, reference: Reference | None, names: Names | None
) -> tuple[Values, float | None]:
    """What the values are, and the total to normalise them to, None for not at all."""
    values = recognise(
        blocks, n_jobs=options.n_jobs, names=names, strict=options.normalize != "none"
    )
    if options.normalize == "log1p" and values.kind == "contrasts":
        raise UsageError(f"normalize='log1p' needs non-negative values; found {values.reason}.")
    asked = options.normalize == "log1p" or values.kind in ("counts", "linear")
    if options.normalize == "none" or not asked:
        return _as_in(reference, values), None
    if reference is not None and np.isfinite(reference.total):
        return values, reference.total
    return values, options.target_sum or usual_total(blocks)


def _as_in(reference: Reference | None, values: Values) -> Values:
    """Where the logarithm's base is only guessed from the range, a reference knows better."""
    guessed = values.total is None and values.base is not None
    if reference is None or not guessed:
        return values
    if reference.kind == "log2":
        return Values("log2", values.reason, 2.0)
    return Values("log1p", values.reason, math.e) if reference.kind == "log1p" else values


def _say_missing(n_shared: int, n_all: int, notes: list[str]) -> None:
    """Genes of the reference that the data lack shift every score."""
    if n_shared < n_all:
        notes.append(f"{n_all - n_shared} of the reference's {n_all} genes are not in the data")
        logger.warning(
            "%s: scores are not exactly those a sample with all of them would get.", notes[-1]
        )


def _left_out(
    blocks: RowBlocks, labels: list[str], options: Options, notes: list[str]
) -> NDArray[np.bool_] | None:
    """Columns that are no genes, or have a NaN or infinity where that is to be left out."""
    aside = None if blocks.only is None else ~blocks.only
    if options.nonfinite == "raise":
        return aside
    bad = nonfinite_columns(blocks, n_jobs=options.n_jobs)
    if not bad.any():
        return aside
    notes.append(f"{int(bad.sum())} genes with NaN or infinite values left out")
    logger.info("%s (first: %s).", notes[-1], labels[int(np.flatnonzero(bad)[0])])
    return bad if aside is None else bad | aside


def _check_kind(reference: Reference, values: Values) -> None:
    """Refuse values on another scale than the reference's."""
    if reference.kind != values.kind:
        raise DataError(
            f"The reference was fitted on {reference.kind} values and the data hold {values.kind}"
            f" ({values.reason}); bring both to the same scale."
        )


def _check_total(reference: Reference, values: Values, blocks: RowBlocks) -> None:
    """Refuse observations that were normalised to another total than the reference's.

    Rows that differ, or one row alone, show no common total: their sum may lack the genes that
    the data lack, and only another scale altogether is refused.
    """
    total, least, most = values.total, 1 - _SAME_TOTAL, 1 + _SAME_TOTAL
    if total is None and values.base is not None:
        total, least, most = usual_total_undone(blocks, values.base), *_SAME_SCALE
    total = np.nan if total is None else total
    if total < least * reference.total or total > most * reference.total:
        raise DataError(
            f"Observations of the reference add up to {reference.total:.4g} before the logarithm,"
            f" those of the data to {total:.4g}; normalise both to the same total."
        )
