"""The cytokine balance of every sample, with its uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata
from cytosig._keys import Keys, check_key
from cytosig._log import logger
from cytosig.balance.adjust import CONTENT
from cytosig.balance.run import balance_of_cells, balance_of_samples, make_draws
from cytosig.balance.weigh import FEWEST_REFERENCE
from cytosig.tl._balance_store import store_balance
from cytosig.tl._prepared import prepare
from cytosig.tl._recorded import recorded
from cytosig.tl._samples import TYPE
from cytosig.tl._store import copied

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy as np
    from anndata import AnnData

    from cytosig.balance.run import Balance
    from cytosig.engine.options import Nonfinite, Normalize
    from cytosig.engine.reference import Reference
    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._prepared import Prepared


@recorded
def balance(
    adata: AnnData,
    *,
    sample_key: str | None = None,
    cell_type_key: str | None = None,
    compartments: Mapping[str, str] | None = None,
    control: tuple[str, object] | None = None,
    reference: Reference | str | os.PathLike[str] | None = None,
    context: Mapping[str, str] | None = None,
    assume: str | Sequence[str] = (),
    adjust: str | Sequence[str] = CONTENT,
    sweep: str | Sequence[str] = (),
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
    """Balance of cytokines that work against a tumour and for it, one number a sample.

    It says which way a sample leans *compared with the reference* (the cohort itself, controls, or
    a stored reference), how sure that is, and which cytokines carry it. It is a score. It is not a
    probability of response, and no outcome was used to make it. See docs/balance.md.

    Parameters
    ----------
    adata
        Bulk samples × genes; or cells × genes, with ``sample_key``.
    sample_key
        Column of ``obs`` with the sample of every cell: cells are added up (logarithms averaged).
        Every observation is a sample when None.
    cell_type_key
        Column with cell types: also gives a balance for each type within each sample, and lets
        rules that look at some cells be decided.
    compartments
        Compartment by label of that column, as in :func:`cytosig.tl.score`.
    control
        ``(obs column, value)``: these samples are the reference instead of all.
    reference
        Stored reference of :func:`cytosig.tl.fit_reference`, or its path: a sample gets the same
        number alone, in company, and tomorrow.
    context
        Column of ``obs`` by what rules ask for: ``stage``, ``tumour_type``, ``treatment``,
        ``days_since_treatment``, ``genotype``, ``background``. What is not given is not guessed.
    assume
        Ids of context rules that are known to hold in every sample.
    adjust
        Programmes whose content is held constant in ``balance_adjusted``; ``()`` for none.
    sweep
        Cytokines for which the balance is also given at every role from -1 to 1, and at doses of
        -3 to 3 standard deviations more.
    signatures
        As in :func:`cytosig.tl.score`; only cytokines with a role vote. Lists of your own named
        after a cytokine have its shipped role.
    layer, use_raw, gene_symbols, organism, normalize, target_sum, nonfinite
        As in :func:`cytosig.tl.score`. Pooled cells are brought to a total of 10,000.
    min_coverage
        A cytokine of whose signature less than this share of the weight is measured has no vote.
    shrink
        Draw activities towards the reference, as far as they may be noise of their genes; False
        weighs them as they are measured.
    min_cells
        Cells of a type, or of those a rule looks at, that a sample needs.
    n_draws, level, rng
        Draws of genes and roles, the level of the intervals, and seed or generator.
    n_jobs
        Threads for reading; results do not depend on it.
    key_added
        Slot of ``uns``.
    copy
        Return a copy with the tables instead of writing to ``adata``.

    Returns
    -------
    None, or the copy. Writes to ``uns["cytosig"]``:

    ``balance``, one row a sample: ``balance`` with ``ci_low``, ``ci_high`` and ``p_above_zero``,
    ``verdict`` (``anti-tumour``, ``pro-tumour``, ``indeterminate`` or ``insufficient coverage``)
    with its ``reason``, the arms ``anti`` and ``pro``, ``intensity`` (their mean), what carries it
    (``driver``, and the balance without it), ``balance_adjusted`` (content of immune cells and
    stroma held constant), ``balance_context`` (roles under the rules that hold), ``balance_least``
    and ``balance_most`` (if undecided rules held, too), ``balance_network`` (after one step of the
    network; ``balance_context_network`` in context), ``phenotype``, ``adaptive_resistance`` and
    ``treg_over_effector``. ``p_above_zero`` is the share of draws above 0: no p-value, and no
    probability of response.
    ``balance_contributions`` (samples × cytokines; a row adds up to the balance),
    ``balance_axes`` (the same by axis), ``balance_activity`` (as measured), ``balance_cytokines``
    (role, vote and reliability of each), ``balance_rules`` (every rule in every sample, with its
    numbers), ``balance_edges`` (samples × edges: what each adds to its target, in standard
    deviations) and ``balance_params``. With ``sweep`` also
    ``balance_sweep`` and ``balance_tipping`` (the role and the dose at which the sign turns), with
    ``cell_type_key`` ``balance_cell_types`` and ``balance_cell_types_contributions``, one row a
    sample and type.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When the reference is too small, the values are no expression, or a context column holds a
        word no rule knows.

    Notes
    -----
    A gene is centred and scaled on the reference; the activity a of a cytokine is the weighted
    mean of its genes, drawn towards 0 as far as the reference shows it to be noise (empirical
    Bayes). With r the role of a cytokine (−1 to 1) and v its vote (confidence in the role, one
    vote an axis), each arm is the mean of a over its members with weights v·|r|, and the balance
    is the arm against the tumour less the arm for it. Intervals draw genes (Bayesian bootstrap),
    what the reference shows, and roles (from their priors) together.

    Examples
    --------
    >>> import cytosig as cs
    >>> cohort = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=40, n_genes=3000)
    >>> cs.tl.balance(cohort.adata, sample_key="sample", n_draws=200)
    >>> table = cohort.adata.uns["cytosig"]["balance"]
    >>> table.shape[0], bool((table["ci_low"] <= table["ci_high"]).all())
    (6, True)
    """
    check_anndata(adata)
    check_key(key_added)
    prepared = prepare(
        adata, sample_key=sample_key, cell_type_key=cell_type_key, compartments=compartments,
        control=control, reference=reference, context=context, assume=assume, adjust=adjust,
        sweep=sweep, signatures=signatures, layer=layer, use_raw=use_raw, gene_symbols=gene_symbols,
        organism=organism, normalize=normalize, target_sum=target_sum, nonfinite=nonfinite,
        min_coverage=min_coverage, shrink=shrink, min_cells=min_cells, n_draws=n_draws,
        level=level, rng=rng, n_jobs=n_jobs,
    )  # fmt: skip
    draws = make_draws(prepared.settings, prepared.gauge)
    found = balance_of_samples(prepared.settings, prepared.gauge, prepared.context, draws=draws)
    cells = _of_types(prepared, draws)
    _say(found)
    target = copied(adata) if copy else adata
    params: dict[str, Any] = {
        "sample_key": sample_key or "none",
        "cell_type_key": cell_type_key or "none",
        "control": "none" if control is None else f"{control[0]}={control[1]}",
        "reference": "given" if reference is not None else "the samples themselves",
        "n_reference": prepared.gauge.reference.n_samples,
        "context": [f"{name}={column}" for name, column in (context or {}).items()] or "none",
        "assume": list(prepared.settings.assume) or "none",
        "sweep": list(prepared.settings.sweep) or "none",
        "adjusted_for": list(found.adjusted_for) or "none",
        "not_adjusted": found.not_adjusted or "none",
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
    }
    store_balance(
        target, Keys(key_added), found, cells,
        params=params, digest=prepared.settings.catalogue.digest,
    )  # fmt: skip
    return target if copy else None


def _of_types(prepared: Prepared, draws: Any) -> dict[str, Balance]:
    """Balances by cell type; a type that too few reference samples have is left out, and said."""
    found: dict[str, Balance] = {}
    lost = [view.removeprefix(TYPE) for view in prepared.types if not prepared.can_measure(view)]
    if lost:
        logger.warning(
            "%d cell type(s) that fewer than %d samples of the reference have enough cells of are"
            " left out: %s.", len(lost), FEWEST_REFERENCE, ", ".join(lost),
        )  # fmt: skip
    for view, compartment in prepared.types.items():
        label = view.removeprefix(TYPE)
        if label in lost:
            continue
        settings, gauge = prepared.of_compartment(compartment)
        found[label] = balance_of_cells(settings, gauge, view, prepared.context.index, draws=draws)
    return found


def _say(found: Balance) -> None:
    lost = found.table[found.table["verdict"] == "insufficient coverage"]
    if len(lost):
        logger.warning(
            "%d sample(s) without a balance, first %r: %s.",
            len(lost), str(lost.index[0]), lost["reason"].iloc[0],
        )  # fmt: skip
    if found.not_adjusted and found.not_adjusted != "not asked for":
        logger.warning("No adjusted balance: %s.", found.not_adjusted)
