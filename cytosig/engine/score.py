"""One scoring run: align, recognise, centre, score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig import methods
from cytosig._errors import DataError
from cytosig.engine.align import Aligned, align
from cytosig.engine.centre import Baseline, centre
from cytosig.engine.ligands import ligand_expression
from cytosig.engine.linear import REASONS, LinearScores, run_plans
from cytosig.engine.lists import Lists, choose_lists, weight_matrix
from cytosig.engine.moments import sums_of_genes
from cytosig.engine.plan import Plan, make_plan
from cytosig.engine.prepare import refuse_nonfinite
from cytosig.engine.reference import Reference
from cytosig.engine.scores import Scores
from cytosig.genes import approved_names
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.options import Options
    from cytosig.signatures import Catalogue

__all__ = ["align", "fit", "score"]


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
    compartment: NDArray[Any] | None = None,
    tick: Callable[[int], None] | None = None,
) -> Scores:
    """Score every observation against every signature and axis of the catalogue.

    Parameters
    ----------
    compartment
        Of every observation, or ``generic``: its variants are used where there are any. The
        matrix must have been aligned with ``variants=True``. None for generic signatures.

    Raises
    ------
    DataError
        When no signature can be scored, a value is not finite, or centring is impossible.
    """
    lists = choose_lists(aligned, catalogue, options, compartment)
    moments, sentence = centre(aligned.rows, aligned.values, baseline, options, aligned.kept)
    if not np.isfinite(moments.mean).all():
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)
    plans = _plans(aligned, lists, options)
    found = run_plans(aligned.rows, plans, lists.which, moments, n_jobs=options.n_jobs, tick=tick)
    if any((part.state == 3).any() for part in found):
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)
    ligand = _ligands(aligned, catalogue, options)
    scored = lists.coverage.index[lists.coverage["reason"] == ""]
    notes = (*aligned.notes, sentence, *lists.notes, *_axis_notes(catalogue, list(scored)))
    return _frames(found, plans, ligand, catalogue, lists, obs_names, notes)


def _plans(aligned: Aligned, lists: Lists, options: Options) -> list[Plan]:
    """One plan for each set of signatures in use."""
    method = methods.get(options.method)
    plans = []
    for group in lists.groups:
        weights = weight_matrix(aligned, group.catalogue, group.ids)
        axes = group.catalogue.axes
        try:
            plans.append(make_plan(weights, group.ids, axes, method, lam=options.lam))
        except DataError as error:
            if group.name == GENERIC:
                raise
            raise DataError(f"Signatures of compartment {group.name}: {error}") from error
    return plans


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
    found: list[LinearScores],
    plans: list[Plan],
    ligand: NDArray[np.float32],
    catalogue: Catalogue,
    lists: Lists,
    obs_names: pd.Index[str],
    notes: tuple[str, ...],
) -> Scores:
    import pandas as pd

    rows = [np.flatnonzero(lists.which == k) for k in range(len(plans))]
    own = [slice(0, plan.n_signatures) for plan in plans]
    rest = [slice(plan.n_signatures, None) for plan in plans]

    def frame(what: str, parts: list[slice], every: list[str]) -> pd.DataFrame:
        values = np.full((len(obs_names), len(every)), np.nan)
        for mine, plan, part, scores in zip(rows, plans, parts, found, strict=True):
            place = np.array([every.index(name) for name in plan.columns[part]], dtype=np.int64)
            values[np.ix_(mine, place)] = getattr(scores, what)[:, part]
        return pd.DataFrame(values, index=obs_names, columns=every)

    state = np.zeros(len(obs_names), dtype=np.int8)
    for mine, scores in zip(rows, found, strict=True):
        state[mine] = scores.state
    wrong = np.flatnonzero(state)
    axes, made = list(catalogue.axes), list(catalogue.cytokines)[: ligand.shape[1]]
    return Scores(
        score=frame("score", own, catalogue.ids),
        pvalue=frame("pvalue", own, catalogue.ids),
        estimate=frame("estimate", own, catalogue.ids),
        axis=frame("score", rest, axes),
        axis_pvalue=frame("pvalue", rest, axes),
        ligand=pd.DataFrame(ligand, index=obs_names, columns=made),
        coverage=lists.coverage,
        coverage_compartments=lists.variants,
        unscored=pd.DataFrame(
            {"reason": [REASONS[int(s)] for s in state[wrong]]}, index=obs_names[wrong]
        ),
        notes=notes,
    )
