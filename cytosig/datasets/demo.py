"""The demonstration data set that ships with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def oligodendroglioma() -> AnnData:
    """Single cells of five oligodendrogliomas (GSE70630, Tirosh et al. 2016).

    Returns
    -------
    AnnData
        184 cells × 9,450 genes, a fresh object at each call. ``X`` is unlogged expression
        (float32 CSR; a cell's values sum to about 1e5), not counts: log-transform it before
        scoring. ``obs["sample"]`` is the tumour (MGH36, MGH53, MGH54, MGH93, MGH97) and
        ``obs["cell_type"]`` one of malignant, microglia-macrophage and oligodendrocyte; no
        tumour has all three types. Gene symbols are those of the publication, some outdated
        today. ``uns["source"]`` says where the data come from.

    References
    ----------
    Tirosh I et al. Single-cell RNA-seq supports a developmental hierarchy in human
    oligodendroglioma. Nature 2016;539:309-313, doi:10.1038/nature20123.

    Examples
    --------
    >>> from cytosig.datasets import oligodendroglioma
    >>> oligodendroglioma().shape
    (184, 9450)
    """
    from importlib.resources import as_file, files

    import anndata as ad

    packed = files("cytosig.datasets") / "data" / "oligodendroglioma.h5ad"
    with as_file(packed) as path:
        return ad.read_h5ad(path)
