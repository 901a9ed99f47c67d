"""Which cell types answer each cytokine, beyond what cells differ in anyway.

A signature's mean over a type's genes differs from that of other types for two reasons that have
nothing to do with its cytokine: patients vary, and cell types differ in thousands of genes. A
test over patients alone calls a quarter or more of random gene sets, as soon as the types differ
at all; one standard error that holds both parts does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig.communication.means import Tested, means_above_zero
from cytosig.communication.settings import FEWEST_GENES, FEWEST_SHARE, SET_CORRELATION
from cytosig.communication.tissue import over_others, with_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float64]


class Readable(NamedTuple):
    """Signature of a cytokine as far as it is measured.

    Columns, and weights whose sizes add up to 1; ``by`` is whose list it is, ``why`` it cannot be
    read is empty where it can.
    """

    columns: NDArray[np.int64]
    weights: Array
    by: str
    why: str


@dataclass(frozen=True)
class Genes:
    """Every measured gene on one scale, samples × types × genes.

    Levels are divided by the spread of their gene over all rows (plus its median over genes), and
    every row is centred on its mean, so that depth and composition cancel.
    """

    values: Array
    contrast: Array
    background: NDArray[np.bool_]

    @classmethod
    def of(cls, level: Array, background: NDArray[np.bool_], /) -> Genes:
        """From log levels, samples × types × genes, NaN rows where a type is missing.

        ``background`` marks the genes that say what types differ in anyway: the expressed ones.
        """
        rows = level.reshape(-1, level.shape[2])
        rows = rows[~np.isnan(rows[:, 0])]
        variance = rows.var(axis=0, ddof=1) if len(rows) > 1 else np.ones(rows.shape[1])
        spread = np.sqrt(variance + np.median(variance[background]))
        values = level / np.where(spread > 0, spread, 1.0)
        values = values - values[:, :, background].mean(axis=2, keepdims=True)
        return cls(values, over_others(values), background)


def readable(cytokine: Cytokine, catalogue: Catalogue, column: Mapping[str, int], /) -> Readable:
    """The response genes of a cytokine that are measured.

    Its ligand, receptor and decoy genes are left out: what makes a cell a source or competent must
    not make it responsive too. Feedback genes answer; where the list lacks them they join it with
    its median weight.
    """
    by = cytokine.response.proxy if cytokine.response and cytokine.response.proxy else cytokine.id
    if by not in catalogue.signatures:
        return _unread(by, "no response list")
    weights = dict(catalogue.signatures[by].weights)
    usual = float(np.median(np.abs(list(weights.values()))))
    weights |= {g: usual for g in cytokine.modifiers.feedback if g not in weights}
    own = {gene for form in (*cytokine.ligands, *cytokine.receptors) for gene in form.genes}
    own |= {gene for form in cytokine.receptors for gene in form.supplied}
    own |= set(cytokine.modifiers.decoys)
    weights = {gene: w for gene, w in weights.items() if gene not in own}
    there = {gene: w for gene, w in weights.items() if gene in column}
    total = sum(map(abs, weights.values()))
    share = sum(map(abs, there.values())) / total if total else 0.0
    if len(there) < FEWEST_GENES or share < FEWEST_SHARE:
        return _unread(by, f"{len(there)} of {len(weights)} response genes measured")
    found = np.array(list(there.values()))
    columns = np.array([column[gene] for gene in there], dtype=np.int64)
    return Readable(columns, found / np.abs(found).sum(), by, "")


def _unread(by: str, why: str) -> Readable:
    return Readable(np.empty(0, np.int64), np.empty(0), by, why)


def scores(values: Array, lists: Sequence[Readable], /) -> Array:
    """Weighted mean of each list's genes, samples × types × lists; NaN where it is not read."""
    found = np.full((*values.shape[:2], len(lists)), np.nan)
    for k, one in enumerate(lists):
        if not one.why:
            found[:, :, k] = values[:, :, one.columns] @ one.weights
    return found


def respond(
    genes: Genes, lists: Sequence[Readable], /, *, level: float, exact: bool = True
) -> Tested:
    """Test the response of every type over the other types of the same samples.

    The variance of the mean over samples, moderated, and what a set of other genes would differ
    by in this type: τ²·((1 − ρ)Σw² + ρ(Σw)²), τ² being the variance over genes of their own mean
    difference less its sampling error, and ρ = 0.01.
    """
    contrast = scores(genes.contrast, lists)
    there = np.array([not one.why for one in lists])
    read = np.broadcast_to(there, contrast.shape[1:])
    tau2 = between_genes(genes.contrast[:, :, genes.background])
    further = tau2[:, None] * np.array([set_size(one) for one in lists])
    return means_above_zero(contrast, moderated=read, level=level, further=further, exact=exact)


def between_genes(contrast: Array, /) -> Array:
    """Variance over genes of true mean differences, one a type; 0 where chance explains it all."""
    _, mean, se = with_error(contrast)
    found: Array = np.maximum((mean**2).mean(axis=1) - (se**2).mean(axis=1), 0.0)
    return found


def set_size(one: Readable, /) -> float:
    """Variance of a set's mean over that of a gene, given the usual correlation inside a set."""
    w = one.weights
    return float((1 - SET_CORRELATION) * (w**2).sum() + SET_CORRELATION * w.sum() ** 2)
