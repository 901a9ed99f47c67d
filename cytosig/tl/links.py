"""Which cells speak to which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cytosig._errors import DataError
from cytosig._keys import Keys
from cytosig._log import logger
from cytosig.communication.links import find_links
from cytosig.communication.settings import Settings
from cytosig.communication.sources import find_sources
from cytosig.communication.tables import contribution_table, link_table, strength_table
from cytosig.communication.targets import find_targets
from cytosig.tl._condition import Condition
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied
from cytosig.tl._talk import listen, stacked, store
from cytosig.tl._tissue import Cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from anndata import AnnData

    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._talk import Talk


@recorded
def links(
    adata: AnnData,
    *,
    sample_key: str,
    cell_type_key: str | None = None,
    condition_key: str | None = None,
    signatures: Signatures = None,
    compartments: Mapping[str, str] | None = None,
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
    """Find who speaks to whom: a source and a target of the same cytokine, in the same samples.

    A link needs both its ends: its p is the larger of that of the source and that of the target.

    Parameters
    ----------
    adata
        Cells × genes: counts in ``X``, a layer or ``raw``, in memory, backed or as a dask array; or
        what :func:`cytosig.pp.pseudobulk` made of them by the same two keys. Of logarithms, means
        over cells are taken, with a warning.
    sample_key, cell_type_key
        Columns of ``obs`` with the sample (patient, region) and the cell type of every cell.
    condition_key
        Column of ``obs`` with one value a sample; its groups are asked each for themselves. What
        changes between them is for :func:`cytosig.tl.sources` and :func:`cytosig.tl.targets`.
    signatures, layer, use_raw, gene_symbols, organism
        As in :func:`cytosig.tl.score`. Signatures need cytokines with ligands and receptors.
    compartments
        Compartment of cell type labels that say none by themselves, as in
        :func:`cytosig.tl.score`: cells answer by the signatures of theirs.
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
        ``uns[key_added]["links"]``: one row a cytokine, source, target and condition.

        - ``sign``: of the cytokine's usual role, 1 against the tumour, -1 for it.
        - ``route``: receptor form of the target that the source can serve (IL-15 needs IL15RA on
          the source).
        - ``strength``, ``strength_low``, ``strength_high``: share of the cytokine's traffic in the
          sample, cells times what each makes (less antagonists) times cells times what each can
          hear with (less decoys). The tissue is taken as well mixed.
        - ``p``, ``q`` (two levels, cytokine, then pair), ``p_source``, ``p_target``.
        - ``coupling``, ``coupling_p``: correlation over samples of the source's ligand and the
          target's response, each over the other types of its sample. A two-sided p.
        - ``autocrine``, ``autocrine_low``, ``autocrine_high``: of what reaches the target, the
          share that it makes itself.
        - ``contribution``: to the balance, mean over samples; NaN unless
          :func:`cytosig.tl.balance` was run before with the same samples.
        - ``flags``: what to know before believing the row.

        ``uns[key_added]["links_strength"]``: links (``cytokine|source|target``) × samples, the
        links of a cytokine adding up to 1 (a ``/`` in the name of a sample is ``_`` here).
        ``uns[key_added]["links_contributions"]``: those times the cytokine's contribution to the
        sample's balance, to which they add up.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When there are no cell types, as in bulk, or the values cannot be added up.

    Examples
    --------
    >>> import cytosig as cs
    >>> data = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=100, n_genes=3000)
    >>> cs.tl.links(data.adata, sample_key="sample", cell_type_key="cell_type")
    >>> table = data.adata.uns["cytosig"]["links"]
    >>> found = table[table["q"] < 0.05].set_index("cytokine")
    >>> found.loc["IFNG", ["source", "target"]].tolist()
    ['T cell', 'malignant']
    """
    work = copied(adata) if copy else adata
    talk = listen(
        work,
        Cells(
            sample_key, cell_type_key, compartments, layer, use_raw, gene_symbols, organism,
            min_cells, n_jobs,
        ),
        Condition(condition_key, None, None, ()),
        Settings(expressed, level, n_boot, rng, exact=False),
        signatures,
        key_added,
    )  # fmt: skip
    keys = Keys(key_added)
    balance = _contributions(work.uns.get(keys.uns), talk.read.tissue.samples)
    store(work, keys.uns, "links", _tables(talk, balance), talk)
    return work if copy else None


def _contributions(record: object, samples: tuple[str, ...]) -> pd.DataFrame | None:
    """What each cytokine adds to the balance of these samples, where that is known."""
    table = record.get("balance_contributions") if hasattr(record, "get") else None
    if table is None:
        return None
    if not set(samples) <= set(map(str, table.index)):
        logger.warning(
            "The stored balance is not of these samples; contributions of links are left out."
        )
        return None
    found: pd.DataFrame = table.set_axis(table.index.astype(str), axis=0).loc[list(samples)]
    return found


def _tables(talk: Talk, balance: pd.DataFrame | None) -> Mapping[str, pd.DataFrame]:
    """Links of every condition, and the shares of every sample."""
    cytokines, settings = talk.catalogue.cytokines, talk.settings
    parts, strengths = {}, []
    for name, which in talk.conditions.groups:
        read = talk.read.rows(which)
        tissue = read.tissue
        made = find_sources(tissue, cytokines, settings)
        heard = find_targets(
            tissue, read.genes(), read.column, read.catalogues, cytokines, settings
        )
        found = find_links(tissue, made, heard, cytokines, settings)
        added = None if balance is None else balance.loc[list(tissue.samples)]
        parts[name] = link_table(tissue, found, heard, cytokines, talk.bootstrap(which), added)
        strengths.append(strength_table(tissue, found, tuple(cytokines)))
    strength = pd.concat(strengths, axis=1)[list(talk.read.tissue.samples)]
    tables = {"": stacked(parts, 3), "_strength": _storable(strength)}
    if balance is not None:
        tables["_contributions"] = _storable(contribution_table(strength, balance))
    return tables


def _storable(table: pd.DataFrame) -> pd.DataFrame:
    """With sample names that h5ad files can hold in columns."""
    plain = [name.replace("/", "_") for name in table.columns]
    if len(set(plain)) < len(plain):
        raise DataError(
            "Two samples have one name once '/', which h5ad files cannot hold in columns, is '_':"
            f" {', '.join(map(repr, table.columns[table.columns.str.contains('/')]))}. Rename them."
        )
    return table.set_axis(plain, axis=1)
