"""``cytosig links``: which cells speak to which."""

from __future__ import annotations

from cytosig.cli import _balance_options as b  # noqa: TC001 - typer reads the annotations
from cytosig.cli import _options as o  # noqa: TC001
from cytosig.cli import _talk_options as t  # noqa: TC001
from cytosig.cli._output import FormatOption  # noqa: TC001
from cytosig.cli._talk import given, run_tool

EPILOG = (
    "Example: cytosig links atlas.h5ad --sample-key patient --cell-type-key cell_type "
    "--graphml net.graphml"
)
_SHOWN = (
    "cytokine", "source", "target", "condition", "sign", "strength", "p", "q", "coupling",
    "autocrine", "contribution", "flags",
)  # fmt: skip
_CAPTION = (
    "strength: share of the cytokine's traffic in the sample; sign: +1 against the tumour, -1 "
    "for it. A link is a hypothesis, not an observed contact."
)


def links(
    source: t.Source,
    *,
    sample_key: t.SampleKey,
    cell_type_key: t.CellTypeKey = None,
    compartments: o.CompartmentOption = None,
    min_cells: t.MinCells = None,
    metadata: t.Metadata = None,
    condition_key: t.ConditionKey = None,
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
    graphml: t.GraphML = None,
    tables: b.Tables = None,
    tables_as: b.TablesAs = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
) -> None:
    """Find who speaks to whom: a source and a target of one cytokine in the same samples."""
    run_tool("links", given(dict(locals())), _SHOWN, _CAPTION)
