"""What blocking, or activating, something would change in the balance of every sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata
from cytosig._keys import Keys, check_key
from cytosig._log import logger
from cytosig.blockade.effects import HIGHEST, LOWEST
from cytosig.blockade.forms import Expression, genes_of_forms
from cytosig.blockade.names import read_targets
from cytosig.blockade.run import blockade_of_samples
from cytosig.blockade.tables import LABEL
from cytosig.tl._inputs import as_catalogue
from cytosig.tl._prepared import prepare, with_roles
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied, replace_entries, versions

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy as np
    from anndata import AnnData

    from cytosig.blockade.names import Targets
    from cytosig.blockade.run import Blockade
    from cytosig.engine.options import Nonfinite, Normalize
    from cytosig.engine.reference import Reference
    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures


@recorded
def blockade(
    adata: AnnData,
    *,
    targets: Targets,
    pairs: bool = False,
    sample_key: str | None = None,
    cell_type_key: str | None = None,
    compartments: Mapping[str, str] | None = None,
    control: tuple[str, object] | None = None,
    reference: Reference | str | os.PathLike[str] | None = None,
    context: Mapping[str, str] | None = None,
    assume: str | Sequence[str] = (),
    signatures: Signatures = None,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    normalize: Normalize = "auto",
    target_sum: float | None = None,
    nonfinite: Nonfinite = "raise",
    min_coverage: float = 0.25,
    shrink: bool = True,
    min_cells: int = 10,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: int | np.random.Generator = 0,
    n_jobs: int | None = None,
    key_added: str = "cytosig",
    copy: bool = False,
) -> AnnData | None:
    """What blocking, or activating, something would change in the balance: a scenario ranking.

    It is arithmetic on expression and expert roles, not a forecast of efficacy: drugs that this
    arithmetic ranks high have failed in trials. See docs/blockade.md.

    Parameters
    ----------
    adata
        Bulk samples × genes; or cells × genes, with ``sample_key``.
    targets
        Drugs of the catalogue, genes (blocked), or cytokines (all their ligand forms blocked), by
        any of their names; ``"all"`` for every drug of the catalogue; or scenarios of your own, as
        ``{"my bispecific": {"targets": ["CD274", "TGFB1"], "action": "blocks"}}``, where ``action``
        is ``blocks`` (also when left out), ``depletes`` or ``activates``. A list may hold both. A
        name that is a cytokine and a gene of it (IL17A) is the cytokine; in a scenario of your
        own, the gene.
    pairs
        Also every two of the scenarios together.
    sample_key, cell_type_key, compartments, control, reference, context, assume
        As in :func:`cytosig.tl.balance`. Scenarios are taken through whole samples; cell types
        only help to decide context rules.
    signatures, layer, use_raw, gene_symbols, organism, normalize, target_sum, nonfinite
        As in :func:`cytosig.tl.balance`.
    min_coverage, shrink, min_cells, n_draws, level, rng, n_jobs
        As in :func:`cytosig.tl.balance`; genes and roles are drawn as there.
    key_added
        Slot of ``uns``.
    copy
        Return a copy with the tables instead of writing to ``adata``.

    Returns
    -------
    None, or the copy. Writes to ``uns["cytosig"]``:

    ``blockade``, one row a scenario: ``name``, ``kind`` (``single`` or ``pair``), ``action``,
    ``targets``, ``cytokines`` that it reaches, ``not_modelled`` (targets in no ligand or receptor
    form), ``effect`` (change of the balance, mean over samples; above 0: against the tumour) with
    ``ci_low``, ``ci_high`` and ``p_above_zero`` (samples, genes and roles), ``effect_context``
    (roles under the rules that hold), for pairs ``sum_of_singles`` and ``synergy`` (the effect
    beyond that sum) with its interval, ``rank`` among its kind, and a ``note``.
    ``blockade_samples`` (samples × scenarios; without the pairs where these are more than some 500
    columns) with ``_low``, ``_high``, ``_above_zero`` (genes and roles) and ``_context``;
    ``blockade_cytokines``, one row a scenario and cytokine: which forms,
    the share of the signal taken or set off, and the change of activity and contribution, means
    over samples; ``blockade_params``.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        As in :func:`cytosig.tl.balance`.

    Notes
    -----
    Forms that hold a blocked gene are gone. f, what remains of a signal, is (Σ of the remaining
    ligand forms / Σ of all) × (the same of receptor forms), each form the least of its subunits
    on the linear scale. An activity a falls by (1 − f)·max(a − floor, 0), the floor being the 5 %
    quantile over the reference; a drug that sets off a share e of the receptor lets it rise by e
    of what is missing to the 95 % quantile. The effect is Σ pull × change of activity.

    Examples
    --------
    >>> import cytosig as cs
    >>> cohort = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=40, n_genes=3000)
    >>> cells = cohort.adata
    >>> cs.tl.blockade(cells, targets=["tocilizumab", "IL12B"], sample_key="sample", n_draws=200)
    >>> table = cells.uns["cytosig"]["blockade"]
    >>> table["name"].tolist(), table["cytokines"].tolist()
    (['tocilizumab', 'IL12B'], ['IL6', 'IL12, IL23'])
    """
    check_anndata(adata)
    check_key(key_added)
    catalogue = with_roles(as_catalogue(signatures))
    scenarios, genes = read_targets(targets, catalogue, pairs=pairs), genes_of_forms(catalogue)
    prepared = prepare(
        adata, sample_key=sample_key, cell_type_key=cell_type_key, compartments=compartments,
        control=control, reference=reference, context=context, assume=assume, adjust=(),
        sweep=(), signatures=catalogue, layer=layer, use_raw=use_raw, gene_symbols=gene_symbols,
        organism=organism, normalize=normalize, target_sum=target_sum, nonfinite=nonfinite,
        min_coverage=min_coverage, shrink=shrink, min_cells=min_cells, n_draws=n_draws,
        level=level, rng=rng, n_jobs=n_jobs, also=genes,
    )  # fmt: skip
    expression = Expression(genes, prepared.samples.linear(genes))
    found = blockade_of_samples(
        prepared.settings, prepared.gauge, prepared.context, expression, scenarios
    )
    _say(found)
    target = copied(adata) if copy else adata
    params: dict[str, Any] = {
        "label": LABEL,
        "scenarios": [one.name for one in scenarios if not one.members],
        "pairs": pairs,
        "floor_quantile": LOWEST,
        "ceiling_quantile": HIGHEST,
        "sample_key": sample_key or "none",
        "cell_type_key": cell_type_key or "none",
        "control": "none" if control is None else f"{control[0]}={control[1]}",
        "reference": "given" if reference is not None else "the samples themselves",
        "n_reference": prepared.gauge.reference.n_samples,
        "context": [f"{name}={column}" for name, column in (context or {}).items()] or "none",
        "assume": list(prepared.settings.assume) or "none",
        "layer": layer or "none",
        "use_raw": use_raw,
        "organism": organism,
        "normalize": normalize,
        "nonfinite": nonfinite,
        "min_coverage": min_coverage,
        "shrink": shrink,
        "min_cells": min_cells,
        "n_draws": n_draws,
        "level": level,
        "rng": "a generator" if hasattr(rng, "spawn") else int(rng),
        "notes": list(prepared.notes),
        "catalogue_digest": prepared.settings.catalogue.digest,
    }
    _store(target, Keys(key_added), found, params)
    return target if copy else None


def _say(found: Blockade) -> None:
    """What is not in the scenarios."""
    lost = found.table[found.table["effect"].isna() & (found.table["kind"] == "single")]
    if len(lost):
        logger.warning(
            "%d scenario(s) without an effect, first %r: %s.",
            len(lost), lost["name"].iloc[0], lost["note"].iloc[0],
        )  # fmt: skip
    partly = found.table[(found.table["not_modelled"] != "") & (found.table["kind"] == "single")]
    partly = partly[~partly["name"].isin(lost["name"])]
    if len(partly):
        logger.warning(
            "%d drug(s) are in the scenarios in part only, first %r without %s.",
            len(partly), partly["name"].iloc[0], partly["not_modelled"].iloc[0],
        )  # fmt: skip


def _store(adata: AnnData, keys: Keys, found: Blockade, params: dict[str, Any], /) -> None:
    """Write the tables in place of an older run's; what other tools left stays."""
    tables = {
        "": found.table,
        **{f"_samples{end}": table for end, table in found.samples.items()},
        "_cytokines": found.cytokines,
        "_params": {**params, "versions": dict(versions())},
    }
    replace_entries(adata, keys.uns, "blockade", tables)
