"""``cytosig score``: cytokine activities of every observation of a file."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from cytosig._errors import DataError
from cytosig.cli import _options as o  # noqa: TC001 - typer reads the annotations
from cytosig.cli._arguments import refuse_clashes
from cytosig.cli._cluster import connected
from cytosig.cli._output import FormatOption, emit
from cytosig.cli._plan import plan

EPILOG = "Example: cytosig score tumour.h5ad -o scored.h5ad --batch donor --tsv tables"


def score(
    sources: o.Sources,
    *,
    out: o.Out = None,
    join: o.Join = False,
    everything: o.Everything = False,
    sample_key: o.SampleKey = None,
    in_place: o.InPlace = False,
    scores_only: o.ScoresOnly = False,
    tsv: o.Tables = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
    signatures: o.SignaturesOption = None,
    method: o.Method = None,
    compat: o.Compat = None,
    settings: o.SettingOption = None,
    lam: o.Lam = None,
    background: o.BackgroundOption = None,
    min_coverage: o.MinCoverage = None,
    min_genes: o.MinGenes = None,
    cell_type_key: o.CellTypeKey = None,
    compartments: o.CompartmentOption = None,
    control: o.Control = None,
    batch_key: o.Batch = None,
    reference: o.ReferenceOption = None,
    save_reference: o.SaveReference = None,
    no_center: o.NoCenter = False,
    scale: o.Scale = False,
    layer: o.Layer = None,
    use_raw: o.UseRaw = False,
    gene_symbols: o.GeneSymbols = None,
    organism: o.OrganismOption = None,
    normalize: o.NormalizeOption = None,
    target_sum: o.TargetSum = None,
    nonfinite: o.NonfiniteOption = None,
    transpose: o.Transpose = None,
    n_jobs: o.Threads = None,
    chunk_size: o.ChunkSize = None,
    resume: o.Resume = False,
    scheduler: o.Scheduler = None,
) -> None:
    """Score the activity of every cytokine in every observation."""
    _run({name: value for name, value in locals().items() if _is_given(name, value)})


def _is_given(name: str, value: object) -> bool:
    """Zero counts as given, a flag that is not set does not (--no-transpose is set)."""
    return value is not None and value != [] and (value is not False or name == "transpose")


def _run(asked: dict[str, Any]) -> None:
    """Check the call, score every data set, and only then print."""
    refuse_clashes(asked)
    call, data = plan(asked)

    from cytosig.cli import _summary as told
    from cytosig.cli._many import score_each
    from cytosig.cli._one import score_one

    with nullcontext() if call.scheduler is None else connected(call.scheduler) as client:
        failed: list[str] = []
        if call.many:
            rows, failed = score_each(data, call, client)
        else:
            rows = score_one(data[0], call, client)
    method = call.methods[0]
    whose = f"{method.name}: " if len(call.methods) > 1 else ""
    if rows:
        emit(
            rows,
            format=call.format,
            percent=("up_p05", "down_p05"),
            caption=whose + told.caption(method),
            digits=told.decimals(rows, method),
        )
    if failed:
        raise DataError(
            f"{len(failed)} of {len(data)} files not scored: {', '.join(failed)}; the others are."
        )
