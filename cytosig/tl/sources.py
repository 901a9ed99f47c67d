"""Which cells make each cytokine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cytosig._keys import Keys
from cytosig.communication.change import changed_sources, contrasts
from cytosig.communication.settings import Settings
from cytosig.communication.sources import find_sources
from cytosig.communication.tables import source_table
from cytosig.tl._condition import Condition, names
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied
from cytosig.tl._talk import listen, stacked, store
from cytosig.tl._tissue import Cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from anndata import AnnData

    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._talk import Talk


@recorded
def sources(
    adata: AnnData,
    *,
    sample_key: str,
    cell_type_key: str | None = None,
    condition_key: str | None = None,
    baseline: object = None,
    pair_key: str | None = None,
    covariates: str | Sequence[str] = (),
    signatures: Signatures = None,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    min_cells: int = 10,
    expressed: float = 5.0,
    level: float = 0.95,
    n_boot: int = 1000,
    rng: int | np.random.Generator = 0,
    n_jobs: int | None = None,
    key_added: str = "cytosig",
    copy: bool = False,
) -> AnnData | None:
    """Find the cell types that make each cytokine, with the sample as the replicate.

    Cells are added up by sample and cell type. Each type is compared with the mean of the other
    types of its own sample, and the differences are tested over samples.

    Parameters
    ----------
    adata
        Cells × genes: counts in ``X``, a layer or ``raw``, in memory, backed or as a dask array; or
        what :func:`cytosig.pp.pseudobulk` made of them by the same two keys. Of logarithms, means
        over cells are taken, with a warning.
    sample_key, cell_type_key
        Columns of ``obs`` with the sample (patient, region) and the cell type of every cell.
    condition_key
        Column of ``obs`` with one value a sample. Groups are asked each for themselves, and what
        changes between them goes to a table of its own; numbers (dose, time) give a slope.
    baseline
        Group that the others are compared with; the first in order if None.
    pair_key
        Column with the donor of paired samples, held constant in the comparison.
    covariates
        Further columns, one value a sample, held constant in the comparison.
    signatures, layer, use_raw, gene_symbols, organism
        As in :func:`cytosig.tl.score`. Signatures need cytokines with ligands and receptors.
    min_cells
        Cells a type needs in a sample; other types of that sample do without it.
    expressed
        CPM above which a subunit counts as there.
    level
        Of the confidence intervals.
    n_boot, rng
        Bootstrap samples behind the intervals of shares, and their seed.
    n_jobs
        Threads; results do not depend on them.
    key_added
        Entry of ``uns`` that is written.
    copy
        Return a copy instead of writing to ``adata``.

    Returns
    -------
    AnnData or None
        ``uns[key_added]["sources"]``: one row a cytokine, cell type and condition.

        - ``form``, ``limiting``: the ligand form the type makes most, its rarest subunit.
        - ``expression`` (CPM), ``fraction`` (of cells): means over samples.
        - ``specificity``, ``se``, ``ci_low``, ``ci_high``: log2 over the other types.
        - ``p``: one-sided, moderated t; for a form of several subunits the largest of it and of
          the p that a subunit is not there. ``p_exact`` by sign flips of the samples, which cannot
          fall below ``p_floor``. ``p_omnibus``: that no types differ. ``q``: in two levels,
          cytokine, then cell type.
        - ``share``, ``share_low``, ``share_high``: of what the sample makes, cell numbers times
          expression.
        - ``detection_bound``: CPM that a ligand without any count is below with 95 %.
        - ``antagonist``, ``activation``: CPM of antagonists and activators in the same cells.
        - ``flags``: what to know before believing the row.

        ``uns[key_added]["sources_change"]``, with a condition: change of output (log2) by cytokine,
        type and contrast, and its two parts, which add up: ``recruitment`` (share of cells) and
        ``induction`` (expression a cell). Two-sided p.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When there are no cell types, as in bulk, or the values cannot be added up.

    Notes
    -----
    With one sample everything is descriptive and p is NaN. With S samples no exact p is below
    2^-S. The statistics are those of docs/communication.md.

    Examples
    --------
    >>> import cytosig as cs
    >>> data = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=100, n_genes=3000)
    >>> cs.tl.sources(data.adata, sample_key="sample", cell_type_key="cell_type")
    >>> table = data.adata.uns["cytosig"]["sources"]
    >>> table[(table["cytokine"] == "IFNG") & (table["q"] < 0.05)]["cell_type"].tolist()
    ['T cell']
    """
    work = copied(adata) if copy else adata
    talk = listen(
        work,
        Cells(
            sample_key, cell_type_key, None, layer, use_raw, gene_symbols, organism,
            min_cells, n_jobs,
        ),
        Condition(condition_key, baseline, pair_key, names(covariates)),
        Settings(expressed, level, n_boot, rng),
        signatures,
        key_added,
    )  # fmt: skip
    store(work, Keys(key_added).uns, "sources", _tables(talk, condition_key), talk)
    return work if copy else None


def _tables(talk: Talk, key: str | None) -> Mapping[str, pd.DataFrame]:
    """One table of all conditions, and that of the change."""
    cytokines, settings = talk.catalogue.cytokines, talk.settings
    parts = {}
    for name, which in talk.conditions.groups:
        tissue = talk.read.tissue.rows(which)
        found = find_sources(tissue, cytokines, settings)
        parts[name] = source_table(tissue, found, cytokines, settings, talk.bootstrap(which))
    change = pd.DataFrame()
    design = talk.conditions.design
    if design is not None and key is not None:
        found = find_sources(talk.read.tissue, cytokines, settings)
        asked = contrasts(design, key, talk.conditions.baseline)
        change = changed_sources(talk.read.tissue, found, design, asked, level=settings.level)
    return {"": stacked(parts, 2), "_change": change}
