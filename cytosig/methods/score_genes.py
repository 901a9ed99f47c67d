"""Mean of a signature's genes less that of control genes of like expression.

Genes are put into ``n_bins`` bins of equal size by the rank of their mean over the observations
(fewer, where a bin would hold less than 100 genes). With n genes of a set in the data::

    score of a set = 1/n · Σ (x(g) − mean of x over the genes of g's bin that are not in the set)

    score = score(raised) − score(lowered)

Tirosh et al. draw 100 genes of the bin; all of them give what a draw gives on average, without a
seed. A stored reference fixes the bins. ``compat="scanpy"`` draws one pool of ``ctrl_size`` genes a
bin instead, as scanpy does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.stats import rankdata

from cytosig._errors import DataError
from cytosig.methods._base import Setting
from cytosig.methods._weighted import WeightedMethod, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]

_DRAWN = 100  # control genes of each gene in the original, and so the fewest a bin may hold


def _weigh(sets: Sets, gene_mean: Array, how: How, /) -> Weights:
    """Score of the raised genes less that of the lowered."""
    compare = _with_pool if how.compat == "scanpy" else _with_bins
    raised = compare(sets.raised, gene_mean, how)
    if not sets.lowered.any():
        return raised
    lowered = compare(sets.lowered, gene_mean, how)
    columns = sp.csr_matrix(sp.hstack([raised.columns, lowered.columns]))
    return Weights(columns, np.vstack([raised.mix, -lowered.mix]))


def _with_bins(chosen: NDArray[np.bool_], gene_mean: Array, how: How) -> Weights:
    """Mean over the set's genes of x less the mean of the other genes of its bin.

    Tirosh et al. draw 100 control genes from the bin; all of it gives what that is expected to
    be. Bins hold equal numbers of genes by rank of their mean, 100 at least; tied genes share a
    bin. The set itself is left out of its controls; where it takes up a whole bin, all genes
    outside the set stand in.
    """
    n_genes = len(chosen)
    n_bins = max(1, min(int(how.settings["n_bins"]), n_genes // _DRAWN))
    place = (rankdata(gene_mean) - 0.5) / n_genes
    own = np.minimum((place * n_bins).astype(np.int64), n_bins - 1)
    bins = sp.csr_matrix((np.ones(n_genes), (np.arange(n_genes), own)), (n_genes, n_bins))
    members = sp.csr_matrix(chosen, dtype=np.float64)
    n = np.maximum(chosen.sum(axis=0), 1)
    inside = (bins.T @ members).toarray()  # bins × sets
    others = np.bincount(own, minlength=n_bins)[:, None] - inside
    outside = np.maximum(n_genes - chosen.sum(axis=0), 1)
    stray = np.where((others == 0) & (inside > 0), inside, 0.0).sum(axis=0) / n / outside
    weight = np.divide(inside / n, others, out=np.zeros(inside.shape), where=others > 0) + stray
    rows, sets = members.nonzero()
    members.data = 1 / n[sets] + weight[own[rows], sets]  # its genes are no controls of their own
    columns = sp.csr_matrix(sp.hstack([members, bins]))
    return Weights(columns, np.vstack([np.eye(chosen.shape[1]), -weight]))


def _with_pool(chosen: NDArray[np.bool_], gene_mean: Array, how: How) -> Weights:
    """Mean of the set less that of one pool of genes drawn from every bin the set touches."""
    pools = np.stack([_pool(genes, gene_mean, how) for genes in chosen.T], axis=1)
    share, of_pool = (np.diag(1 / np.maximum(c.sum(axis=0), 1)) for c in (chosen, pools))
    columns = sp.csr_matrix(np.hstack([chosen, pools]).astype(float))
    return Weights(columns, np.vstack([share, -of_pool]))


def _pool(genes: NDArray[np.bool_], gene_mean: Array, how: How) -> NDArray[np.bool_]:
    """Up to ``ctrl_size`` genes of every bin, drawn as scanpy draws them; none of the set."""
    per_bin = round(len(genes) / (how.settings["n_bins"] - 1))
    own = rankdata(gene_mean, method="min") // max(per_bin, 1)
    size = int(how.settings["ctrl_size"])
    random = np.random.RandomState(int(how.settings["seed"]))  # what numpy.random.seed sets
    pool = np.zeros(len(genes), dtype=bool)
    for bin in np.unique(own[genes]):
        there = np.flatnonzero(own == bin)
        if size < len(there):
            there = there[random.choice(len(there), size, replace=False)]
        pool[there] = True
    pool &= ~genes
    if genes.any() and not pool.any():
        raise DataError(
            f"score_genes with compat='scanpy' finds no control genes for a set of"
            f" {int(genes.sum())} genes: it takes up every bin it touches. Leave compat out, or"
            " lower n_bins (settings)."
        )
    return pool


METHOD = WeightedMethod(
    name="score_genes",
    title="mean of the genes less that of control genes of like mean expression",
    reference="Tirosh I et al. Science 2016;352:189-196",
    unit="score",
    settings=(
        Setting("n_bins", 25, 2, 1000, "bins of mean expression", True),
        Setting("ctrl_size", 50, 1, 1e6, "genes drawn a bin, with compat='scanpy' only", True),
        Setting("seed", 0, 0, 2**32 - 1, "of those draws", True),
    ),
    compat=("scanpy",),
    weigh=_weigh,
    reads_means=True,
)
