"""A reference to store: what later samples are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cytosig._anndata import check_anndata, matrix_of
from cytosig._errors import DataError
from cytosig.engine import score as engine
from cytosig.engine.cohort import MOST_SAMPLES, WHOLE, Cohort, expression
from cytosig.engine.nonfinite import no_number
from cytosig.engine.options import Options
from cytosig.tl._inputs import as_catalogue, chosen, control_mask, listeners
from cytosig.tl._prepared import genes_read, pooling_of, with_roles
from cytosig.tl._replicates import looks_like_cells
from cytosig.tl._samples import samples_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.blocks.watch import Watch
    from cytosig.engine.align import Aligned
    from cytosig.engine.options import Nonfinite, Normalize
    from cytosig.engine.reference import Reference
    from cytosig.genes.tables import Organism
    from cytosig.tl._inputs import Signatures


def fit_reference(
    adata: AnnData,
    *,
    signatures: Signatures = None,
    sample_key: str | None = None,
    cell_type_key: str | None = None,
    compartments: Mapping[str, str] | None = None,
    min_cells: int = 10,
    layer: str | None = None,
    use_raw: bool = False,
    gene_symbols: str | None = None,
    organism: Organism = "human",
    control: tuple[str, object] | None = None,
    normalize: Normalize = "auto",
    target_sum: float | None = None,
    nonfinite: Nonfinite = "raise",
    n_jobs: int | None = None,
    progress: Callable[[int], None] | Watch | None = None,
) -> Reference:
    """Gene means and standard deviations of a cohort, to score later samples against.

    Parameters are those of :func:`score` and :func:`balance`; ``control`` restricts the cohort, and
    ``signatures`` says whose genes a balance will ask for. With ``sample_key`` the cells are pooled
    to samples first, as a balance pools them; for :func:`score` on single cells leave it out.

    Returns
    -------
    Reference
        ``.save(path)`` writes it; ``score(..., reference=path)`` and ``balance(...,
        reference=path)`` use it. Of up to 2,000 samples it also keeps the logged expression of
        some 2,500 genes, without names, which a balance needs: treat the file as you treat the
        expression of the patients.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.fit_reference(adata, n_jobs=1).n_obs
    184
    """
    check_anndata(adata)
    options = Options(
        normalize=normalize, nonfinite=nonfinite, organism=organism, gene_symbols=gene_symbols,
        n_jobs=n_jobs, target_sum=target_sum,
    )  # fmt: skip
    catalogue = with_roles(as_catalogue(signatures))
    pooling = pooling_of(sample_key, cell_type_key, compartments, min_cells)
    genes = genes_read(catalogue)
    watch, tick = listeners(progress)
    if pooling.sample_key is not None:
        samples = samples_of(
            adata, catalogue, genes, options, pooling, layer=layer, use_raw=use_raw, reference=None
        )
        n, aligned = len(samples.obs), samples.aligned
        use = np.ones(n, bool) if control is None else chosen(samples.obs, control, "control")
        whole = np.concatenate([use, np.zeros(aligned.rows.n_obs - n, dtype=bool)])
        return _fitted(aligned, options, whole, samples.cohort.rows(use), tick)
    matrix, var = matrix_of(adata, layer=layer, use_raw=use_raw)
    aligned = engine.align(
        matrix, var, catalogue, options, watch=watch, also=genes, obs_names=adata.obs_names
    )
    use = np.ones(adata.n_obs, dtype=bool) if control is None else control_mask(adata, control)
    cohort = None
    if adata.n_obs <= MOST_SAMPLES and not looks_like_cells(adata):
        values = expression(aligned, genes, list(adata.obs_names))
        cohort = Cohort(genes, {WHOLE: values}).rows(use)
    return _fitted(aligned, options, use, cohort, tick)


def _fitted(
    aligned: Aligned,
    options: Options,
    use: NDArray[np.bool_],
    cohort: Cohort | None,
    tick: Callable[[int], None] | None,
) -> Reference:
    found = engine.fit(aligned, options, use, cohort=cohort, tick=tick)
    wrong = no_number(found.mean)
    if wrong.any():
        gene = found.genes[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"Gene {gene!r} holds NaN or infinite values; impute or remove them, or pass"
            ' nonfinite="drop_genes".'
        )
    return found
