"""Cytokine activities of every observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig import methods
from cytosig._anndata import check_anndata, matrix_of
from cytosig._keys import Keys, check_key
from cytosig.engine import score as engine
from cytosig.engine.options import Options
from cytosig.tl._cells import cells_of
from cytosig.tl._inputs import as_catalogue, baseline_of, listeners
from cytosig.tl._recorded import recorded
from cytosig.tl._replicates import note_of_cells
from cytosig.tl._scratch import room_of, run_of
from cytosig.tl._store import copied, say, store

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from anndata import AnnData

    from cytosig.blocks.watch import Watch
    from cytosig.engine.options import Background, Center, Nonfinite, Normalize
    from cytosig.engine.reference import Reference
    from cytosig.engine.room import Folder
    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures


@recorded
def score(
    adata: AnnData,
    *,
    signatures: Signatures = None,
    method: str | Sequence[str] = methods.DEFAULT,
    lam: float | None = None,
    compat: str | Sequence[str] | None = None,
    settings: Mapping[str, Mapping[str, float]] | None = None,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    control: tuple[str, object] | None = None,
    batch_key: str | None = None,
    reference: Reference | str | os.PathLike[str] | None = None,
    center: Center = "auto",
    cell_type_key: str | None = None,
    compartments: Mapping[str, str] | None = None,
    scale: bool = False,
    normalize: Normalize = "auto",
    target_sum: float | None = None,
    nonfinite: Nonfinite = "raise",
    background: Background = "all",
    min_coverage: float = 0.25,
    min_genes: int = 5,
    chunk_size: int | None = None,
    n_jobs: int | None = None,
    key_added: str = "cytosig",
    copy: bool = False,
    progress: Callable[[int], None] | Watch | None = None,
    scratch: Folder | str | os.PathLike[str] | None = None,
) -> AnnData | None:
    """Score the activity of every cytokine in every observation.

    By default an activity is a linear score Σ T(g)·x(g) of the cytokine's response genes, put on
    the exact permutation null that shuffles gene labels: z = √(G−1)·Pearson(T, x) over
    all G measured genes, with a two-sided saddlepoint p-value. It describes one
    observation; it says nothing about groups of patients. Other methods of the field give
    scores on their own scales, from the same pass over the data.

    Parameters
    ----------
    adata
        Observations × genes: single cells, pseudobulk, bulk or contrasts. ``X`` may be in memory,
        on disk (backed, of any size: rows are read block by block) or a dask array, which the
        dask scheduler in use scores chunk by chunk.
    signatures
        What to score (``hlm``, ``mlm`` and ``ridge`` score them together, so that a score
        depends on which others are there): the curated catalogue (None), a Catalogue, a long
        DataFrame (source, target, weight) or a matrix genes × signatures, a dict, or a path
        to a ``.toml``, ``.gmt``, ``.csv`` or ``.tsv`` file.
    method
        One or several, computed from one pass. With z and p: ``hlm`` (other axes regressed out,
        members of the same axis damped; ``mlm`` where there are no axes), ``mlm`` (all
        signatures in one regression), ``ulm`` (each on its own), ``wmean`` or ``ridge``. From
        ranks inside each observation, ties met by expectation: ``ucell``, ``aucell``,
        ``singscore``, ``ssgsea``. Against the other observations: ``score_genes``, ``zscore``. By
        gseapy, for bulk, pseudobulk and contrasts: ``gsva``, ``gsea``. ``consensus`` joins the
        others of the list by rank. See ``cytosig methods`` and docs/other_methods.md.
    lam
        Penalty of ``hlm`` on the other members of a signature's axis, at unit length (3 when
        None), or of ``ridge`` (the mean squared length of the signatures when None).
    compat
        Follow these peers' conventions where they depart from the published definition:
        ``"pyucell"`` (ucell), ``"decoupler"`` (aucell), ``"gseapy"`` (ssgsea), ``"scanpy"``
        (score_genes), ``"singscore"`` (lowest rank for ties, as the R package). They can
        depend on the order of genes or on which other cells there are, as those peers do.
    settings
        Numbers to tune methods by, such as ``{"ucell": {"max_rank": 1000}}``; see
        ``cytosig methods``.
    layer, use_raw
        Score this layer, or ``adata.raw``, instead of ``adata.X``. Features that are no genes are
        left out of it: what ``var["feature_types"]`` calls something else than gene expression,
        and HTSeq's and STAR's tallies of reads (``__no_feature``, ``N_unmapped``).
    gene_symbols
        Column of ``var`` with gene names; found by itself when None.
    organism
        ``human`` or ``mouse`` (matched through one-to-one orthologs).
    control
        ``(obs column, value)``: centre on these observations instead of all.
    batch_key
        Column of ``obs``; centre inside each of its blocks (donor, time, line).
    reference
        Stored reference of :func:`fit_reference`, or its path: a new sample gets the same
        score tomorrow.
    center
        ``"auto"`` centres each gene on its mean unless the values are contrasts; ``"mean"``
        always does; None never does.
    cell_type_key
        Column of ``obs`` with cell types (names, abbreviations or Cell Ontology ids): epithelial,
        stromal, myeloid, T and NK, and B cells are scored by the signatures of their compartment
        where there are any, by the generic ones elsewhere. Generic everywhere when None.
    compartments
        Compartment (``epithelial``, ``stromal``, ``myeloid``, ``T_NK``, ``B`` or ``generic``) by
        label of that column, for labels that are not read or read wrongly; see
        :func:`cytosig.cells.compartment_of`.
    scale
        Also divide each gene by its standard deviation over the observations centred on,
        pooled over batches; genes that do not vary there by the median of those that do.
    normalize
        ``"auto"`` brings counts and other unlogged values to ``target_sum`` an observation
        and log(x + 1); ``"log1p"`` always does; ``"none"`` never does.
    target_sum
        10,000 for cells and 1,000,000 for bulk (a median total above 500,000) when None; that
        of the reference where there is one.
    nonfinite
        ``"raise"`` names the first NaN or infinity; ``"drop_genes"`` leaves its genes out.
    background
        Genes of the null: ``"all"`` measured ones, or only those in ``"signatures"`` (as
        CytoSig does).
    min_coverage, min_genes
        A signature of which less than this share of its weight, or fewer genes, is in the
        data is NaN, with its reason in the coverage table.
    chunk_size, n_jobs
        Rows a block and threads; results do not depend on them.
    key_added
        Prefix of the slots written.
    copy
        Return a scored copy instead of writing to ``adata``.
    progress
        Called with the number of observations each finished block adds. What has a method
        ``begin`` (:class:`cytosig.blocks.watch.Watch`) is told of the passes before, too.
    scratch
        Folder for the results while they come, where they are too large for memory: the tables
        written are then views of files in it, so keep it as long as they are used. A run that
        was cut off goes on from there, if the data are on disk and nothing has changed.

    Returns
    -------
    None, or the copy. Writes ``obsm["cytosig_score"]`` and ``["cytosig_pvalue"]`` (z, or the
    method's own score, and p, observations × cytokines), ``["cytosig_estimate"]``
    (coefficients), ``["cytosig_axis"]`` and ``["cytosig_axis_pvalue"]`` (response axes),
    ``["cytosig_ligand"]`` (ligand expression) and ``uns["cytosig"]`` (parameters, versions,
    catalogue digest, coverage, unscored observations; ``looks_like_cells``, what speaks for that,
    if anything; with ``cell_type_key`` also ``compartments``, one row a label, and
    ``coverage_compartments``, one row a signature of a compartment).

    Methods without p-values or coefficients leave those slots out. Of several methods the first
    fills these slots; every further one fills slots of its own under ``key_added`` and its name
    (``obsm["cytosig_ucell_score"]``, ``uns["cytosig_ucell"]``), as if scored alone under that key.
    ``consensus`` adds ``["cytosig_spread"]`` and ``uns[...]["agreement"]``.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When the data cannot be scored; the message says where and what to do.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.score(adata, n_jobs=1)
    >>> adata.obsm["cytosig_score"].shape[0]
    184
    """
    check_anndata(adata)
    check_key(key_added)
    options = Options(
        method, lam, center, scale, normalize, nonfinite, background, organism, gene_symbols,
        min_coverage, min_genes, chunk_size, n_jobs, target_sum, compat, settings,
    )  # fmt: skip
    given = {"control": control, "batch_key": batch_key}
    options.needs_centring(name for name, value in given.items() if value is not None)
    catalogue = as_catalogue(signatures)
    baseline = baseline_of(
        adata, control=control, batch_key=batch_key, reference=reference, center=center
    )
    cells = cells_of(adata, cell_type_key, compartments)
    matrix, var = matrix_of(adata, layer=layer, use_raw=use_raw)
    watch, tick = listeners(progress)
    aligned = engine.align(
        matrix, var, catalogue, options, reference=baseline.reference,
        variants=cells is not None, watch=watch, obs_names=adata.obs_names,
    )  # fmt: skip
    asked: dict[str, Any] = {
        "layer": layer or "none",
        "use_raw": use_raw,
        "control": "none" if control is None else f"{control[0]}={control[1]}",
        "batch_key": batch_key or "none",
        "reference": baseline.reference is not None,
        "cell_type_key": cell_type_key or "none",
        "compartments": [f"{label}={name}" for label, name in (compartments or {}).items()]
        or "none",
    }
    names = [method.name for method in options.methods]
    params = {name: {**options.record(name), **asked} for name in names}
    digest = catalogue.digest
    room = room_of(scratch)
    compartment = None if cells is None else cells.compartment
    run = run_of(matrix, aligned, baseline, compartment)
    room.open({**run, "catalogue": digest, "params": params})
    found = engine.score(
        aligned, adata.obs_names, catalogue, options, baseline,
        compartment=compartment, tick=tick, room=room,
    )  # fmt: skip
    say(found)
    target = copied(adata) if copy else adata
    note = note_of_cells(adata, aligned.rows.blocks)
    store(target, found, Keys(key_added), params=params, digest=digest, cells=cells, note=note)
    return target if copy else None
