"""Whether a gene is there at all, beyond loose RNA and stray counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.communication.settings import AMBIENT, OFFSET
from cytosig.communication.tissue import with_error
from cytosig.stats.estimate import never_zero

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cytosig.communication.tissue import Tissue

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Presence:
    """log2 over background of something, types each, with the one-sided p that it is above.

    ``excess`` is the mean over samples, ``low`` and ``high`` its interval.
    """

    excess: Array
    low: Array
    high: Array
    p: Array


class Background:
    """What must be exceeded: the threshold, or what loose RNA of the sample may bring.

    Parameters
    ----------
    tissue
        Where.
    expressed
        CPM that counts as expressed.
    level
        Of the intervals.
    """

    def __init__(self, tissue: Tissue, expressed: float, level: float, /) -> None:
        self._tissue, self._expressed, self._level = tissue, expressed, level
        self._known: dict[str, Array] = {}

    def of(self, gene: str, /) -> Array:
        """CPM that a gene must exceed in each sample, samples × 1."""
        loose = AMBIENT * self._tissue.pooled(self._tissue.of(gene))
        return np.fmax(loose, self._expressed)[:, None]

    def present(self, gene: str, off: Array | None = None, /) -> Presence:
        """Whether every type has the gene, less ``off`` (CPM, samples × types)."""
        level = self._tissue.of(gene) if off is None else self._tissue.of(gene) - off
        return self._tested(level, self.of(gene))

    def all_present(self, genes: Sequence[str], off: Array | None = None, /) -> Presence:
        """Whether every type has all of the genes: the subunit it is least sure of."""
        each = [self.present(gene, off) for gene in genes]
        p = np.stack([one.p for one in each])
        worst = np.argmax(np.where(np.isnan(p), 2.0, p), axis=0)
        columns = np.arange(p.shape[1])
        parts = [
            np.stack([getattr(one, name) for one in each])[worst, columns]
            for name in ("excess", "low", "high", "p")
        ]
        return Presence(*parts)

    def supplied(self, gene: str, /) -> float:
        """P that a sample as a whole has no more of a gene than counts as expressed."""
        pooled = self._tissue.pooled(self._tissue.of(gene))[:, None]
        return float(self._tested(pooled, np.full_like(pooled, self._expressed)).p[0])

    def _tested(self, cpm: Array, background: Array) -> Presence:
        """One-sided t over samples of log2 CPM over its background."""
        from scipy.special import stdtr, stdtrit

        values = np.log2(np.maximum(cpm, 0.0) + OFFSET) - np.log2(background + OFFSET)
        n, mean, se = with_error(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            p = never_zero(stdtr(n - 1.0, -np.where(se > 0, mean / se, np.nan)))
            reach = stdtrit(n - 1.0, (1 + self._level) / 2) * se
        # values that do not vary at all leave the signs: 2^-n, or 1
        still = np.where(mean > 0, 0.5 ** n.astype(np.float64), 1.0)
        p = np.where(n < 2, np.nan, np.where(se == 0, still, p))
        return Presence(mean, mean - reach, mean + reach, p)
