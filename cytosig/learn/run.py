"""Learn a signature from a stimulation experiment."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from cytosig._anndata import check_anndata
from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig.learn.effects import FEWEST_GENES, Bars, changes_of, passing, rivals_of, weighed
from cytosig.learn.experiment import Blocks, Reading, Side, read_experiment
from cytosig.learn.held_out import held_out, shortfalls
from cytosig.learn.overlap import overlap_of
from cytosig.learn.result import Learned
from cytosig.learn.table import genes_table
from cytosig.learn.words import NOT_VALIDATED
from cytosig.signatures import COMPARTMENTS, Catalogue, Signature, load
from cytosig.signatures.evidence import Evidence
from cytosig.signatures.model import ResponseGene

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData

    from cytosig.engine.options import Nonfinite
    from cytosig.genes.tables import Organism
    from cytosig.learn.experiment import Experiment
    from cytosig.learn.held_out import Check

GRADE_REASON = "learnt from one experiment; no other study was asked"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*\Z")


def learn(
    adata: AnnData,
    *,
    treatment: tuple[str, object],
    control: object,
    batch_key: str | None = None,
    covariates: Sequence[str] = (),
    sample_key: str | None = None,
    min_cells: int = 10,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    nonfinite: Nonfinite = "raise",
    id: str | None = None,
    axis: str | None = None,
    compartment: str | None = None,
    experiment: str = "",
    max_genes: int = 60,
    max_q: float = 0.05,
    min_lfc: float = 0.5,
    drop_programmes: bool = True,
) -> Learned:
    """Learn the response signature of a treatment, and check it on samples it has not seen.

    The sample is the replicate: cells are added up to samples first. Every gene is tested by a
    moderated t; those that pass are weighed as the shipped signatures are; then all of it is
    done again without some samples, which the result must recognise. docs/learn.md has the
    formulas and says what the figures mean and what they do not.

    Parameters
    ----------
    adata
        Samples × genes (bulk, counts or logged), or cells × genes with ``sample_key``.
    treatment
        ``(obs column, value)`` of the treated samples.
    control
        Value of that column that marks the controls, or ``(obs column, value)``. Samples on
        neither side are left out.
    batch_key
        Column of ``obs`` with blocks (donor, line, time) that hold both sides: treated and control
        are compared inside them, and blocks are left out in the check.
    covariates
        Further columns of ``obs`` held constant: numbers as numbers, anything else as categories.
    sample_key, min_cells
        Column of ``obs`` with the sample of every cell, and the fewest cells of a sample.
    layer, use_raw, gene_symbols, organism, nonfinite
        As in :func:`cytosig.tl.score`. Mouse genes are listed under their human orthologs.
    id
        Of the signature; made from the treatment's value when None (``IL21_learnt`` where IL21
        has a shipped one).
    axis
        Response axis that it belongs to, such as ``"STAT3"``: its members do not press on the
        weights, and ``hlm`` takes them as siblings. That of the cytokine when None and the
        treatment is named after one; ``""`` for none.
    compartment
        ``epithelial``, ``stromal``, ``myeloid``, ``T_NK`` or ``B``: what the cells are. Shipped
        signatures are then taken as they are there.
    experiment
        Its name, such as an accession, for the evidence.
    max_genes
        Most genes listed, at most a fifth of them lowered.
    max_q, min_lfc
        A gene needs this q or less, and this change (log2) or more.
    drop_programmes
        Leave out genes that mark growth, ribosomes, stress, handling or blood, as the shipped
        signatures do.

    Returns
    -------
    Learned
        ``signature``, ``genes``, ``held_out``, ``samples``, ``overlap``, ``validated``,
        ``summary``, ``catalogue`` (to score by, or to merge with the shipped one), ``to_toml()``.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When observations are cells or contrasts, a side has fewer than two samples, batches are
        the treatment, or fewer than five genes pass.

    Examples
    --------
    >>> import numpy as np, cytosig as cs
    >>> from anndata import AnnData
    >>> rng = np.random.default_rng(0)
    >>> logged = rng.normal(5, 0.1, size=(6, 300))
    >>> logged[:3, :20] += 2  # what the treatment raises
    >>> adata = AnnData(logged)
    >>> adata.var_names = [f"G{i}" for i in range(300)]
    >>> adata.obs["cytokine"] = ["X"] * 3 + ["none"] * 3
    >>> learned = cs.signatures.learn(adata, treatment=("cytokine", "X"), control="none")
    >>> len(learned.signature.genes), learned.validated
    (20, True)
    """
    check_anndata(adata)
    bars = _bars(max_genes, max_q, min_lfc, drop_programmes)
    treated = Side.of("treatment", treatment)
    sides = (treated, Side.of("control", control, treated.column))
    shipped = _shipped(compartment)
    cytokine = shipped.resolve(treated.value) if treated.value in shipped else ""
    id, axis = _named(id, axis, treated.value, cytokine, shipped)
    found = read_experiment(
        adata, sides, _blocks(batch_key, covariates),
        Reading(layer, use_raw, gene_symbols, organism, nonfinite), shipped,
        sample_key=sample_key, min_cells=min_cells,
    )  # fmt: skip
    table, rivals = changes_of(found), rivals_of(shipped, axis)
    weights = weighed(table, bars, rivals)
    if len(weights) < FEWEST_GENES:
        raise DataError(_nothing(table, bars))
    raised_first = sorted(weights.items(), key=lambda pair: pair[1] < 0)
    records = tuple(ResponseGene(gene, w, studies_for=1) for gene, w in raised_first)
    bare = Signature(id, records, "D", GRADE_REASON, axis)
    check = held_out(bare, found, bars, rivals, list(shipped))
    evidence = replace(
        _evidence(found, sides, table, bars, check, shipped),
        experiment=experiment.strip(), organism=organism, compartment=compartment or "",
    )  # fmt: skip
    signature = replace(bare, evidence=evidence)
    learned = Learned(
        signature, genes_table(table, signature, bars, shipped, cytokine), check.folds,
        check.samples, overlap_of(signature, table["lfc"], shipped), cytokine,
    )  # fmt: skip
    _warn(learned)
    return learned


def _bars(max_genes: int, max_q: float, min_lfc: float, drop_programmes: bool) -> Bars:
    if max_genes < FEWEST_GENES:
        raise UsageError(f"max_genes={max_genes}: expected {FEWEST_GENES} or more.")
    if not 0 < max_q <= 1:
        raise UsageError(f"max_q={max_q}: expected a number above 0 and at most 1, such as 0.05.")
    if not 0 <= min_lfc < float("inf"):
        raise UsageError(f"min_lfc={min_lfc}: expected a number from 0, such as 0.5.")
    return Bars(max_genes, max_q, min_lfc, drop_programmes)


def _shipped(compartment: str | None) -> Catalogue:
    if compartment is None:
        return load()
    if compartment not in COMPARTMENTS:
        raise UsageError(f"compartment={compartment!r}: expected one of {', '.join(COMPARTMENTS)}.")
    return load().for_compartment(compartment)


def _named(
    id: str | None, axis: str | None, value: str, cytokine: str, shipped: Catalogue
) -> tuple[str, str]:
    """Id and axis, checked; from the treatment where they are not given."""
    if id is None:
        id = f"{cytokine}_learnt" if cytokine else re.sub(r"[^A-Za-z0-9_.+-]+", "_", value)
        id = id.lstrip("_.+-") or "learnt"
    if not _ID.match(id):
        raise UsageError(f"id={id!r}: expected letters, digits, '-', '+', '_' or '.'.")
    if axis is None:
        home = {member: a.id for a in shipped.axes.values() for member in a.members}
        return id, home.get(cytokine, "")
    if axis and axis not in shipped.axes:
        raise UsageError(f"axis={axis!r}: expected one of {', '.join(shipped.axes)}.")
    return id, axis


def _blocks(batch_key: str | None, covariates: Sequence[str]) -> Blocks:
    held = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    if batch_key in held:
        raise UsageError(f"covariates= names {batch_key!r}, which batch_key= holds constant.")
    if len(set(held)) < len(held):
        raise UsageError(f"covariates={list(held)!r} names a column twice.")
    return Blocks(batch_key, held)


def _nothing(table: pd.DataFrame, bars: Bars) -> str:
    """How many genes passed which bar, and what to do."""
    passed_q = table["q"] <= bars.max_q
    passed = passed_q & (table["lfc"].abs() >= bars.min_lfc)
    words = [
        f"{len(table):,} were tested (the least q is {table['q'].min():.2g})",
        f"{int(passed_q.sum())} have q <= {bars.max_q:g}",
        f"{int(passed.sum())} of these a change of {bars.min_lfc:g} or more (log2)",
    ]
    if bars.drop_programmes:
        words.append(f"{len(passing(table, bars))} of these mark no growth or stress")
    return (
        f"Too few genes for a signature, which needs {FEWEST_GENES}: {', '.join(words)}. More"
        " samples help most, or batch_key= where samples come in pairs. Lower bars (max_q=,"
        " min_lfc=) give a list that may be noise."
    )


def _evidence(
    found: Experiment,
    sides: tuple[Side, Side],
    table: pd.DataFrame,
    bars: Bars,
    check: Check,
    shipped: Catalogue,
) -> Evidence:
    n_treated = int(found.treated.sum())
    return Evidence(
        treatment=str(sides[0]),
        control=str(sides[1]),
        n_treated=n_treated,
        n_control=len(found.treated) - n_treated,
        values=found.read_as,
        design=found.design,
        n_batches=0 if found.batch is None else int(found.batch.nunique()),
        max_q=bars.max_q,
        min_lfc=bars.min_lfc,
        n_tested=len(table),
        n_passed=len(passing(table, bars)),
        validated=not shortfalls(check.figures, bars.max_q),
        software=f"cytosig-toolkit {version('cytosig-toolkit')}",
        catalogue=shipped.digest,
        held_out=check.figures,
    )


def _warn(learned: Learned) -> None:
    """Say what must not be overlooked."""
    if not learned.validated:
        lines = learned.summary.splitlines()
        line = next(line for line in lines if line.startswith(NOT_VALIDATED))
        logger.warning("%s: %s", learned.signature.id, line)
    own = learned.genes[(learned.genes["weight"] > 0) & (learned.genes["note"] == "ligand")]
    if len(own):
        logger.warning(
            "%s lists %s, the gene of the ligand itself: if the cells were made to express it, it"
            " is no response, so leave it out of the data.",
            learned.signature.id, ", ".join(own["gene"]),
        )  # fmt: skip
