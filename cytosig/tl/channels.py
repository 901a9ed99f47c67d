"""Ligand and receptor expression of every observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata, matrix_of
from cytosig._keys import Keys, check_key
from cytosig._log import logger
from cytosig.engine.align import align
from cytosig.engine.channels import genes_of_receptors, read_channels
from cytosig.engine.options import Options
from cytosig.tl._inputs import as_catalogue
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied, replace_entries, versions

if TYPE_CHECKING:
    from anndata import AnnData

    from cytosig.engine.channels import Channels
    from cytosig.engine.options import Nonfinite, Normalize
    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures


@recorded
def channels(
    adata: AnnData,
    *,
    signatures: Signatures = None,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    normalize: Normalize = "auto",
    target_sum: float | None = None,
    nonfinite: Nonfinite = "raise",
    chunk_size: int | None = None,
    n_jobs: int | None = None,
    key_added: str = "cytosig",
    copy: bool = False,
) -> AnnData | None:
    """How much of each cytokine's ligand and of its receptor every observation expresses.

    It asks for no response, so that it also speaks of chemokines and other cytokines without a
    response signature, and for no sample or cell type, so that it also works for bulk. It says
    what is expressed, not what signals.

    Parameters
    ----------
    adata
        Cells, pseudobulk or bulk × genes; in memory, backed or dask. Contrasts have no level of
        expression and are refused.
    signatures
        As in :func:`cytosig.tl.score`; only what it says of ligands and receptors is used. Sets
        of your own hold neither.
    layer, use_raw, gene_symbols, organism, normalize, target_sum, nonfinite
        As in :func:`cytosig.tl.score`.
    chunk_size, n_jobs
        Rows a block and threads; results do not depend on them.
    key_added
        Prefix of the slots written.
    copy
        Return a copy with the tables instead of writing to ``adata``.

    Returns
    -------
    None, or the copy. Writes ``obsm["cytosig_ligand"]``, the table that
    :func:`cytosig.tl.score` writes, ``obsm["cytosig_receptor"]`` (both observations × cytokines,
    on the scale of the data once normalised), and to ``uns["cytosig"]`` ``channels_forms`` (one
    row a form or decoy: whether it was ``read``, and ``why_not``) and ``channels_params``.

    Raises
    ------
    UsageError
        When an argument names something that is not there.
    DataError
        When the values are contrasts or not finite, or no form is measured.

    Notes
    -----
    A form is as high as the lowest of its subunits. Forms add up on the linear scale, the sum
    goes back to the scale of the data. A form of which a subunit is not measured is left out; a
    cytokine with no form left is NaN.

    Receptors: what a source presents (IL15RA) is not asked of the cell itself; a form that needs a
    soluble subunit of other cells (IL6R for trans IL-6) is left out where there is another, since
    one cell cannot show it. A form that holds all genes of another one and more (IL2RA with
    IL2RB and IL2RG, beside IL2RB and IL2RG) changes affinity but is no further receptor, and is
    left out of the sum. Decoys (IL1R2, IL13RA2 ...) are taken off
    the sum on the linear scale, in the same observation, never below 0. For plain log2 values,
    whose zero is not known, nothing is the lowest value of the observation, and decoys take off
    what they have above it.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.channels(adata, n_jobs=1)
    >>> receptor = adata.obsm["cytosig_receptor"]
    >>> receptor.groupby(adata.obs["cell_type"], observed=True)["CSF1"].mean().idxmax()
    'microglia-macrophage'
    """
    check_anndata(adata)
    check_key(key_added)
    options = Options(
        gene_symbols=gene_symbols, organism=organism, normalize=normalize, target_sum=target_sum,
        nonfinite=nonfinite, chunk_size=chunk_size, n_jobs=n_jobs,
    )  # fmt: skip
    catalogue = as_catalogue(signatures)
    matrix, var = matrix_of(adata, layer=layer, use_raw=use_raw)
    genes = genes_of_receptors(catalogue)
    aligned = align(matrix, var, catalogue, options, also=genes, obs_names=adata.obs_names)
    found = read_channels(aligned, adata.obs_names, catalogue, n_jobs=n_jobs)
    _say(found)
    target = copied(adata) if copy else adata
    params: dict[str, Any] = {
        "layer": layer or "none",
        "use_raw": use_raw,
        "gene_symbols": gene_symbols or "none",
        "organism": organism,
        "normalize": normalize,
        "target_sum": "none" if target_sum is None else target_sum,
        "nonfinite": nonfinite,
        "notes": list(aligned.notes),
        "catalogue_digest": catalogue.digest,
        "versions": dict(versions()),
    }
    _store(target, found, Keys(key_added), params)
    return target if copy else None


def _say(found: Channels) -> None:
    for channel, table in (("ligand", found.ligand), ("receptor", found.receptor)):
        lost = table.columns[table.isna().all()]
        if len(lost):
            logger.warning(
                "%d of %d cytokines have no %s that is measured with all its subunits (NaN): %s.",
                len(lost), table.shape[1], channel, ", ".join(lost),
            )  # fmt: skip
    decoys = found.forms[(found.forms["channel"] == "decoy") & ~found.forms["read"]]
    if len(decoys):
        logger.info(
            "Decoys that are not measured and take nothing off: %s.",
            ", ".join(dict.fromkeys(decoys["form"])),
        )


def _store(adata: AnnData, found: Channels, keys: Keys, params: dict[str, Any]) -> None:
    """Write the tables in place of an older run's; scores and balances beside them stay."""
    adata.obsm[keys.ligand] = found.ligand
    adata.obsm[keys.receptor] = found.receptor
    forms = found.forms.set_axis(found.forms.index.astype(str))
    replace_entries(adata, keys.uns, "channels", {"_forms": forms, "_params": params})
