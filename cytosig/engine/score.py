"""One scoring run: align, recognise, score block by block, tabulate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.engine.align import Aligned, align
from cytosig.engine.centre import Baseline, Zero
from cytosig.engine.frames import Frames
from cytosig.engine.jobs import make_jobs
from cytosig.engine.joint import join
from cytosig.engine.ligands import LigandJob
from cytosig.engine.lists import choose_lists
from cytosig.engine.moments import measure
from cytosig.engine.nonfinite import refuse_nonfinite
from cytosig.engine.outputs import Seats
from cytosig.engine.passes import run_jobs
from cytosig.engine.reference import Reference
from cytosig.engine.room import Room
from cytosig.engine.tables import Tables
from cytosig.genes import approved_names
from cytosig.methods import ConsensusMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.cohort import Cohort
    from cytosig.engine.jobs import GroupJobs
    from cytosig.engine.options import Options
    from cytosig.engine.outputs import Job, Outputs, Slots
    from cytosig.engine.scores import Scores
    from cytosig.signatures import Catalogue

__all__ = ["align", "fit", "score"]


def fit(
    aligned: Aligned,
    options: Options,
    use: NDArray[np.bool_],
    /,
    *,
    cohort: Cohort | None = None,
    tick: Callable[[int], None] | None = None,
) -> Reference:
    """Gene moments of the observations in ``use``, and a cohort, as a reference to store."""
    one_group = np.zeros(aligned.rows.n_obs, dtype=np.int64)
    found = measure(aligned.rows, one_group, use, n_jobs=options.n_jobs, tick=tick)
    aligned.check()
    universe = aligned.universe.renamed(approved_names(aligned.labels, options.organism))
    values = aligned.values
    total = np.nan if values.total is None else values.total
    moments = (found.mean[0], found.sd[0], int(use.sum()))
    return Reference(universe.keys, *moments, values.kind, total, cohort)


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
    room: Room | None = None,
) -> dict[str, Scores]:
    """Score every observation against every signature and axis of the catalogue.

    Parameters
    ----------
    compartment
        Of every observation, or ``generic``: its variants are used where there are any. The
        matrix must have been aligned with ``variants=True``. None for generic signatures.
    tick
        Called with the number of observations each finished block adds.
    room
        Where the results are kept while they come; in memory when None.

    Returns
    -------
    What every method found, by its name, in the order they were asked for.

    Raises
    ------
    DataError
        When no signature can be scored, a value is not finite, centring is impossible, or another
        program has changed the file meanwhile.
    """

    def refuse() -> None:
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)

    room = room or Room()
    lists = choose_lists(aligned, catalogue, options, compartment)
    zero = Zero(aligned.rows, aligned.values, baseline, options, aligned.kept, refuse, room)
    groups, shared = make_jobs(aligned, lists, options, zero)
    ligand = LigandJob(aligned, catalogue)
    jobs = [*shared, ligand, *(job for group in groups for job in group.jobs)]
    seats = Seats(baseline.batch, lists.which)
    tables = Tables(jobs, seats, room)
    run_jobs(aligned.rows, jobs, seats, tables, n_jobs=options.n_jobs, tick=tick)
    aligned.check()
    room.let_go()
    filled = dict(zip(jobs, tables.filled, strict=True))
    ligands = ligand.table(filled[ligand], obs_names)
    for job in shared:  # others wait for these
        job.outputs(filled[job])
    found = [(group, _outputs(group, filled)) for group in groups]
    del jobs, tables, filled
    if any((part.state == 3).any() for _, parts in found for part in parts.values()):
        refuse()
    scored = lists.coverage.index[lists.coverage["reason"] == ""]
    notes = (*aligned.notes, *lists.notes, *_axis_notes(catalogue, list(scored)))
    frames = Frames(obs_names, catalogue, lists, ligands, zero.sentence, notes)
    single = {
        method.name: frames.scores(method, [(g, parts.pop(method.name)) for g, parts in found])
        for method in options.methods
        if not isinstance(method, ConsensusMethod)
    }  # what is tabulated is let go of
    return {
        method.name: join(method, single) if isinstance(method, ConsensusMethod)
        else single[method.name]
        for method in options.methods
    }  # fmt: skip


def _outputs(group: GroupJobs, filled: Mapping[Job, Slots]) -> dict[str, Outputs]:
    """What was found, by method."""
    return {name: found for job in group.jobs for name, found in job.outputs(filled[job]).items()}


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
