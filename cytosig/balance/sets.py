"""Gene sets measured in samples: signatures and programmes, as weighted means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.kernels.means import drawn_sums, set_means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]


@dataclass(frozen=True)
class GeneSets:
    """Gene sets over a list of genes, those of them that are measured.

    Parameters
    ----------
    ids
        Of the sets.
    start, gene, weight
        Genes of every set end to end, by their place in the list, with signed weights.
    share
        Of each set's weight, the part on measured genes.
    """

    ids: tuple[str, ...]
    start: Counts
    gene: Counts
    weight: Array
    share: Array

    @classmethod
    def of(
        cls,
        sets: Mapping[str, Mapping[str, float]],
        genes: Sequence[str],
        measured: NDArray[np.bool_],
        /,
    ) -> GeneSets:
        """Sets of gene weights, over ``genes``, of which some are ``measured``."""
        place = {gene: i for i, gene in enumerate(genes)}
        start, found, weights, share = [0], [], [], []
        for wanted in sets.values():
            kept = [g for g in wanted if g in place and measured[place[g]]]
            found += [place[g] for g in kept]
            weights += [wanted[g] for g in kept]
            start.append(len(found))
            whole = sum(map(abs, wanted.values()))
            share.append(sum(abs(wanted[g]) for g in kept) / whole if whole else 0.0)
        return cls(
            tuple(sets),
            np.array(start, dtype=np.int64),
            np.array(found, dtype=np.int64),
            np.array(weights, dtype=np.float64),
            np.array(share, dtype=np.float64),
        )

    def only(self, ids: Sequence[str], /) -> GeneSets:
        """Some of the sets, in this order."""
        which = [self.ids.index(id) for id in ids]
        parts = [slice(self.start[k], self.start[k + 1]) for k in which]
        sizes = [0, *(part.stop - part.start for part in parts)]
        none = np.zeros(0, dtype=np.int64)
        return GeneSets(
            tuple(ids),
            np.cumsum(sizes, dtype=np.int64),
            np.concatenate([none, *(self.gene[part] for part in parts)]),
            np.concatenate([none.astype(np.float64), *(self.weight[part] for part in parts)]),
            self.share[which],
        )

    def means(self, values: Array, /) -> tuple[Array, Array]:
        """Weighted mean of every set in every row, and its standard error over genes.

        Both are rows × sets; NaN where no gene of a set is measured.
        """
        mean = np.empty((len(values), len(self.ids)))
        square = np.empty_like(mean)
        # errors are stretched as draws are, see ``widening``
        set_means(np.ascontiguousarray(values), self.start, self.gene, self.weight, mean, square)
        return mean, np.sqrt(square) * self.widening

    @property
    def widening(self) -> Array:
        """What draws are to be stretched by, so that few genes do not look too sure.

        With n genes of equal weight the bootstrap's variance is (n − 1)/(n + 1) of that of the
        mean; n is (Σ|w|)²/Σw² here, at least 2.
        """
        sums = [np.abs(self.weight[a:b]) for a, b in zip(self.start, self.start[1:], strict=False)]
        n = np.array([max(w.sum() ** 2 / (w**2).sum(), 2.0) if len(w) else 2.0 for w in sums])
        found: Array = np.sqrt((n + 1) / (n - 1))
        return found

    def totals(self, times: Array, /) -> Array:
        """Sums of |weight| with every gene counted so many times (genes × draws): draws × sets."""
        return self._sums(np.abs(self.weight), times)

    def drawn(self, row: Array, times: Array, totals: Array, /) -> Array:
        """Means in one row, genes counted so many times, stretched by ``widening``: draws × sets.

        ``totals`` are those of :meth:`totals` for the same ``times``.
        """
        mean = self.means(row[None])[0][0]
        with np.errstate(divide="ignore", invalid="ignore"):  # sets without a gene
            drawn = self._sums(self.weight * row[self.gene], times) / totals
        found: Array = mean + (drawn - mean) * self.widening
        return found

    def _sums(self, term: Array, times: Array) -> Array:
        found = np.empty((len(self.ids), times.shape[1]))
        drawn_sums(times, self.start, self.gene, term, found)
        return found.T


_ROUNDING = 1e-12


@dataclass(frozen=True)
class Standard:
    """Where the zero of every gene is and how much it varies, over the samples of a reference.

    A gene is divided by its standard deviation, or by the median one where it varies less: what
    hardly varies would otherwise carry its noise into every mean.
    """

    centre: Array
    spread: Array

    @classmethod
    def over(cls, values: Array, /) -> Standard:
        """From samples × genes; samples without values are left out."""
        used = values[~np.isnan(values).all(axis=1)]
        if len(used) < 2:
            nothing = np.full(values.shape[1], np.nan)
            return cls(nothing, nothing)
        centre = used.mean(axis=0)
        sd = used.std(axis=0, ddof=1)
        sd[sd <= _ROUNDING * np.abs(used).max(axis=0, initial=0.0)] = 0.0
        usual = np.nanmedian(sd[sd > 0]) if (sd > 0).any() else np.nan
        return cls(centre, np.where(sd > usual, sd, np.where(np.isnan(sd), np.nan, usual)))

    def of(self, values: Array, /) -> Array:
        """Samples × genes, standardised."""
        found: Array = (values - self.centre) / self.spread
        return found


def measured_in(reference: Array, samples: Array, /) -> NDArray[np.bool_]:
    """Genes with a value in both; those of the reference where no sample has any value."""
    there = ~np.isnan(reference).all(axis=0)
    here = ~np.isnan(samples).all(axis=0)
    return np.array(there & here if here.any() else there, dtype=bool)
