"""``cytosig sources``: which cells make each cytokine."""

from __future__ import annotations

from cytosig.cli import _balance_options as b  # noqa: TC001 - typer reads the annotations
from cytosig.cli import _options as o  # noqa: TC001
from cytosig.cli import _talk_options as t  # noqa: TC001
from cytosig.cli._output import FormatOption  # noqa: TC001
from cytosig.cli._talk import given, run_tool

EPILOG = (
    "Example: cytosig sources atlas.h5ad --sample-key patient --cell-type-key cell_type -o "
    "sources.tsv"
)
_SHOWN = (
    "cytokine", "cell_type", "condition", "form", "n_samples", "expression", "fraction",
    "specificity", "p", "q", "share", "flags",
)  # fmt: skip
_CAPTION = (
    "specificity: log2 over the other cell types of the same sample; share: of what the "
    "tissue makes. Expression, not secreted protein."
)


def sources(
    source: t.Source,
    *,
    sample_key: t.SampleKey,
    cell_type_key: t.CellTypeKey = None,
    min_cells: t.MinCells = None,
    metadata: t.Metadata = None,
    condition_key: t.ConditionKey = None,
    baseline: t.Baseline = None,
    pair_key: t.PairKey = None,
    covariates: t.Covariates = None,
    signatures: o.SignaturesOption = None,
    expressed: t.Expressed = None,
    level: t.Level = None,
    n_boot: t.Boot = None,
    rng: t.Seed = None,
    layer: o.Layer = None,
    use_raw: o.UseRaw = False,
    gene_symbols: o.GeneSymbols = None,
    organism: o.OrganismOption = None,
    transpose: o.Transpose = None,
    n_jobs: o.Threads = None,
    out: t.Out = None,
    tables: b.Tables = None,
    tables_as: b.TablesAs = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
) -> None:
    """Find the cell types that make each cytokine; the sample is the replicate."""
    run_tool("sources", given(dict(locals())), _SHOWN, _CAPTION)
