"""Which cells answer each cytokine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cytosig._keys import Keys
from cytosig.communication.change import changed_targets, contrasts
from cytosig.communication.settings import Settings
from cytosig.communication.tables import target_table
from cytosig.communication.targets import find_targets
from cytosig.tl._condition import Condition, names
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied
from cytosig.tl._talk import listen, stacked, store
from cytosig.tl._tissue import Cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anndata import AnnData

    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._talk import Talk


@recorded
def targets(
    adata: AnnData,
    *,
    sample_key: str,
    cell_type_key: str | None = None,
    condition_key: str | None = None,
    baseline: object = None,
    pair_key: str | None = None,
    covariates: str | Sequence[str] = (),
    signatures: Signatures = None,
    compartments: Mapping[str, str] | None = None,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    min_cells: int = 10,
    expressed: float = 5.0,
    level: float = 0.95,
    n_jobs: int | None = None,
    key_added: str = "cytosig",
    copy: bool = False,
) -> AnnData | None:
    """Find the cell types that can hear each cytokine, and those that answer it.

    A target is competent, by a receptor with all its subunits beyond its decoys, and responsive,
    by genes that are neither ligand nor receptor: its p is the larger of the two.

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
    compartments
        Compartment of cell type labels that say none by themselves, as in
        :func:`cytosig.tl.score`: cells answer by the signatures of theirs.
    min_cells
        Cells a type needs in a sample; other types of that sample do without it.
    expressed
        CPM above which a receptor subunit counts as there.
    level
        Of the confidence intervals.
    n_jobs
        Threads; results do not depend on them.
    key_added
        Entry of ``uns`` that is written.
    copy
        Return a copy instead of writing to ``adata``.

    Returns
    -------
    AnnData or None
        ``uns[key_added]["targets"]``: one row a cytokine, cell type and condition.

        - ``form``, ``limiting``: the receptor form that the type is surest to have, its rarest
          subunit. ``expression``: CPM of the receptor less decoys; ``fraction`` of cells.
        - ``decoy_delta``: log2 of receptor over decoys.
        - ``competence``, ``competence_low``, ``competence_high``, ``p_competence``: log2 of the
          least subunit over ``expressed`` or over what loose RNA may bring.
        - ``specificity``, ``p_specificity``: log2 of the receptor over the other types.
        - ``response``, ``se``, ``ci_low``, ``ci_high``, ``p_response``: weighted mean of the
          response genes, in spreads of a gene, over the other types of the same samples. Its error
          holds the patients and what any other genes differ by. ``p_exact``: sign flips, which
          hold the patients alone; ``p_floor``.
        - ``p``: the larger of ``p_competence`` and ``p_response``; where no response can be read,
          which ``flags`` say, ``p_specificity`` stands for the latter. ``q``: in two levels,
          cytokine, then cell type.
        - ``class``: ``responsive`` (competent, q ≤ .05), ``competent only``, ``response only``,
          ``neither`` or ``untestable``.
        - ``ambiguity``: cytokines whose lists could explain the response as well. ``grade`` of the
          list, ``n_genes`` of it that are read.

        ``uns[key_added]["targets_change"]``, with a condition: change of the response by cytokine,
        type and contrast, beyond what other genes change by. Two-sided p.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When there are no cell types, as in bulk, or the values cannot be added up.

    Notes
    -----
    Without a condition, "responsive" means more than the other cell types of the same samples, and
    more than other genes differ between them. It does not mean that the cytokine acts now: cells
    may carry an answer for other reasons, which the ambiguity names in part.

    Examples
    --------
    >>> import cytosig as cs
    >>> data = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=100, n_genes=3000)
    >>> cs.tl.targets(data.adata, sample_key="sample", cell_type_key="cell_type")
    >>> table = data.adata.uns["cytosig"]["targets"]
    >>> answers = table[(table["cytokine"] == "IFNG") & (table["class"] == "responsive")]
    >>> answers["cell_type"].tolist()
    ['malignant']
    """
    work = copied(adata) if copy else adata
    talk = listen(
        work,
        Cells(
            sample_key, cell_type_key, compartments, layer, use_raw, gene_symbols, organism,
            min_cells, n_jobs,
        ),
        Condition(condition_key, baseline, pair_key, names(covariates)),
        Settings(expressed, level),
        signatures,
        key_added,
    )  # fmt: skip
    store(work, Keys(key_added).uns, "targets", _tables(talk, condition_key), talk)
    return work if copy else None


def _tables(talk: Talk, key: str | None) -> Mapping[str, pd.DataFrame]:
    """One table of all conditions, and that of the change."""
    catalogue, settings = talk.catalogue, talk.settings
    explained = catalogue.ambiguity()
    grades = [one.grades for one in talk.read.catalogues]
    parts = {}
    for name, which in talk.conditions.groups:
        read = talk.read.rows(which)
        found = find_targets(
            read.tissue, read.genes(), read.column, read.catalogues, catalogue.cytokines, settings
        )
        parts[name] = target_table(read.tissue, found, explained, grades)
    change = pd.DataFrame()
    design = talk.conditions.design
    if design is not None and key is not None:
        read, genes = talk.read, talk.read.genes()
        found = find_targets(
            read.tissue, genes, read.column, read.catalogues, catalogue.cytokines, settings
        )
        asked = contrasts(design, key, talk.conditions.baseline)
        change = changed_targets(read.tissue, found, genes, design, asked, level=settings.level)
    return {"": stacked(parts, 2), "_change": change}
