"""Methods that read where a signature's genes rank inside one observation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cytosig.methods._base import Method

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankSums:
    """Sums over the genes of one set, observations × signatures; places count from the top.

    Parameters
    ----------
    n_genes
        Size of the gene universe G.
    size
        Genes of each set that the data have.
    filled
        Genes that are not zero.
    capped, capped_filled
        Σ min(place, max_rank), over all genes and over those that are not zero.
    recovered
        Σ max(0, top − place), expected over the orders of tied genes.
    rank, lowest
        Σ rank from the bottom, tied genes sharing the mean or the lowest one.
    power, weighted
        Σ rank^alpha and Σ rank^(1 + alpha).
    """

    n_genes: int
    size: Array
    filled: Array
    capped: Array
    capped_filled: Array
    recovered: Array
    rank: Array
    lowest: Array
    power: Array
    weighted: Array


class Finish(Protocol):
    """From the sums of raised and of lowered genes (None where no set has any) to scores."""

    def __call__(self, up: RankSums, down: RankSums | None, sets: Sets, how: How, /) -> Array: ...


@dataclass(frozen=True, slots=True)
class Ordinal:
    """How a peer that breaks ties by the order of genes scores.

    Parameters
    ----------
    order
        From the size of the universe and which genes are not zero everywhere, the genes it
        takes, in its order.
    finish
        From places (from 1 at the top, no ties) and tie-averaged ranks (from the bottom) of those
        genes, observations × genes, to scores. The sets hold those genes in that order.
    """

    order: Callable[[int, NDArray[np.bool_]], NDArray[np.int64]]
    finish: Callable[[NDArray[np.int64], Array, Sets, How], Array]


class Tune(Protocol):
    """What a method asks of the rank pass: some of ``max_rank``, ``top`` and ``alpha``."""

    def __call__(
        self, settings: Mapping[str, float], n_genes: int, compat: str | None, /
    ) -> dict[str, float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RankMethod(Method):
    """A method whose score is a function of rank sums.

    Parameters
    ----------
    tune, finish
        What it asks of the shared rank pass, and what it makes of the sums.
    ordinal
        Peers that break ties by the order of the genes, by name.
    """

    tune: Tune
    finish: Finish
    ordinal: Mapping[str, Ordinal] = field(default_factory=dict)
