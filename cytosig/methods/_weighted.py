"""Methods that average genes, beside genes to compare them with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cytosig.methods._base import Method

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


class Weights(NamedTuple):
    """T = columns·mix: genes × columns (sparse), columns × signatures."""

    columns: sp.csr_matrix
    mix: Array


class Weigh(Protocol):
    """From sets, and the mean of every gene over the observations, to weights."""

    def __call__(self, sets: Sets, gene_mean: Array, how: How, /) -> Weights: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedMethod(Method):
    """A method whose score is Σ_g T(g)·x(g) as it stands, without a null.

    Parameters
    ----------
    weigh
        The method itself.
    standardised
        Whether x is the gene's value less its mean, divided by its standard deviation, over
        the observations centred on; as given otherwise.
    reads_means
        Whether ``weigh`` looks at the genes' means.
    """

    weigh: Weigh
    standardised: bool = False
    reads_means: bool = False
