"""Ligands and receptors of every observation, without scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, GeneError, UsageError
from cytosig.engine.ligands import LigandJob
from cytosig.engine.nonfinite import no_number, refuse_nonfinite
from cytosig.engine.outputs import STATE, Seats
from cytosig.engine.passes import run_jobs
from cytosig.engine.receptors import ReceptorJob, distinct
from cytosig.engine.room import Room
from cytosig.engine.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.blocks import Block
    from cytosig.engine.align import Aligned
    from cytosig.engine.outputs import Field, Outputs, Slots
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine, Form


@dataclass(frozen=True)
class Channels:
    """What was read.

    Parameters
    ----------
    ligand, receptor
        Observations × cytokines, on the scale of the data.
    forms
        One row a form or decoy: whether it was read, and why not.
    """

    ligand: pd.DataFrame
    receptor: pd.DataFrame
    forms: pd.DataFrame


class _FiniteJob:
    """Marks observations with a value that is no number."""

    serves = None

    @property
    def fields(self) -> Mapping[str, Field]:
        """One mark an observation."""
        return {"state": STATE}

    def run(
        self, block: Block, here: NDArray[np.int64], batch: NDArray[np.int64], into: Slots, /
    ) -> None:
        """Look at a block's values."""
        del here, batch
        wrong = np.flatnonzero(no_number(block.data))
        into["state"][np.searchsorted(block.indptr, wrong, side="right") - 1] = 3

    def outputs(self, filled: Slots, /) -> Mapping[str, Outputs]:
        """No scores."""
        del filled
        return {}


def genes_of_receptors(catalogue: Catalogue, /) -> tuple[str, ...]:
    """Every receptor subunit and decoy, each once."""
    cytokines = catalogue.cytokines.values()
    forms = [gene for c in cytokines for form in c.receptors for gene in form.genes]
    return tuple(dict.fromkeys([*forms, *(g for c in cytokines for g in c.modifiers.decoys)]))


def read_channels(
    aligned: Aligned, obs_names: pd.Index[str], catalogue: Catalogue, /, *, n_jobs: int | None
) -> Channels:
    """Read ligands and receptors block by block.

    Parameters
    ----------
    aligned
        The matrix; its genes must have been looked for with :func:`genes_of_receptors`, too.
    obs_names
        Names of the observations.
    catalogue
        Whose ligands and receptors.
    n_jobs
        Threads; all cores when None.

    Raises
    ------
    UsageError
        When the catalogue knows no ligand and no receptor.
    DataError
        When the values are contrasts, one is not finite, or no form is measured.
    """
    values = aligned.values
    if values.kind == "contrasts":
        raise DataError(
            f"The matrix holds contrasts ({values.reason}), which have no level of expression to"
            " read ligands and receptors from. Pass counts or logged expression (layer=, use_raw=)."
        )
    forms = _table(aligned, catalogue)
    if forms.empty:
        raise UsageError(
            "signatures= names no cytokine whose ligand or receptor is known. Leave it out for the"
            " curated catalogue, or take a part of it: cs.signatures.load().subset([...])."
        )
    if not forms["read"].any():
        raise GeneError(
            "No ligand or receptor of the catalogue is measured with all its subunits. Use data"
            " with more genes."
        )
    ligand, receptor, finite = (
        LigandJob(aligned, catalogue),
        ReceptorJob(aligned, catalogue),
        _FiniteJob(),
    )
    jobs = (ligand, receptor, finite)
    seats = Seats(None, np.zeros(aligned.rows.n_obs, dtype=np.int64))
    tables = Tables(jobs, seats, Room())
    run_jobs(aligned.rows, jobs, seats, tables, n_jobs=n_jobs)
    filled: list[dict[str, NDArray[Any]]] = tables.filled
    if filled[2]["state"].any():
        refuse_nonfinite(aligned.rows.blocks, list(obs_names), aligned.labels)
    return Channels(ligand.table(filled[0], obs_names), receptor.table(filled[1], obs_names), forms)


def _table(aligned: Aligned, catalogue: Catalogue) -> pd.DataFrame:
    """What is read of every cytokine."""
    import pandas as pd

    columns = ["cytokine", "channel", "form", "genes", "read", "why_not"]
    rows = [row for c in catalogue.cytokines.values() for row in _rows(c, set(aligned.place))]
    return pd.DataFrame(rows, columns=columns)


def _rows(cytokine: Cytokine, there: set[str]) -> Iterator[tuple[str, str, str, str, bool, str]]:
    kept = distinct(cytokine)

    def row(channel: str, name: str, genes: Sequence[str], why: str) -> Any:
        missing = [gene for gene in genes if gene not in there]
        why = why or (f"not measured: {', '.join(missing)}" if missing else "")
        return cytokine.id, channel, name, "+".join(genes), not why, why

    for form in cytokine.ligands:
        yield row("ligand", form.name, form.genes, "")
    for form in cytokine.receptors:
        why = "" if form in kept else _left_out(form, kept)
        yield row("receptor", form.name, form.genes, why)
    for gene in cytokine.modifiers.decoys:
        yield row("decoy", gene, (gene,), "")


def _left_out(form: Form, kept: Sequence[Form]) -> str:
    """Why a form is not read: another one stands for it, or it takes more than one cell."""
    for one in kept:
        if {*one.genes} <= {*form.genes}:
            return f"holds the form {one.name}"
    return f"needs {', '.join(form.supplied)} of other cells"
