"""What all methods have in common: a name, a source, settings, peers they can imitate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Setting:
    """A number a method can be tuned by, from ``low`` to ``high``."""

    name: str
    default: float
    low: float
    high: float
    about: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to score signatures.

    Parameters
    ----------
    name, title, reference
        For lists and methods sections.
    settings
        What it can be tuned by.
    compat
        Peers whose conventions it can follow in place of the published definition.
    takes_lam
        Whether ``lam`` means anything to it.
    centred
        Whether it reads values less the mean of the observations centred on.
    unit, about_zero
        What its scores are called beside a scale, and whether they lie on both sides of 0.
    tested
        Whether it gives p-values.
    reads_sets
        Whether it takes a signature as sets of genes, whatever their weights.
    needs_raised
        Whether a signature without a raised gene says nothing to it.
    largest
        From how it runs and the size of the universe, the genes a set may have.
    """

    name: str
    title: str
    reference: str
    settings: tuple[Setting, ...] = ()
    compat: tuple[str, ...] = ()
    takes_lam: bool = False
    centred: bool = False
    tested: bool = False
    reads_sets: bool = True
    needs_raised: bool = False
    largest: Callable[[How, int], float] | None = None
    unit: str = "z"
    about_zero: bool = True

    def tuned(self, given: Mapping[str, float], /) -> dict[str, float]:
        """Every setting, as given or else its default."""
        return {s.name: given.get(s.name, s.default) for s in self.settings}

    def unread(self, sets: Sets, how: How, /) -> list[str]:
        """Why it cannot read each signature; empty where it can."""
        if not self.reads_sets:
            return [""] * sets.raised.shape[1]
        most = np.inf if self.largest is None else self.largest(how, sets.n_genes)
        return [
            self._why_not(int(up), int(down), sets.n_genes, most)
            for up, down in zip(sets.n_raised, sets.n_lowered, strict=True)
        ]

    def _why_not(self, up: int, down: int, n_genes: int, most: float) -> str:
        if self.needs_raised and up == 0:
            return f"no raised gene in the data, and {self.name} reads those"
        if up == down == 0:
            return "no gene left in it"
        if max(up, down) == n_genes:
            return "every gene of the background is in it"
        if max(up, down) > most:
            return f"{max(up, down)} genes, more than the {most:g} that {self.name} tells apart"
        return ""


@dataclass(frozen=True, slots=True)
class How:
    """How a method is asked to run: its settings, and the peer it follows (None: no one)."""

    settings: Mapping[str, float]
    compat: str | None = None


@dataclass(frozen=True)
class Sets:
    """Signatures as sets of raised and of lowered genes.

    Parameters
    ----------
    raised, lowered
        Genes of the universe × signatures, true where the gene is in the set.
    n_listed
        How many genes each set names, whether the data have them or not: signatures × 2.
    """

    raised: NDArray[np.bool_]
    lowered: NDArray[np.bool_]
    n_listed: NDArray[np.int64]

    @property
    def n_genes(self) -> int:
        """Size of the gene universe."""
        return len(self.raised)

    @cached_property
    def n_raised(self) -> NDArray[np.int64]:
        """Genes of every raised set that the data have."""
        return np.asarray(np.count_nonzero(self.raised, axis=0))

    @cached_property
    def n_lowered(self) -> NDArray[np.int64]:
        """Genes of every lowered set that the data have."""
        return np.asarray(np.count_nonzero(self.lowered, axis=0))

    def ordered(self, genes: NDArray[np.int64], /) -> Sets:
        """The same sets over these genes of the universe, in this order."""
        return replace(self, raised=self.raised[genes], lowered=self.lowered[genes])
