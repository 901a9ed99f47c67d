"""One scoring run: align, recognise, centre, score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig import methods
from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig.blocks import RowBlocks
from cytosig.engine.centre import Baseline, centre
from cytosig.engine.ligands import ligand_expression
from cytosig.engine.linear import REASONS, LinearScores, run_plan
from cytosig.engine.moments import sums_of_genes
from cytosig.engine.plan import Plan, make_plan
from cytosig.engine.prepare import Rows, nonfinite_columns, refuse_nonfinite, usual_total
from cytosig.engine.recognise import Values, recognise
from cytosig.engine.reference import Reference
from cytosig.engine.scores import Scores
from cytosig.engine.universe import Universe, make_universe
from cytosig.genes import GeneMap, approved_names, coverage_table, gene_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.options import Options
    from cytosig.signatures import Catalogue

_SAME_TOTAL = 0.05
_FEWEST_GENES = 4  # the fourth moment of the null divides by G − 3


@dataclass(frozen=True)
class Aligned:
    """A matrix whose genes are known: the engine's rows and where each gene is.

    ``values`` are those of the rows, after any normalisation.
    """

    rows: Rows
    universe: Universe
    found: GeneMap
    values: Values
    labels: tuple[str, ...]
    kept: NDArray[np.int64] | None
    notes: tuple[str, ...]

    def place(self) -> dict[str, int]:
        """Engine gene of every asked-for gene that is there."""
        first = {columns[0]: i for i, columns in enumerate(self.universe.columns)}
        pairs = zip(self.found.genes, self.found.columns, strict=True)
        return {g: first[c[0]] for g, c in pairs if c and c[0] in first}


def align(
    matrix: Any,
    var: pd.DataFrame,
    catalogue: Catalogue,
    options: Options,
    /,
    *,
    reference: Reference | None = None,
) -> Aligned:
    """Find the genes, recognise the values and fix the gene universe."""
    blocks = RowBlocks(matrix, chunk_size=options.chunk_size)
    n_obs, n_vars = blocks.shape
    if n_obs == 0 or n_vars < _FEWEST_GENES:
        raise DataError(
            f"The matrix is {n_obs} observations × {n_vars} genes; expected at least one"
            f" observation and {_FEWEST_GENES} genes."
        )
    wanted = sorted(
        {*catalogue.genes, *(g for c in catalogue.cytokines.values() for g in c.ligand_genes)}
    )
    labels, source, found = gene_labels(
        var, wanted, gene_symbols=options.gene_symbols, organism=options.organism
    )
    values, target_sum = _read_values(blocks, options, reference)
    universe = make_universe(labels, found, additive=values.kind in ("counts", "linear"))
    notes = [f"genes: {source}", f"values: {values.kind} ({values.reason})"]
    if target_sum is not None:
        notes.append(f"normalised to {target_sum:,.0f} per observation, then log(x + 1)")
        logger.info("%s: %s; %s.", values.kind, values.reason, notes[-1])
        values = Values("log1p", values.reason, float(np.e), target_sum)
    bad = _nonfinite(blocks, labels, options, notes)
    if bad is not None:
        universe = universe.without(bad)
    kept = None
    if reference is not None:
        _check_reference(reference, values)
        names = approved_names(labels, options.organism)
        universe, kept = universe.renamed(names).ordered_as(reference.genes)
        _say_missing(len(kept), len(reference.genes), notes)
    if options.background == "signatures":
        named = universe.holds(found, catalogue.genes)
        universe, kept = universe.keep(named), kept if kept is None else kept[named]
    notes.append(f"gene universe: {len(universe.keys)} genes")
    rows = Rows(blocks, universe.selector(), target_sum, None if bad is None else ~bad)
    return Aligned(rows, universe, found, values, tuple(labels), kept, tuple(notes))


def _read_values(
    blocks: RowBlocks, options: Options, reference: Reference | None
) -> tuple[Values, float | None]:
    """What the values are, and the total to normalise them to, None for not at all."""
    values = recognise(blocks)
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
    return Values("log1p", values.reason, float(np.e)) if reference.kind == "log1p" else values


def _say_missing(n_shared: int, n_all: int, notes: list[str]) -> None:
    """Genes of the reference that the data lack shift every score."""
    if n_shared < n_all:
        notes.append(f"{n_all - n_shared} of the reference's {n_all} genes are not in the data")
        logger.warning(
            "%s: scores are not exactly those a sample with all of them would get.", notes[-1]
        )


def _nonfinite(
    blocks: RowBlocks, labels: list[str], options: Options, notes: list[str]
) -> NDArray[np.bool_] | None:
    """Columns to leave out for a NaN or infinity in them, None for none."""
    if options.nonfinite == "raise":
        return None
    bad = nonfinite_columns(blocks)
    if not bad.any():
        return None
    notes.append(f"{int(bad.sum())} genes with NaN or infinite values left out")
    logger.info("%s (first: %s).", notes[-1], labels[int(np.flatnonzero(bad)[0])])
    return bad


def _check_reference(reference: Reference, values: Values) -> None:
    """Refuse values on another scale than the reference's."""
    if reference.kind != values.kind:
        raise DataError(
            f"The reference was fitted on {reference.kind} values and the data hold {values.kind}"
            f" ({values.reason}); bring both to the same scale."
        )
    total = np.nan if values.total is None else values.total
    if abs(total - reference.total) > _SAME_TOTAL * reference.total:
        raise DataError(
            f"Observations of the reference add up to {reference.total:.4g} before the logarithm,"
            f" those of the data to {total:.4g}; normalise both to the same total."
        )


def fit(aligned: Aligned, options: Options, use: NDArray[np.bool_], /) -> Reference:
    """Gene moments of the observations in ``use``, as a reference to store."""
    mean, sd = sums_of_genes(aligned.rows, np.where(use, 0, -1), 1, n_jobs=options.n_jobs)
    universe = aligned.universe.renamed(approved_names(aligned.labels, options.organism))
    values = aligned.values
    total = np.nan if values.total is None else values.total
    return Reference(universe.keys, mean[0], sd[0], int(use.sum()), values.kind, total)


def score(
    aligned: Aligned,
    obs_names: pd.Index[str],
    catalogue: Catalogue,
    options: Options,
    baseline: Baseline,
    /,
    *,
    tick: Callable[[int], None] | None = None,
) -> Scores:
    """Score every observation against every signature and axis of the catalogue.

    Raises
    ------
    DataError
        When no signature can be scored, a value is not finite, or centring is impossible.
    """
    coverage = _coverage(aligned, catalogue, options)
    _mark_flat(coverage, aligned, catalogue)
    ids = [id for id in catalogue.ids if not coverage.loc[id, "reason"]]
    if not ids:
        first = coverage["reason"].iloc[0]
        raise DataError(
            f"None of {len(coverage)} signatures can be scored; {coverage.index[0]}: {first}."
            f" The gene names begin {', '.join(aligned.universe.keys[:4])}. Check gene_symbols=,"
            " organism= and signatures=."
        )
    moments, sentence = centre(aligned.rows, aligned.values, baseline, options, aligned.kept)
    if not np.isfinite(moments.mean).all():
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)
    weights = _weights(aligned, catalogue, ids)
    plan = make_plan(weights, ids, catalogue.axes, methods.get(options.method), lam=options.lam)
    found = run_plan(aligned.rows, plan, moments, n_jobs=options.n_jobs, tick=tick)
    if (found.state == 3).any():
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)
    ligand = _ligands(aligned, catalogue, options)
    notes = (*aligned.notes, sentence, *_axis_notes(catalogue, ids))
    return _frames(found, plan, ligand, catalogue, coverage, obs_names, notes)


def _axis_notes(catalogue: Catalogue, ids: list[str]) -> list[str]:
    """Axes that are read from fewer members than they could be, or not at all."""
    notes = []
    for axis in catalogue.axes.values():
        own = [member for member in axis.members if member in catalogue.signatures]
        lost = [member for member in own if member not in ids]
        if lost:
            how = "not scored for want of" if len(lost) == len(own) else "read without"
            notes.append(f"axis {axis.id} {how} {', '.join(lost)}")
    return notes


def _coverage(aligned: Aligned, catalogue: Catalogue, options: Options) -> pd.DataFrame:
    here = aligned.place()
    found = aligned.found
    how = tuple(h if g in here else "missing" for g, h in zip(found.genes, found.how, strict=True))
    seen = GeneMap(found.genes, found.columns, how, found.found_as)
    return coverage_table(
        seen,
        catalogue.to_dict(),
        min_coverage=options.min_coverage,
        min_genes=options.min_genes,
    )


def _mark_flat(coverage: pd.DataFrame, aligned: Aligned, catalogue: Catalogue) -> None:
    """A signature that weighs every gene of the universe alike says nothing."""
    ids = [id for id in catalogue.ids if not coverage.loc[id, "reason"]]
    weights = _weights(aligned, catalogue, ids)
    for id, column in zip(ids, weights.T, strict=True):
        if np.ptp(column) <= 1e-12 * np.abs(column).max():
            coverage.loc[id, "reason"] = "the same weight on every gene of the background"


def _weights(aligned: Aligned, catalogue: Catalogue, ids: list[str]) -> NDArray[np.float64]:
    place = aligned.place()
    weights = np.zeros((aligned.rows.n_genes, len(ids)))
    for k, id in enumerate(ids):
        for gene, weight in catalogue.signatures[id].weights.items():
            if gene in place:
                weights[place[gene], k] += weight
    return weights


def _ligands(aligned: Aligned, catalogue: Catalogue, options: Options) -> NDArray[np.float32]:
    cytokines = list(catalogue.cytokines.values())
    if not cytokines or aligned.values.kind == "contrasts":
        return np.zeros((aligned.rows.n_obs, 0), dtype=np.float32)
    return ligand_expression(
        aligned.rows,
        aligned.place(),
        cytokines,
        base=aligned.values.base,
        n_jobs=options.n_jobs,
    )


def _frames(
    found: LinearScores,
    plan: Plan,
    ligand: NDArray[np.float32],
    catalogue: Catalogue,
    coverage: pd.DataFrame,
    obs_names: pd.Index[str],
    notes: tuple[str, ...],
) -> Scores:
    import pandas as pd

    n = plan.n_signatures

    def frame(values: NDArray[Any], part: slice, every: list[str] | None = None) -> pd.DataFrame:
        table = pd.DataFrame(values[:, part], index=obs_names, columns=list(plan.columns[part]))
        return table if every is None else table.reindex(columns=every)

    wrong = np.flatnonzero(found.state)
    unscored = pd.DataFrame(
        {"reason": [REASONS[int(s)] for s in found.state[wrong]]}, index=obs_names[wrong]
    )
    own, axes = slice(0, n), slice(n, None)
    return Scores(
        score=frame(found.score, own, catalogue.ids),
        pvalue=frame(found.pvalue, own, catalogue.ids),
        estimate=frame(found.estimate, own, catalogue.ids),
        axis=frame(found.score, axes, list(catalogue.axes)),
        axis_pvalue=frame(found.pvalue, axes, list(catalogue.axes)),
        ligand=pd.DataFrame(
            ligand, index=obs_names, columns=list(catalogue.cytokines)[: ligand.shape[1]]
        ),
        coverage=coverage,
        unscored=unscored,
        notes=notes,
    )
